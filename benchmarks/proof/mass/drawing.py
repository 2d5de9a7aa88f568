"""Draws worlds of mass cancels: whatever chance decides is decided here, from the seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import attrs

from countermand import OrderStatus
from countermand.testing import EVERY_FAULT, Fault, FaultKind
from proof.mass.scripts import OTHER_USER, OWN_USER, MassScript, Wish
from proof.rival import DEEDS
from proof.scripts import FOREIGN_ACCOUNT, Deed, OrderScript

MAIN, OTHERS = "100", ("101", "102")
#: The declared lag, in seconds.
DECLARED_LAG_S = 1.5
DEADLINES_S = (0.5, 2.0, 5.0, 10.0, 30.0, 60.0)
#: Ids are given in the order of placing; those of late orders, by the book.
_FIRST_ID, _LATE_ID = 10_000, 15_000
_ASKED_AT_S = 1.0
#: One in so many worlds has the client for threads.
_SYNC_EVERY = 4
_LATENCY_S = 0.05
_INSTRUMENTS: Mapping[str, tuple[str, str]] = {"apex": ("1", "2"), "autoshares": ("AAPL", "MSFT")}
_SHARES = (Decimal(1), Decimal("0.5"), Decimal("0.1"))
_DEAD: tuple[Mapping[str, Any], ...] = (
    {"status": OrderStatus.FILLED},
    {"status": OrderStatus.CANCELED, "filled": Decimal(1)},
    {"status": OrderStatus.EXPIRED},
    {"status": OrderStatus.REJECTED},
)
#: How often each kind of scope is asked for at a venue.
_KINDS: Mapping[str, Mapping[str, int]] = {
    "apex": {"account": 6, "instrument": 6, "orders": 3, "mine": 5, "user": 3, "venue wide": 2},
    "autoshares": {"account": 6, "instrument": 3, "orders": 3, "mine": 5, "venue wide": 1},
}
_SWITCHES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "apex": {
        "dead_order": ("104", "101", "receipt"),
        "no_session": ("20", "404"),
        "cancel_list": ("known", "known", "404", "106"),
        "instrument_key": ("InstrumentId", "IntrumentId"),
        "operator": ("no", "yes"),
    },
    "autoshares": {
        "conflict_body": ("empty", "envelope"),
        "unknown_order": ("409", "404", "500"),
        "unknown_read": ("404", "409", "500"),
        "listing": ("page", "page", "bare", "uncounted"),
        "dead_rows": ("shown", "hidden"),
        "page_overlap": ("no", "no", "yes"),
    },
}
#: In process there are no connections on which a second answer could lie.
_NOT_IN_PROCESS = frozenset({FaultKind.TWO_ANSWERS})


@attrs.frozen(kw_only=True)
class MassDrawer:
    """Draws one world; `chance` is its own."""

    chance: random.Random
    rate: float

    def script(self, *, index: int, seed: str) -> MassScript:
        """Draw all of it."""
        venue = self.chance.choice(("apex", "autoshares"))
        timeout_s = self.chance.choice(DEADLINES_S)
        orders = self._orders(venue, timeout_s)
        placed_after = self.chance.choice(("keep", "keep", "cancel", "kill"))
        count = self.chance.choice((1, 1, 2, 3)) if placed_after == "kill" else 1
        wishes = tuple(self._wish(venue, orders) for _ in range(count))
        log_in = self.chance.choice(("token", "token", "password"))
        lag_s = self.chance.choice((0.0, self.chance.uniform(0, DECLARED_LAG_S * 0.9)))
        native = self._happens(0.5)
        limited = self._happens(0.3)
        return MassScript(
            index=index,
            seed=seed,
            venue=venue,
            client="sync" if index % _SYNC_EVERY == _SYNC_EVERY - 1 else "async",
            rate=self.rate,
            faults=self._faults(),
            orders=orders,
            wishes=wishes,
            placed_after=placed_after,
            asked_at=_ASKED_AT_S,
            timeout_s=timeout_s,
            native=native,
            before=self.chance.choice((None, "done", "raises", "hangs")) if placed_after == "kill" else None,
            behaviour=self._behaviour(venue, orders),
            settings=self._settings(venue, native=native),
            lag_s=lag_s,
            shifts=self._happens(0.5),
            log_in=log_in,
            expiries=self._expiries(timeout_s) if log_in == "password" else (),
            rate_limit=self.chance.choice((10.0, 50.0)) if limited and venue == "apex" else None,
            limited=limited,
            latency_s=_LATENCY_S,
            aftermath_s=45.0,
        )

    def _happens(self, share: float) -> bool:
        return self.chance.random() < share

    # --- orders -----------------------------------------------------------------------------------

    def _orders(self, venue: str, timeout_s: float) -> tuple[OrderScript, ...]:
        until_s = min(timeout_s, 6.0)
        count = self.chance.randint(5, 40)
        standing = [self._standing(venue, number, until_s) for number in range(count)]
        late = [self._late(venue, number, until_s) for number in range(self.chance.randint(0, 8))]
        elsewhere = [
            self._order(venue, _FIRST_ID + 1_000 + number, account, self._user())
            for number, account in enumerate((*OTHERS * 3, FOREIGN_ACCOUNT))
        ]
        buried = 0
        if venue == "autoshares" and self._happens(0.2):
            buried = self.chance.randint(80, 120)  # so that a listing has pages
        dead = [
            self._order(venue, _FIRST_ID + 2_000 + number, MAIN, self._user(), self.chance.choice(_DEAD))
            for number in range(buried + self.chance.randint(0, 6))
        ]
        return (*standing, *late, *elsewhere, *dead, *self._linked(venue, standing))

    def _standing(self, venue: str, number: int, until_s: float) -> OrderScript:
        one = self._order(venue, _FIRST_ID + number, MAIN, self._user(), self._beginning())
        return attrs.evolve(one, deeds=self._deeds(until_s))

    def _late(self, venue: str, number: int, until_s: float) -> OrderScript:
        account = MAIN if self._happens(0.8) else OTHERS[0]
        one = self._order(venue, _LATE_ID + number, account, self._user())
        at = _ASKED_AT_S + self.chance.choice(
            (self.chance.uniform(-0.9, 0.3), self.chance.uniform(0, until_s))
        )
        return attrs.evolve(one, placed_at=at, deeds=self._deeds(until_s))

    def _order(
        self, venue: str, number: int, account: str, user: str, fields: Mapping[str, Any] | None = None
    ) -> OrderScript:
        instrument = self.chance.choice((*_INSTRUMENTS[venue], _INSTRUMENTS[venue][0]))
        whose = {"instrument": instrument, "entered_by": user, **(fields or {})}
        # The first digit tells the user, as routers of one house agree upon; the last one is any.
        first = "5" if user == OWN_USER else "6"
        client_order_id = f"{first}{number}{self.chance.randint(0, 9)}"
        return OrderScript(
            order_id=str(number), account=account, client_order_id=client_order_id, asks=(), fields=whose
        )

    def _user(self) -> str:
        return OWN_USER if self._happens(0.65) else OTHER_USER

    def _beginning(self) -> Mapping[str, Any]:
        return {"filled": Decimal(3)} if self._happens(0.1) else {}

    def _deeds(self, until_s: float) -> tuple[Deed, ...]:
        if not self._happens(0.2):
            return ()
        names = self.chance.sample(sorted(DEEDS), self.chance.choice((1, 1, 2)))
        return tuple(
            Deed(at=self._around(until_s), what=name, share=self.chance.choice(_SHARES)) for name in names
        )

    def _around(self, until_s: float) -> float:
        """Draw a time before, or soon after, or any time after the mass cancel begins."""
        near, far = self.chance.uniform(-0.5, 0.6), self.chance.uniform(0, until_s)
        return _ASKED_AT_S + self.chance.choice((near, far))

    def _linked(self, venue: str, orders: list[OrderScript]) -> list[OrderScript]:
        if venue != "autoshares":
            return []
        chosen = [one for one in orders if not one.deeds and self._happens(0.04)]
        return [
            attrs.evolve(
                self._order(venue, int(one.order_id) + 3_000, MAIN, self._user()),
                fields={**one.fields, "linked": (one.order_id,), "filled": Decimal(0)},
            )
            for one in chosen
        ]

    # --- what is asked for ------------------------------------------------------------------------

    def _wish(self, venue: str, orders: tuple[OrderScript, ...]) -> Wish:
        kinds = _KINDS[venue]
        kind = self.chance.choices(list(kinds), list(kinds.values()))[0]
        account = self._account()
        wishes: Mapping[str, Callable[[], Wish]] = {
            "account": lambda: Wish(kind=kind, account=account),
            "instrument": lambda: Wish(kind=kind, account=account, instrument=self._instrument(venue)),
            "orders": lambda: Wish(kind=kind, account=MAIN, order_ids=self._some(orders)),
            "mine": lambda: self._mine(venue, account),
            "user": lambda: self._user_wish(venue),
            "venue wide": lambda: Wish(kind=kind, instrument=self._perhaps(self._instrument(venue))),
        }
        return wishes[kind]()

    def _account(self) -> str:
        if self._happens(0.04):
            return FOREIGN_ACCOUNT
        return MAIN if self._happens(0.85) else OTHERS[0]

    def _instrument(self, venue: str) -> str:
        return self.chance.choice(_INSTRUMENTS[venue])

    def _some(self, orders: tuple[OrderScript, ...]) -> tuple[str, ...]:
        ids = [one.order_id for one in orders if one.account == MAIN and int(one.order_id) < _LATE_ID]
        unknown = ["19999"] if self._happens(0.1) else []
        return (*self.chance.sample(ids, self.chance.randint(1, len(ids))), *unknown)

    def _mine(self, venue: str, account: str) -> Wish:
        where = self.chance.choice(("entered by", "client id")) if venue == "apex" else "client id"
        return Wish(kind="mine", account=account, where=where, raises=self._happens(0.2))

    def _user_wish(self, venue: str) -> Wish:
        account, instrument = self._perhaps(MAIN), self._perhaps(self._instrument(venue))
        user = OWN_USER if self._happens(0.7) else OTHER_USER
        return Wish(kind="user", user=user, account=account, instrument=instrument)

    def _perhaps(self, value: str) -> str | None:
        return value if self._happens(0.5) else None

    # --- how the venue is -------------------------------------------------------------------------

    def _faults(self) -> tuple[Fault, ...]:
        return tuple(
            self._timed(fault) for fault in EVERY_FAULT if fault.kind not in _NOT_IN_PROCESS for _ in range(2)
        )

    def _timed(self, fault: Fault) -> Fault:
        throttles = fault.kind is FaultKind.THROTTLED_UNTIL
        wait = self.chance.choice((0.0, 1.0, 3.0, 60.0)) if throttles else None
        return attrs.evolve(fault, delay_s=self.chance.choice((0.3, 1.5, 4.0)), retry_after_s=wait)

    def _behaviour(self, venue: str, orders: tuple[OrderScript, ...]) -> Mapping[str, Any]:
        ids = [one.order_id for one in orders]
        switches = _SWITCHES[venue]
        return {
            "cancel_delay_s": self.chance.choice((0.0, 0.0, 0.1, 0.5, 2.0)),
            "fill_before_cancel": [one for one in ids if self._happens(0.04)],
            "fill_fraction": self.chance.choice(_SHARES),
            "refuse_cancels_late": [one for one in ids if self._happens(0.03)],
            "silent_orders": [one for one in ids if self._happens(0.01)],
            "silent_acts": self._happens(0.5),
            "further_accounts": [MAIN, *OTHERS],
            "venue": {name: self.chance.choice(words) for name, words in switches.items()},
        }

    def _settings(self, venue: str, *, native: bool) -> Mapping[str, Any]:
        common = {"name": venue, "read_lag_s": DECLARED_LAG_S}
        if venue != "apex":
            return common
        lists = self._happens(0.4)
        return {**common, "native_instrument_scope": native, "user_scopes": True, "cancel_list": lists}

    def _expiries(self, timeout_s: float) -> tuple[float, ...]:
        count = self.chance.choice((0, 0, 1, 2))
        return tuple(_ASKED_AT_S + self.chance.uniform(-0.5, timeout_s) for _ in range(count))
