"""The session tokens of a simulated venue: the same ones in every run, and worth nothing."""

from __future__ import annotations

import itertools


class Tokens:
    """Tokens that were issued, each with its last use; `fixed` is valid from the start.

    Times and lifetimes are in seconds; a lifetime counts from the last use, None is for ever.
    """

    def __init__(self, fixed: str) -> None:
        self._last_used: dict[str, float | None] = {fixed: None}
        self._interim: set[str] = set()
        self._count = itertools.count(1)

    def issue(self, now: float) -> str:
        """Issue a session token."""
        token = f"simulated-session-token-{next(self._count)}"
        self._last_used[token] = now
        return token

    def use(self, token: str, now: float, lifetime_s: float | None) -> bool:
        """Tell whether a session token is valid, and count this as a use of it."""
        if token not in self._last_used:
            return False
        last_used = self._last_used[token]
        if lifetime_s is not None and last_used is not None and now - last_used > lifetime_s:
            del self._last_used[token]
            return False
        self._last_used[token] = now
        return True

    def issue_interim(self) -> str:
        """Issue a token that carries a log-in on to its second factor."""
        token = f"simulated-interim-token-{next(self._count)}"
        self._interim.add(token)
        return token

    def is_interim(self, token: str) -> bool:
        """Tell whether a log-in awaits its second factor under this token."""
        return token in self._interim

    def revoke(self, token: str) -> None:
        """Let a token of either kind be valid no longer; an unknown one is left alone."""
        self._last_used.pop(token, None)
        self._interim.discard(token)

    def expire(self) -> None:
        """Let all tokens be valid no longer, the fixed one included."""
        self._last_used.clear()
        self._interim.clear()
