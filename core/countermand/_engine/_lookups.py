"""Orders that are looked for by a client's id, and the cases that whoever looks may still mean."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable

from countermand._case._facts import Caller
from countermand._engine._open_case import Key, OpenCase

#: A venue, by its name, and an account of it.
Account = tuple[str, str]


class Lookups:
    """Remembers what was over while somebody looked for an order of that account."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        #: The accounts of which an order is being looked for, and the cases of those orders.
        self.accounts: defaultdict[Account, set[OpenCase]] = defaultdict(set)
        #: What was forgotten meanwhile, and when.
        self._past: dict[Key, tuple[OpenCase, float]] = {}

    def begin(self, entry: OpenCase) -> None:
        """Hear of a case whose order must be found first."""
        self.accounts[entry.account].add(entry)

    def end(self, entry: OpenCase) -> None:
        """Hear that such a case is over."""
        self.accounts[entry.account].discard(entry)
        if not self.accounts[entry.account]:
            del self.accounts[entry.account]

    def keep(self, entry: OpenCase, ended_at: float) -> None:
        """Keep a case that is over while somebody may mean it who came before its end."""
        callers = (caller for lookup in self.accounts.get(entry.account, ()) for caller in lookup.waiters)
        if any(caller.joined_at < ended_at for caller in callers):
            self._past[entry.key] = (entry, ended_at)
            self._loop.call_later(entry.idle_s, self.keep, entry, ended_at)
        elif self._past.get(entry.key, (None, 0.0))[0] is entry:
            del self._past[entry.key]

    def meant(self, key: Key, waiters: Iterable[Caller]) -> OpenCase | None:
        """Return the case that an order had when they began to look for it, if that was over only then."""
        past, ended_at = self._past.get(key, (None, 0.0))
        if past is None or min(caller.joined_at for caller in waiters) >= ended_at:
            return None
        return past
