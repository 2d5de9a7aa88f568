"""What repeats of cancels may use up, per venue and account."""

from __future__ import annotations

from countermand.venue import Gone, Receipt, Refused


class Budget:
    """Tokens that repeats take and answers give back; None is no bound."""

    def __init__(self, tokens: int | None) -> None:
        self._most = tokens
        self._left = tokens

    def take(self, tokens: int) -> bool:
        """Take that many, if there are as many."""
        if self._left is None or not tokens:
            return True
        if self._left < tokens:
            return False
        self._left -= tokens
        return True

    def hear(self, answer: object) -> None:
        """Get one back for a cancel that the venue answered in its own words."""
        if self._left is not None and self._most is not None and isinstance(answer, _ANSWERS):
            self._left = min(self._most, self._left + 1)


_ANSWERS = Receipt | Refused | Gone
