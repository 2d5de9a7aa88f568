"""Draws worlds: whatever chance decides is decided here, from the seed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs

from countermand import OrderStatus
from countermand.testing import Fault, FaultKind
from proof.pace import Pace
from proof.rival import DEEDS, SAME_ID
from proof.scripts import FOREIGN_ACCOUNT, Ask, Deed, OrderScript, Script, Stratum

#: The share of the orders on which a rival acts.
RIVAL_SHARE = 0.2

_FIRST_ID = 10_000
_LAST_ID = "20000"
#: Between the ids of two orders; what is placed in between is nobody's to cancel.
_STEP = 2
_ORDERS_AN_ACCOUNT = 4
_ASSURANCES = ("received", "confirmed")
_SHARES = (Decimal(1), Decimal("0.5"), Decimal("0.1"))
#: What an order is like when it is placed, and how often of 100 times.
_BEGINNINGS: tuple[tuple[int, Mapping[str, Any]], ...] = (
    (80, {}),
    (8, {"filled": Decimal(3)}),
    (3, {"status": OrderStatus.FILLED}),
    (3, {"status": OrderStatus.CANCELED, "filled": Decimal(1)}),
    (2, {"status": OrderStatus.EXPIRED}),
    (2, {"status": OrderStatus.REJECTED}),
    (2, {"status": OrderStatus.CANCELED}),
)
#: The venues' own switches that leave the truth alone; `cancel_answer` only with what it documents.
_SWITCHES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "apex": {"dead_order": ("104", "101", "receipt"), "no_session": ("20", "404")},
    "autoshares": {
        "conflict_body": ("empty", "envelope"),
        "unknown_order": ("409", "404", "500"),
        "unknown_read": ("404", "409", "500"),
        "key_case": ("plain", "lower", "upper"),
        "listing": ("page", "page", "bare", "uncounted"),
    },
}


@attrs.frozen(kw_only=True)
class Drawer:
    """Draws one world; `chance` is its own."""

    chance: random.Random
    pace: Pace
    stratum: Stratum
    rate: float

    def script(self, *, index: int, seed: str, sockets: bool, tls: bool, kinds: tuple[Fault, ...]) -> Script:
        """Draw all of it."""
        log_in = "password" if self.chance.random() < self.pace.log_ins else "token"
        orders = tuple(self._order(number) for number in range(self.pace.orders))
        return Script(
            index=index,
            seed=seed,
            stratum=self.stratum,
            sockets=sockets,
            tls=tls,
            rate=self.rate,
            faults=tuple(map(self._timed, kinds)),
            orders=(*orders, *self._linked(orders), *self._bystanders(orders)),
            behaviour=self._behaviour(orders),
            settings=self._settings(),
            log_in=log_in,
            limited=self.chance.random() < self.pace.limited,
            expiries=self._expiries() if log_in == "password" else (),
            latency_s=self.pace.latency_s,
            aftermath_s=self.pace.aftermath_s,
        )

    def _order(self, number: int) -> OrderScript:
        first = self._ask(self.chance.uniform(0, self.pace.span_s))
        asks = [first]
        while len(asks) < 3 and self.chance.random() < 0.12:  # noqa: PLR2004 - three callers are a crowd
            asks.append(self._ask(first.at + self.chance.uniform(0, first.timeout_s * 1.2)))
        placed_at = self._placed_at(first.at)
        fresh = placed_at is not None and placed_at >= 0
        return OrderScript(
            order_id=str(_FIRST_ID + _STEP * number),
            account=self._account(number),
            client_order_id=self._client_order_id(number),
            asks=tuple(asks),
            deeds=self._deeds(placed_at or 0.0) if fresh else self._deeds(first.at),
            fields={} if fresh else self._beginning(),
            placed_at=placed_at,
        )

    def _ask(self, at: float) -> Ask:
        assurance = self.stratum.assurance
        if self.chance.random() < 0.1:  # noqa: PLR2004 - now and then one wants to know more, or less
            assurance = self.chance.choice(_ASSURANCES)
        return Ask(
            at=at,
            timeout_s=self.chance.choice(self.pace.deadlines_s),
            assurance=assurance,
            follow=self.chance.random() < 0.3,  # noqa: PLR2004 - a share
        )

    def _account(self, number: int) -> str:
        if self.chance.random() < 0.01:  # noqa: PLR2004 - a share
            return FOREIGN_ACCOUNT
        return str(100 + number // _ORDERS_AN_ACCOUNT)

    def _client_order_id(self, number: int) -> str:
        """Name it anew, but where a client's id is looked for now and then as the order before it."""
        again = self.stratum.identity == "client id" and number % _ORDERS_AN_ACCOUNT
        if again and self.chance.random() < 0.08:  # noqa: PLR2004 - a share
            number -= 1
        return str(900_000 + number)

    def _deeds(self, at: float) -> tuple[Deed, ...]:
        """Let a rival act around the time given."""
        if self.chance.random() >= RIVAL_SHARE:
            return ()
        unique = self.stratum.identity == "native client id"
        choice = sorted(set(DEEDS) - ({SAME_ID} if unique else set()))
        names = self.chance.sample(choice, self.chance.choice((1, 1, 2)))
        times = (at + self.chance.uniform(*self.pace.rival_s) for _ in names)
        return tuple(
            Deed(at=max(0.0, when), what=name, share=self.chance.choice(_SHARES))
            for name, when in zip(names, times, strict=True)
        )

    def _beginning(self) -> Mapping[str, Any]:
        weights = [weight for weight, _ in _BEGINNINGS]
        return self.chance.choices(_BEGINNINGS, weights)[0][1]

    def _placed_at(self, asked_at: float) -> float | None:
        lot = self.chance.random()
        if lot < 0.02:  # noqa: PLR2004 - no such order
            return None
        if lot < 0.06:  # noqa: PLR2004 - a cancel can overtake its order, or come before any read shows it
            return max(0.0, asked_at + self.chance.uniform(*self.pace.rival_s) / 2)
        return -1.0

    def _linked(self, orders: tuple[OrderScript, ...]) -> tuple[OrderScript, ...]:
        if self.stratum.venue != "autoshares":
            return ()
        plain = [
            one for one in orders if one.placed_at == -1.0 and not one.deeds and "status" not in one.fields
        ]
        chosen = [one for one in plain if self.chance.random() < 0.05]  # noqa: PLR2004 - a share
        return tuple(
            OrderScript(
                order_id=str(int(one.order_id) + 5_000),
                account=one.account,
                client_order_id=f"9{one.client_order_id}",
                asks=(),
                fields={"linked": (one.order_id,)},
            )
            for one in chosen
        )

    def _bystanders(self, orders: tuple[OrderScript, ...]) -> tuple[OrderScript, ...]:
        # The greatest id is taken from the start, so that no successor gets that of an order yet to come.
        last = OrderScript(order_id=_LAST_ID, account=orders[0].account, client_order_id="1", asks=())
        return last, *(
            OrderScript(
                order_id=str(int(one.order_id) + 1),
                account=one.account,
                client_order_id=f"8{one.client_order_id}",
                asks=(),
            )
            for one in orders
            if self.chance.random() < 0.25  # noqa: PLR2004 - a share
        )

    def _behaviour(self, orders: tuple[OrderScript, ...]) -> Mapping[str, Any]:
        ids = [order.order_id for order in orders]
        switches = _SWITCHES[self.stratum.venue]
        return {
            "cancel_delay_s": self.chance.choice(self.pace.cancel_delays_s),
            "read_lag_s": self.chance.choice(
                (0.0, 0.0, self.chance.uniform(0, self.pace.declared_lag_s * 0.9))
            ),
            "fill_before_cancel": [one for one in ids if self.chance.random() < 0.05],  # noqa: PLR2004 - a share
            "fill_fraction": self.chance.choice(_SHARES),
            "refuse_cancels_late": [one for one in ids if self.chance.random() < 0.04],  # noqa: PLR2004 - a share
            "venue": {name: self.chance.choice(words) for name, words in switches.items()},
        }

    def _settings(self) -> Mapping[str, Any]:
        native = self.stratum.identity == "native client id"
        unique = {"client_order_ids_unique": True} if native else {}
        return {"name": self.stratum.venue, "read_lag_s": self.pace.declared_lag_s, **unique}

    def _expiries(self) -> tuple[float, ...]:
        count = self.chance.choice((0, 0, 1, 2))
        return tuple(self.chance.uniform(0, self.pace.span_s) for _ in range(count))

    def _timed(self, fault: Fault) -> Fault:
        wait = self.chance.choice(self.pace.retry_after_s) if fault.retry_after_s is not None else None
        # A refusal keeps everybody out: the shortest one does.
        refused = fault.kind is FaultKind.REFUSED
        delay_s = self.pace.fault_delays_s[0] if refused else self.chance.choice(self.pace.fault_delays_s)
        return attrs.evolve(fault, delay_s=delay_s, retry_after_s=wait)
