"""What repeats of cancels may use up, per venue and account."""

from __future__ import annotations

from countermand.venue import Gone, Receipt, Refused

#: A venue, by its name, and an account of it.
Account = tuple[str, str]


class Budgets:
    """Tokens that repeats take and answers give back, so many for each account; None is no bound."""

    def __init__(self, tokens: int | None) -> None:
        self._most = tokens
        #: How many are gone, of the accounts that lack any.
        self.used: dict[Account, int] = {}

    def take(self, account: Account, tokens: int) -> bool:
        """Take that many, if there are as many."""
        if self._most is None or not tokens:
            return True
        used = self.used.get(account, 0) + tokens
        if used > self._most:
            return False
        self.used[account] = used
        return True

    def hear(self, account: Account, answer: object) -> None:
        """Get one back for a cancel that the venue answered in its own words."""
        if account not in self.used or not isinstance(answer, _ANSWERS):
            return
        self.used[account] -= 1
        if not self.used[account]:
            del self.used[account]


_ANSWERS = Receipt | Refused | Gone
