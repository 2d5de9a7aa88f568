"""Reports of mass cancels in words and tables, by value."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console

from countermand import (
    BlockReport,
    CancelAck,
    CanceledBy,
    CancelRequest,
    Cause,
    ClientOrderId,
    KillReport,
    MassCancelReport,
    NativeCancel,
    OrderId,
    OrderReport,
    OrderStatus,
    Outcome,
    PlacedAfter,
    Reason,
    Residual,
    Scope,
    Sent,
)
from countermand.cli._report_table import kill_table, orders_table
from countermand.cli._report_words import besides_scopes, report_lines

AT = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
SCOPE = Scope.account("toy", "9")


def order(order_id: str, **fields: Any) -> OrderReport:
    return OrderReport(
        **{
            "order_id": OrderId(order_id),
            "status": OrderStatus.NEW,
            "filled_quantity": Decimal(0),
            "as_of": AT,
            **fields,
        }
    )


def acks(canceled: int, unknown: int = 0) -> tuple[CancelAck, ...]:
    made = []
    for number in range(canceled + unknown):
        request = CancelRequest(venue="toy", account="9", order=OrderId(str(number)))
        fields: dict[str, Any] = {"outcome": Outcome.UNKNOWN}
        if number < canceled:
            fields = {
                "outcome": Outcome.CANCELED,
                "canceled_by": CanceledBy.UNDETERMINED,
                "order_id": OrderId(str(number)),
                "order": order(str(number), status=OrderStatus.CANCELED),
            }
        made.append(CancelAck(request=request, sent=Sent.YES, **fields))
    return tuple(made)


def report(**fields: Any) -> MassCancelReport:
    return MassCancelReport(
        **{"scope": SCOPE, "placed_after": PlacedAfter.KEEP, "calls": 3, "elapsed_s": 1.5, **fields}
    )


LEFT = Residual(order_id=OrderId("7"), cause=Cause.REFUSED, order=order("7", quantity=Decimal(10)), text="no")
UNSEEN = Residual(order_id=OrderId("8"), cause=Cause.UNKNOWN)
PROVED = report(acks=acks(2), proved_empty_as_of=AT)
RESIDUAL = report(acks=acks(1, 1), residual=(LEFT, UNSEEN))
UNKNOWN = report(acks=acks(1), error="the listing timed out", reason=Reason.NOT_AUTHORIZED, incomplete=True)


@pytest.mark.parametrize(
    ("told", "first"),
    [
        pytest.param(PROVED, "toy: account 9: PROVED EMPTY as of 03:04:05.000678Z", id="proved"),
        pytest.param(RESIDUAL, "toy: account 9: RESIDUAL: 2 orders left", id="residual"),
        pytest.param(report(residual=(LEFT,)), "toy: account 9: RESIDUAL: 1 order left", id="one"),
        pytest.param(
            UNKNOWN,
            "toy: account 9: UNKNOWN: not authorized; the listing timed out; a listing could not be read to"
            " its end",
            id="unknown",
        ),
        pytest.param(
            report(residual=(UNSEEN,)),
            "toy: account 9: UNKNOWN: it could not be proved empty in time",
            id="no-reason",
        ),
    ],
)
def test_first_line_tells_what_is_known(told: MassCancelReport, first: str) -> None:
    """The first line says what is known of the scope, or why nothing is."""
    line, *_ = report_lines(told)
    assert line == first


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        pytest.param({}, ["  orders       no order was known"], id="none"),
        pytest.param({"acks": acks(2, 1)}, ["  orders       3 orders: 2 canceled, 1 unknown"], id="outcomes"),
        pytest.param(
            {"residual": (LEFT, UNSEEN)},
            [
                "  residual     7: refused; New, filled 0 of 10; no",
                "               8: unknown; not seen on the book",
            ],
            id="residual",
        ),
        pytest.param(
            {"residual": (Residual(order_id=OrderId("7"), cause=Cause.PENDING, order=order("7")),)},
            ["  residual     7: pending; New, filled 0"],
            id="no-quantity",
        ),
        pytest.param(
            {"native": NativeCancel(call="CancelAll", outcome=Outcome.PENDING, sent=Sent.YES, text="0")},
            ["  native       CancelAll: received"],
            id="native",
        ),
        pytest.param(
            {
                "native": NativeCancel(
                    call="CancelAll",
                    outcome=Outcome.REJECTED,
                    sent=Sent.YES,
                    reason=Reason.NOT_AUTHORIZED,
                    text="Not Authorized",
                )
            },
            ["  native       CancelAll: REJECTED: not authorized, Not Authorized"],
            id="native-refused",
        ),
        pytest.param(
            {"kept": tuple(order(str(number)) for number in range(1, 11))},
            ["  kept         1, 2, 3, 4, 5, 6, 7, 8", "               9, 10"],
            id="kept",
        ),
        pytest.param({"beyond_scope": (OrderId("5"),)}, ["  beyond scope 5"], id="beyond"),
        pytest.param(
            {"not_covered": ("quotes", "baskets")},
            ["  not covered  quotes, baskets: of these nothing is proved"],
            id="not-covered",
        ),
        pytest.param(
            {"proved_empty_as_of": AT, "error": "what is kept may not last"},
            ["  error        what is kept may not last"],
            id="error-though-proved",
        ),
        pytest.param(
            {"residual": (LEFT,), "error": "it broke"}, ["  error        it broke"], id="error-and-residual"
        ),
    ],
)
def test_sections_tell_what_was_done(fields: dict[str, Any], lines: list[str]) -> None:
    """What there is to tell stands in lines of its own, and what it took at the end."""
    _, *told = report_lines(report(**fields))
    assert "\n".join(lines) in "\n".join(told)
    assert told[-2:] == ["  calls        3", "  elapsed      1.500 s"]


def test_error_of_the_unknown_is_told_once() -> None:
    """Where nobody can tell, the first line says why, and no other one again."""
    assert "\n".join(report_lines(UNKNOWN)).count("the listing timed out") == 1


def rendered(table: object, width: int = 160) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width).print(table)
    return stream.getvalue()


@pytest.mark.parametrize("width", [80, 160])
def test_kill_is_a_row_for_each_scope(width: int) -> None:
    """Each scope of a kill is a row with what is known, in the order asked, also on a narrow terminal."""
    table = rendered(kill_table(KillReport(reports=(PROVED, RESIDUAL, UNKNOWN))), width)
    assert [" ".join(line.split()) for line in table.splitlines() if "─" not in line] == [
        "scope what is known as of canceled left elapsed",
        "toy: account 9 PROVED EMPTY 03:04:05Z 2 of 2 0 1.5 s",
        "toy: account 9 RESIDUAL - 1 of 2 2 1.5 s",
        "toy: account 9 UNKNOWN - 1 of 1 0 1.5 s",
    ]


def test_orders_are_rows() -> None:
    """Each order is a row; what its listing did not tell is a dash."""
    whole = order(
        "7",
        client_order_id=ClientOrderId("c[1]"),
        instrument="BTCUSD",
        quantity=Decimal("10.0"),
        filled_quantity=Decimal("2.50"),
        entered_by="81",
    )
    rows = [" ".join(line.split()) for line in rendered(orders_table([whole, order("8")])).splitlines()]
    assert rows[0] == "order client order instrument status filled quantity entered by"
    assert rows[2:] == ["7 c[1] BTCUSD New 2.5 10 81", "8 - - New 0 - -"]


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param(
            {"before": BlockReport(done=True, elapsed_s=0.25)},
            ["new orders were to be blocked: done, after 0.250 s"],
            id="blocked",
        ),
        pytest.param(
            {"before": BlockReport(done=False, error="no such desk")},
            ["new orders were to be blocked: FAILED: no such desk, after 0.000 s"],
            id="not-blocked",
        ),
        pytest.param(
            {"reports": (report(proved_empty_as_of=AT, not_covered=("quotes",)), UNKNOWN)},
            ["toy: account 9: not covered: quotes: of these nothing is proved"],
            id="not-covered",
        ),
        pytest.param(
            {"reports": (report(proved_empty_as_of=AT, error="it broke, afterwards"), UNKNOWN)},
            ["toy: account 9: it broke, afterwards"],
            id="error-though-proved",
        ),
        pytest.param(
            {"reports": (report(proved_empty_as_of=AT, doubt="who is 77?"), UNKNOWN)},
            ["toy: account 9: who is 77?"],
            id="doubt",
        ),
        pytest.param(
            {"unnamed": {"toy": ("10", "11")}},
            ["toy: NOTHING WAS DONE to accounts that nobody named: 10, 11"],
            id="unnamed",
        ),
        pytest.param(
            {"untold": {"toy": ("9", "10")}},
            ["toy: it did not tell of accounts that were named: 9, 10"],
            id="untold",
        ),
        pytest.param(
            {"reports": (report(proved_empty_as_of=AT),), "untold": {"toy": ("9",)}},
            [
                "toy: it did not tell of accounts that were named: 9",
                (
                    "toy: account 9: NOT PROVED: no order was seen there, and a wrong account looks like an"
                    " empty one"
                ),
            ],
            id="unsure",
        ),
        pytest.param(
            {"undiscovered": {"toy": "timed out"}},
            ["toy: its accounts are not known: timed out"],
            id="undiscovered",
        ),
    ],
)
def test_what_no_scope_tells_is_told(fields: dict[str, Any], lines: list[str]) -> None:
    """What a kill knows beyond its scopes is told in words that nobody overlooks."""
    assert list(besides_scopes(KillReport(**{"reports": (PROVED,), **fields}))) == lines
