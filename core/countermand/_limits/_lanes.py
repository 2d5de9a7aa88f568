"""The lanes of one venue, found by kind of call and account; what rests is forgotten when there are many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from weakref import WeakValueDictionary

from countermand._limits._bucket import Bucket
from countermand._limits._lane import Lane
from countermand._limits._places import Places
from countermand.venue import CallKind, Limit, LimitScope

#: So many unlimited lanes are kept before those at rest are forgotten.
_MANY = 1024


class Lanes:
    """Finds or makes the lane of a kind of call for an account."""

    def __init__(self, limits: Iterable[Limit], places_of: Mapping[CallKind, Places]) -> None:
        self._limits = tuple(limits)
        self._places_of = places_of
        self._buckets: dict[object, Bucket] = {}
        self._limited: dict[object, Lane] = {}
        #: Lanes that only ever wait while the venue throttles that account.
        self._unlimited: dict[tuple[CallKind, str], Lane] = {}
        #: Also those that were forgotten, as long as a ticket has them: no account has two of a kind.
        self._lane_of: WeakValueDictionary[tuple[CallKind, str], Lane] = WeakValueDictionary()
        #: Those that were asked for lately: what is found in a weak dictionary costs ten times as much.
        self._lately: dict[CallKind, dict[str, Lane]] = {kind: {} for kind in CallKind}
        self._most = _MANY

    def find(self, kind: CallKind, account: str, now: float) -> Lane:
        """Return the lane; accounts share one where limits do not tell them apart."""
        try:
            return self._lately[kind][account]
        except KeyError:
            return self._found(kind, account, now)

    def keep(self, lane: Lane) -> None:
        """Hear that the venue throttled a lane that a ticket has: that must not be forgotten."""
        if lane.key is not None:
            self._unlimited[lane.key] = lane

    def _found(self, kind: CallKind, account: str, now: float) -> Lane:
        lane = self._lane_of.get((kind, account)) or self._made(kind, account, now)
        lately = self._lately[kind]
        if len(lately) >= _MANY:
            lately.clear()
        lately[account] = self._lane_of[kind, account] = lane
        return lane

    def _made(self, kind: CallKind, account: str, now: float) -> Lane:
        places, key = self._places_of[kind], (kind, account)
        if not any(kind in one.kinds for one in self._limits):
            self._forget(now)
            # A venue without a limit may still throttle one account, which is no matter of the others.
            return self._unlimited.setdefault(key, Lane((Bucket(),), places, key))
        keys = tuple(dict.fromkeys(self._key(one, account) for one in self._limits if kind in one.kinds))
        use = (places, keys)
        if use not in self._limited:
            self._limited[use] = Lane(tuple(self._buckets[key] for key in keys), places)
        return self._limited[use]

    def _forget(self, now: float) -> None:
        if len(self._unlimited) < self._most:
            return
        for key, lane in list(self._unlimited.items()):
            if lane.is_at_rest(now):
                del self._unlimited[key]
        self._most = max(_MANY, 2 * len(self._unlimited))

    def _key(self, limit: Limit, account: str) -> object:
        key = (limit, account if limit.per is LimitScope.ACCOUNT else None)
        if key not in self._buckets:
            self._buckets[key] = Bucket.of(limit)
        return key
