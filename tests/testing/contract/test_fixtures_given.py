"""What the contract asks of an author: little, and it says so where something is missing."""

from __future__ import annotations

import ast
import contextlib
import json
import textwrap
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

import attrs
import pytest

from countermand import CancelRequest, OrderId, OrderReport, OrderStatus, Scope
from countermand.testing import CANCELS, READS, Question, Sample, VenueContract
from countermand.venue import (
    CONTRACT,
    UUID,
    Call,
    CallKind,
    CancelTarget,
    CancelVerdict,
    Capabilities,
    Cursor,
    Gone,
    HttpRequest,
    HttpResponse,
    Ids,
    ListingVerdict,
    MayHaveActed,
    OrderRead,
    Page,
    PerOrder,
    Plugin,
    ReadVerdict,
    Receipt,
    Refused,
    SessionRefused,
    Throttled,
    Unreadable,
    Venue,
    clean_base_url,
    one_of,
    retry_after_s,
)
from countermand.venue.credentials import Credential
from countermand.venue.wire import WireError, read_json

CASES = sorted(name for name in dir(VenueContract) if name.startswith("test_"))
FIRST, SECOND = "61e69015-8549-4bfd-b9c3-01e75843f47d", "904837e3-3b76-47ec-b432-046db621571b"


@pytest.mark.parametrize("case", CASES)
def test_a_case_without_fixtures_says_what_is_missing(case: str) -> None:
    """Or is skipped, where it needs a simulator; none of them passes."""
    with pytest.raises((AssertionError, pytest.skip.Exception)) as told:
        getattr(VenueContract(), case)()
    text = str(told.value)
    assert any(word in text for word in ("Give", "Set", "give")), text
    assert "\n" not in text


@attrs.frozen
class Key(Credential):
    key: str = attrs.field(repr=False)

    @property
    def renewable(self) -> bool:
        return False

    def headers(self, session: object, stamp: object) -> Mapping[str, str]:
        return {"X-Key": "".join(char for char in self.key if char.isprintable())}


TABLE: dict[int, Any] = {
    401: SessionRefused(code="401"),
    404: Gone(code="404"),
    422: Refused(code="422"),
}


def read_failure(response: HttpResponse) -> Any:
    if response.status == 429:
        return Throttled(code="429", retry_after_s=retry_after_s(response))
    return TABLE.get(response.status, Unreadable(code=str(response.status)))


def read_cancel(response: HttpResponse) -> CancelVerdict:
    if response.status == 204:
        return Receipt(code="204")
    if response.status // 100 == 5:
        return MayHaveActed(code=str(response.status))
    verdict: CancelVerdict = read_failure(response)
    return verdict


STATES = {"open": OrderStatus.NEW, "done": OrderStatus.FILLED, "gone": OrderStatus.CANCELED}


def report_of(row: Any) -> OrderReport:
    if not isinstance(row, dict) or not all(type(row.get(name)) is str for name in ("id", "state", "filled")):
        raise WireError("no order")
    try:
        status = STATES.get(row["state"], OrderStatus.UNKNOWN)
        return OrderReport(order_id=OrderId(row["id"]), status=status, filled_quantity=Decimal(row["filled"]))
    except (ValueError, ArithmeticError) as error:
        raise WireError("no order") from error


def read_order(response: HttpResponse) -> ReadVerdict:
    if response.status != 200:
        return read_failure(response)  # type: ignore[no-any-return]  # a table of any
    try:
        return OrderRead(report=report_of(read_json(response.content)))
    except WireError:
        return Unreadable(code="200")


def read_listing(response: HttpResponse) -> ListingVerdict:
    if response.status != 200:
        return read_failure(response)  # type: ignore[no-any-return]  # a table of any
    try:
        rows = read_json(response.content)
        return Page(rows=[report_of(row) for row in rows]) if isinstance(rows, list) else Unreadable()
    except WireError:
        return Unreadable()


@attrs.frozen
class Small(Venue):
    """A venue of one account, without a log-in, a history or a mass cancel; its ids are UUIDs."""

    ids: ClassVar[Ids] = Ids(account=one_of("me"), order=UUID, instrument=None)

    base_url: str = attrs.field(converter=clean_base_url)
    auth: Key
    name: str = "small"

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities()

    def cancel(self, target: CancelTarget) -> Call[CancelVerdict]:
        return self.call(CallKind.CANCEL, "DELETE order", self._order("DELETE", target), read_cancel)

    def read_order(self, account: str, order_id: OrderId) -> Call[ReadVerdict]:
        target = CancelTarget(account=account, order=order_id)
        return self.call(CallKind.READ, "GET order", self._order("GET", target), read_order)

    def list_open(self, account: str, page: Cursor | None = None) -> Call[ListingVerdict]:
        request = HttpRequest(method="GET", path="/orders")
        return self.call(CallKind.LISTING, "GET orders", request, read_listing)

    def _order(self, method: str, target: CancelTarget) -> HttpRequest:
        request = CancelRequest(venue=self.name, account=target.account, order=target.order)
        self.ids.check_request(request)
        return HttpRequest(method=method, path=f"/orders/{target.order}")


