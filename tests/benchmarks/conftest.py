"""Worlds by hand: one order, one caller, and a book that says what truly happened."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest

from proof.ledger import Arrival, Ledger, Record, State
from proof.scripts import Ask, OrderScript, Script, Stratum
from proof.told import Later, Played, Told

#: When the one caller of a world asks, and is told; the venue's declared lag is 1 s.
ASKED, TOLD = 10.0, 12.0


class Hand:
    """Makes worlds by hand."""

    @staticmethod
    def record(*states: tuple[float, str], filled: int = 0, **fields: Any) -> Record:
        """Make an order of the book: when it had which status; it was placed at 0."""
        known = tuple(State(at=at, status=status, filled=Decimal(filled)) for at, status in states)
        given = {
            "order_id": "7",
            "client_order_id": "70",
            "account": "9",
            "canceled_by": None,
            "replaced_by": None,
            "kin": (),
            "placed_at": 0.0,
            "states": known,
        }
        return Record(**{**given, **fields})

    @staticmethod
    def arrival(call: str = "cancel", at: float = 10.5, **fields: Any) -> Arrival:
        """Make a request that came: a cancel of order 7."""
        given: dict[str, Any] = {
            "number": 1,
            "account": "9",
            "order_id": "7",
            "client_order_id": None,
            "fault": None,
        }
        return Arrival(call=call, at=at, **{**given, **fields})

    @staticmethod
    def ack(outcome: str, reason: str | None = None, **fields: Any) -> dict[str, Any]:
        """Make an ack as `CancelAck.to_dict` renders it, as far as the judge looks at it."""
        given: dict[str, Any] = {
            "outcome": outcome,
            "reason": reason,
            "order_id": "7",
            "order": None,
            "canceled_by": None,
            "successor": None,
            "also_canceled": [],
            "sent": "yes",
            "stage": "done",
            **fields,
        }
        shown = given["order"]
        if isinstance(shown, str):
            given["order"] = {"order_id": given["order_id"], "status": shown, "filled_quantity": "0"}
        return given

    @staticmethod
    def told(
        ack: dict[str, Any] | None,
        at: float = TOLD,
        asked_at: float = ASKED,
        account: str = "9",
        steps_s: float = 0.0,
        before: str | None = None,
        **ask: Any,
    ) -> Told:
        """Make what one caller was told about order 7; the way to the client and back takes `steps_s`."""
        asked = Ask(**{"at": asked_at, "timeout_s": 5.0, "assurance": "confirmed", **ask})
        order = OrderScript(order_id="7", account=account, client_order_id="70", asks=(asked,))
        error = None if ack is not None else "RuntimeError()"
        ack = None if ack is None else {**ack, "elapsed_s": at - asked_at - steps_s}
        return Told(order=order, ask=asked, asked_at=asked_at, at=at, ack=ack, error=error, before=before)

    @staticmethod
    def world(
        told: Told | tuple[Told, ...],
        *records: Record,
        arrivals: tuple[Arrival, ...] = (),
        settled: tuple[tuple[Told, Told], ...] = (),
        identity: str = "order id",
        venue: str = "apex",
        turned_away: tuple[str, ...] = (),
        later: Later | None = None,
        settling_at: float = math.inf,
        sockets: bool = False,
        venue_words: Mapping[str, str] | None = None,
        **behaviour: Any,
    ) -> Played:
        """Make a world that is over."""
        tellings = told if isinstance(told, tuple) else (told,)
        script = Script(
            index=0,
            seed="by hand",
            stratum=Stratum(venue=venue, client="async", identity=identity, assurance="confirmed"),
            sockets=sockets,
            tls=False,
            rate=0.0,
            faults=(),
            orders=tuple({one.order.order_id: one.order for one in tellings}.values()),
            behaviour={
                "cancel_delay_s": 0.0,
                "read_lag_s": 1.0,
                "fill_before_cancel": (),
                "refuse_cancels_late": (),
                "venue": {"dead_order": "receipt"} if venue_words is None else venue_words,
                **behaviour,
            },
            settings={},
            log_in="token",
            limited=False,
            expiries=(),
            latency_s=0.0,
            aftermath_s=0.0,
        )
        book = {record.order_id: record for record in records}
        ledger = Ledger(records=book, arrivals=arrivals, faults=(), turned_away=turned_away)
        return Played(
            script=script,
            ledger=ledger,
            told=tellings,
            settled=settled,
            later=later or Later(),
            settling_at=settling_at,
            declared_lag_s=1.0,
        )


@pytest.fixture
def hand() -> Hand:
    """Give what makes worlds by hand."""
    return Hand()


@pytest.fixture
def run_truth(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Run the benchmark as its command line does; give its exit code and what it printed."""
    from truth import main  # noqa: PLC0415 - loads both venues

    def run(*words: str) -> tuple[int, str]:
        code = main(words)
        return code, capsys.readouterr().out

    return run
