"""Orders and answers with parts of other types than they have: each is told, and the others are believed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import attrs
import pytest

from countermand import (
    AsyncClient,
    CanceledBy,
    CancelRequest,
    ClientOrderId,
    KillReport,
    OrderId,
    OrderReport,
    OrderStatus,
    Scope,
    ScopeState,
)
from countermand._engine._answers import ANSWERS, has_whole_parts, is_report, is_session
from countermand._engine._parts import PARTS
from countermand.venue import (
    Accounts,
    Acted,
    CallKind,
    CodeWanted,
    Gone,
    LoggedIn,
    MayHaveActed,
    OrderRead,
    Page,
    PerOrder,
    Receipt,
    Refused,
    Session,
    SessionRefused,
    Throttled,
    TrailRead,
    Unreadable,
)

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Cancel, Peer

Ask = Callable[..., CancelRequest]
Virtually = Callable[..., Any]
RECEIPT = {"say": "receipt"}
CANCELED = {"say": "order", "id": "7", "status": "CANCELED"}
PARTS_WORDS = "with parts of other types than it has"


def order(order_id: str = "7", **parts: Any) -> OrderReport:
    """Report an open order."""
    plain: dict[str, Any] = {
        "order_id": OrderId(order_id),
        "status": OrderStatus.NEW,
        "filled_quantity": Decimal(0),
    }
    return OrderReport(**{**plain, **parts})


WHOLE = order(
    account="9",
    client_order_id=ClientOrderId("mine"),
    instrument="BTC",
    quantity=Decimal(2),
    remaining_quantity=Decimal(2),
    average_price=Decimal(1),
    replaces=ClientOrderId("older"),
    entered_by="me",
    parent=OrderId("1"),
    legs=(order("8", legs=(order("9"),)),),
    cancel_rejected=True,
    text="fine",
    as_of=datetime(2026, 1, 1, tzinfo=UTC),
)


def nested(depth: int) -> OrderReport:
    """Report an order whose legs have legs, and so on."""
    made = order()
    for _ in range(depth):
        made = order(legs=(made,))
    return made


FOREIGN: dict[str, dict[str, Any]] = {
    **{field.name: {field.name: object()} for field in attrs.fields(OrderReport)},
    "an account that is a number": {"account": 9},
    "a text that is a number": {"text": 7},
    "a client's id that is a text": {"client_order_id": "mine"},
    "a client's id that is a list": {"client_order_id": ["mine"]},
    "a predecessor that is a text": {"replaces": "6"},
    "a parent by the client's id": {"parent": ClientOrderId("p")},
    "no legs": {"legs": None},
    "legs in a list": {"legs": [order("8")]},
    "a leg that is a text": {"legs": ("x",)},
    "a leg of a leg": {"legs": (order("8", legs=(order("9", account=9),)),)},
    "a float": {"quantity": 1.5},
    "a refusal that is a word": {"cancel_rejected": "no"},
    "a quantity that is no number": {"filled_quantity": Decimal("NaN")},
    "a time that is a text": {"as_of": "2026-01-01"},
}


@pytest.mark.parametrize("parts", FOREIGN.values(), ids=FOREIGN.keys())
def test_an_order_with_another_part(parts: dict[str, Any]) -> None:
    """Each field is looked at, in the legs, too."""
    assert is_report(attrs.evolve(WHOLE, **{name: getattr(WHOLE, name) for name in parts}))
    assert not is_report(attrs.evolve(WHOLE, **parts))


def test_orders_whose_parts_are_right() -> None:
    """Whatever may be missing may be; an order without end is none."""
    assert is_report(WHOLE)
    assert is_report(order())
    assert is_report(nested(8))
    assert not is_report(nested(2000))


VERDICTS: dict[str, Any] = {
    "an execution that is a word": Receipt(executed=cast("bool", "no")),
    "a code that is a number": Gone(code=cast("str", 404)),
    "a text that is a number": MayHaveActed(text=cast("str", 7)),
    "a wait that is true": Throttled(retry_after_s=True),
    "an act that is a word": Throttled(acted=cast("Acted", "no")),
    "a doubt that is a word": SessionRefused(or_unsupported=cast("bool", "no")),
    "a trail's refusal that is a word": TrailRead(cancel_rejected=cast("bool", "no")),
    "a trail's text that is a number": TrailRead(text=cast("str", 7)),
    "a trail's order": TrailRead(report=order(account=9)),
    "an order": OrderRead(report=order(account=9)),
    "a cursor": Page(rows=(), next_page=cast("int", True)),
    "a total that is true": Page(rows=(), total=True),
    "an end that nobody can ask for": Page(rows=(), behind=cast("Any", Page(rows=()))),
    "a session's life that is true": LoggedIn(session=Session(token="t", lifetime_s=True)),
    "one of many": PerOrder(orders={OrderId("7"): Receipt(executed=cast("bool", 1))}),
    "an order of many": PerOrder(orders={cast("OrderId", ClientOrderId("x")): Receipt()}),
    "accounts in a list": Accounts(ids=cast("Any", ["9"])),
}


@pytest.mark.parametrize("verdict", VERDICTS.values(), ids=VERDICTS.keys())
def test_a_verdict_with_another_part(verdict: Any) -> None:
    """What the core decides by is of the type that it has."""
    assert not has_whole_parts(verdict)


def test_verdicts_whose_parts_are_right() -> None:
    """Nothing of what a venue may say is lost."""
    session = Session(token="t", lifetime_s=60)
    for verdict in (
        Receipt(executed=True, code="200", text="ok"),
        Refused(),
        Gone(),
        Throttled(retry_after_s=1, acted=Acted.NO),
        SessionRefused(or_unsupported=True),
        MayHaveActed(),
        Unreadable(),
        PerOrder(orders={OrderId("7"): Refused()}),
        OrderRead(report=WHOLE),
        TrailRead(),
        TrailRead(report=WHOLE, cancel_rejected=True),
        Page(rows=(), next_page="next", total=3, listed=0),
        Page(rows=(), behind=lambda: Page(rows=())),
        Accounts(ids=("9",)),
        LoggedIn(session=session),
        CodeWanted(interim="more"),
    ):
        assert has_whole_parts(verdict)
    assert is_session(session)


def test_the_table_leaves_no_field_out() -> None:
    """A field that is added there is added here: what is not looked at is not fenced in."""
    assert set(PARTS) == {OrderReport, Session}.union(*ANSWERS.values())
    for kind, parts in PARTS.items():
        fields = {field.name for field in attrs.fields(cast("Any", kind)) if field.init}
        # The rows are looked at one by one, as they are read; whatever can be called may be behind them.
        assert set(parts) == fields - ({"rows", "behind"} if kind is Page else set())


class Listing:
    """A venue whose open orders are listed as they are given, until they are canceled."""

    def __init__(self, venue: Pebble, peer: Peer, *rows: OrderReport) -> None:
        self._venue = venue
        self._rows = rows
        self.canceled: set[str] = set()
        peer.on("open", {"say": "rows", "rows": []})
        peer.on("cancel", self._cancel).on("order", self._order)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._venue, name)

    def list_open(self, account: str, page: Any = None) -> Any:
        """List what is not canceled."""
        left = [row for row in self._rows if str(row.order_id) not in self.canceled]
        call = self._venue.ask(CallKind.LISTING, "open", account)
        return attrs.evolve(call, read=lambda _: Page(rows=iter(left)))

    def _cancel(self, request: Any) -> Any:
        self.canceled.add(request.url.path.split("/")[-1])
        return RECEIPT

    def _order(self, request: Any) -> Any:
        order_id = request.url.path.split("/")[-1]
        status = "CANCELED" if order_id in self.canceled else "NEW"
        return {"say": "order", "id": order_id, "status": status}


def killed(virtually: Virtually, make: Callable[..., AsyncClient], venue: Any) -> KillReport:
    """Kill account 9 within five seconds."""

    async def main() -> KillReport:
        async with make(venue) as one:
            return await one.kill([Scope.account("pebble", "9")], timeout_s=5.0)

    report: KillReport = virtually(main())
    report.to_dict()
    return report


ROWS = ["an account that is a number", "a text that is a number", "a client's id that is a list", "no legs"]
ROWS += ["a leg that is a text", "a predecessor that is a text"]


@pytest.mark.parametrize("name", ROWS)
def test_a_kill_over_a_row_with_another_part(
    virtually: Virtually, client: Callable[..., AsyncClient], peer: Peer, pebble: Pebble, name: str
) -> None:
    """It proves nothing, and names the plugin; the orders beside it are canceled all the same."""
    bad = order("5", **FOREIGN[name])
    odd = Listing(pebble.by_token("s3cr3tt0ken"), peer, order("1"), bad, order("2"))
    report = killed(virtually, client, odd)
    (one,) = report.reports
    assert (one.state, report.proved) == (ScopeState.UNKNOWN, False)
    assert odd.canceled == {"1", "2"}
    assert {str(ack.order_id) for ack in one.acks} == {"1", "2"}
    assert f"the venue 'pebble' ({__name__}.Listing): the rows of its listing gave" in (one.error or "")
    assert PARTS_WORDS in (one.error or "")


def test_a_receipt_that_promises_by_a_word(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """A "no" is true to Python: nobody is told that the request did it."""
    peer.on("cancel", RECEIPT).on("order", CANCELED)
    nay = Receipt(executed=cast("bool", "no"))
    (ack,) = cancel(attrs.evolve(pebble, read=_reads(pebble, nay)), ask())
    assert ack.canceled_by is not CanceledBy.THIS_REQUEST
    assert PARTS_WORDS in (ack.error or "")


def _reads(pebble: Pebble, verdict: Any) -> Callable[[Any], Any]:
    def read(response: Any) -> Any:
        told = pebble.read(response)
        return verdict if isinstance(told, Receipt) else told

    return read