def reply(status: int, value: object = None, **headers: str) -> HttpResponse:
    content = b"" if value is None else json.dumps(value).encode()
    return HttpResponse(
        status=status, content=content, headers={"retry-after": headers.get("retry_after", "")}
    )


def row(order_id: str = FIRST, state: str = "open") -> dict[str, str]:
    return {"id": order_id, "state": state, "filled": "0"}


ALL = (Question.CANCEL, Question.READ, Question.OPEN)


class SmallContract(VenueContract):
    plugin = Plugin(contract=CONTRACT, venue=Small, summary="A small venue", credentials={"key": Key})
    states: ClassVar[Mapping[str, OrderStatus]] = STATES

    def venue(self) -> Venue:
        return Small("https://small.example", auth=Key("a-secret-key"))

    def requests(self) -> Sequence[CancelRequest]:
        return [CancelRequest(venue="small", account="me", order=OrderId(one)) for one in (FIRST, SECOND)]

    def illegal(self) -> Sequence[CancelRequest | Scope]:
        return [
            CancelRequest(venue="small", account="me", order=OrderId("1")),
            CancelRequest(venue="small", account="you", order=OrderId(FIRST)),
            Scope.account("small", "you"),
        ]

    def samples(self) -> Sequence[Sample]:
        return [
            Sample(of=Question.CANCEL, response=reply(204), means=Receipt),
            Sample(of=Question.CANCEL, response=reply(500), means=MayHaveActed),
            Sample(of=ALL, response=reply(418), means=Unreadable),
            Sample(of=ALL, response=reply(401), means=SessionRefused),
            Sample(of=ALL, response=reply(404), means=Gone),
            Sample(of=ALL, response=reply(422), means=Refused),
            Sample(of=ALL, response=reply(429, retry_after="1"), means=Throttled),
            Sample(of=Question.READ, response=reply(200, row()), means=OrderRead),
            Sample(of=Question.OPEN, response=reply(200, [row()]), means=Page),
        ]

    def order_answer(self, order_id: str, account: str, word: str) -> HttpResponse:
        return reply(200, row(order_id, word))


@pytest.mark.parametrize("case", CASES)
def test_a_small_venue_passes_or_needs_a_simulator(case: str) -> None:
    """What it does not declare, nobody asks of it."""
    with contextlib.suppress(pytest.skip.Exception):
        getattr(SmallContract(), case)()


def test_the_docstring_shows_all_that_is_needed() -> None:
    """Its example is Python, and overrides what the contract has."""
    text = VenueContract.__doc__ or ""
    begin, end = text.index("        class TestAcme"), text.index("    Of these `plugin`")
    (acme,) = ast.parse(textwrap.dedent(text[begin:end])).body
    assert isinstance(acme, ast.ClassDef)
    given = {one.name for one in acme.body if isinstance(one, ast.FunctionDef)}
    given |= {ast.unparse(one.targets[0]) for one in acme.body if isinstance(one, ast.Assign)}
    assert given == {
        "plugin",
        "simulator",
        "states",
        "unreachable",
        "venue",
        "requests",
        "illegal",
        "samples",
        "order_answer",
        "logging_in",
    }
    assert given <= {*dir(VenueContract), "plugin"}


def test_a_sample_tells_of_itself() -> None:
    """What it means, whether as a class, as a verdict or as a function."""
    by_class = Sample(of=Question.CANCEL, response=reply(204), means=Receipt)
    by_value = attrs.evolve(by_class, means=Receipt(code="204"))
    by_function = attrs.evolve(by_class, of=[*CANCELS, *READS], means=lambda verdict: verdict.executed)
    assert [one.meaning for one in (by_class, by_function)] == ["Receipt", "what its `means` says"]
    assert by_value.meaning == repr(Receipt(code="204"))
    meant = [one.is_meant(Receipt(code="204")) for one in (by_class, by_value, by_function)]
    assert meant == [True, True, False]
    assert not by_function.is_meant(Page(rows=()))


def test_a_sample_of_many_orders_names_the_one_that_differs() -> None:
    """The whole of two answers would be cut before the difference."""
    orders: dict[OrderId, CancelVerdict] = {OrderId(str(number)): Receipt() for number in range(20)}
    meant = {**orders, OrderId("17"): Refused(code="9")}
    sample = Sample(of=Question.CANCEL_LIST, response=HttpResponse(status=200), means=PerOrder(orders=meant))
    assert sample.compared(PerOrder(orders=orders)) == (f"{Refused(code='9')} for order 17", str(Receipt()))
    fewer = {one: verdict for one, verdict in meant.items() if one.value != "3"}
    assert sample.compared(PerOrder(orders=fewer)) == (f"{Receipt()} for order 3", "nothing")
    more: dict[OrderId, CancelVerdict] = {**meant, OrderId("99"): Receipt()}
    assert sample.compared(PerOrder(orders=more)) == ("nothing for order 99", str(Receipt()))
    told = PerOrder(orders=meant, code="7")
    assert sample.compared(told) == (sample.meaning, str(told))
    assert sample.compared(Receipt()) == (sample.meaning, str(Receipt()))
