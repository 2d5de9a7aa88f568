"""What a plugin breaks with, or gives that is none of what it was asked for, is told by its name.

It harms no other venue, and an ack never says more than is known: what may have been sent stays open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import attrs
import httpx
import pytest

from countermand import (
    AsyncClient,
    CancelRequest,
    ClientOrderId,
    OrderId,
    OrderReport,
    OrderStatus,
    Outcome,
    Reason,
    Scope,
    ScopeState,
    Sent,
)
from countermand._engine._guard import Guard, PluginFault, worded
from countermand._engine._guarded_call import Calls
from countermand._engine._watch import Watch
from countermand.errors import InvalidRequestError
from countermand.venue import (
    Accounts,
    Call,
    CallKind,
    Capabilities,
    CodeWanted,
    HttpRequest,
    HttpResponse,
    LoggedIn,
    OrderRead,
    Page,
    PerOrder,
    Receipt,
    ScopeKind,
    Session,
    Throttled,
    TrailRead,
)

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Cancel, Peer, Witness

Ask = Callable[..., CancelRequest]
Virtually = Callable[..., Any]
RECEIPT = {"say": "receipt"}
CANCELED = {"say": "order", "id": "7", "status": "CANCELED"}
EMPTY: dict[str, Any] = {"say": "rows", "rows": []}
REPORT = OrderReport(order_id=OrderId("7"), status=OrderStatus.NEW, filled_quantity=Decimal(0))
PROMPT = Capabilities(read_lag_s=0.0)


class Odd:
    """A venue that is odd in some ways."""

    def __init__(self, venue: Any, **ways: Any) -> None:
        self._venue = venue
        self._ways = ways

    def __getattr__(self, name: str) -> Any:
        return self._ways[name] if name in self._ways else getattr(self._venue, name)


SOURCE = f"the venue 'pebble' ({Odd.__module__}.Odd): "


def raises(error: BaseException) -> Callable[..., Any]:
    """Make a function that raises."""

    def function(*_: Any) -> Any:
        raise error

    return function


class MuteError(Exception):
    """An error that cannot even say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


ERRORS = {
    "an error": (LookupError("out of order"), "raised LookupError: out of order"),
    "no words": (LookupError(), "raised LookupError"),
    "an exit": (SystemExit(3), "raised SystemExit: 3"),
    "an end of a generator": (StopIteration(7), "raised StopIteration: 7"),
    "an end of a coroutine": (GeneratorExit("over"), "raised GeneratorExit: over"),
    "a cancellation": (asyncio.CancelledError("by whom"), "raised CancelledError: by whom"),
    "an error that breaks": (MuteError(), "raised MuteError: (its text cannot be had)"),
}


@pytest.mark.parametrize("function", ["check", "cancel", "sign"])
@pytest.mark.parametrize(("error", "words"), ERRORS.values(), ids=ERRORS.keys())
def test_what_a_plugin_raises_before_anything_is_sent(
    cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask, function: str, error: BaseException, words: str
) -> None:
    """Whatever it is, it is an ack that names the plugin; not even an exit ends the client's loop."""
    ways = {function: raises(error)}
    if function == "sign":
        call = pebble.ask(CallKind.CANCEL, "cancel", "7")
        ways = {"cancel": lambda _: attrs.evolve(call, sign=raises(error))}
    (ack,) = cancel(Odd(pebble, **ways), ask())
    assert (ack.outcome, ack.reason, ack.sent) == (Outcome.REJECTED, Reason.NOT_SENT, Sent.NO)
    if function == "sign":  # what it raises may quote a secret
        kind = words.partition(":")[0]
        assert (ack.error or "").startswith(f"{SOURCE}the sign of its cancel call {kind} in ")
    else:
        assert ack.error == f"{SOURCE}{function} {words}"
    assert peer.heard == []


def test_an_interrupt_is_no_fault_of_a_plugin(
    virtually: Virtually, client: Callable[..., AsyncClient], pebble: Pebble, ask: Ask
) -> None:
    """It is the user's, wherever it comes."""

    async def interrupted() -> None:
        async with client(Odd(pebble, check=raises(KeyboardInterrupt()))) as one:
            await one.cancel(ask())

    with pytest.raises(KeyboardInterrupt):
        virtually(interrupted())


def call_with(pebble: Pebble, **parts: Any) -> Call[Any]:
    """Make a call of which some parts are other ones."""
    return attrs.evolve(pebble.ask(CallKind.CANCEL, "cancel", "7"), **parts)


def signed_as(request: Any) -> Callable[[Pebble], dict[str, Any]]:
    return lambda pebble: {"cancel": lambda _: call_with(pebble, sign=lambda *_: request)}


def called_with(**parts: Any) -> Callable[[Pebble], dict[str, Any]]:
    return lambda pebble: {"cancel": lambda _: call_with(pebble, **parts)}


PARTS = "a Call with parts of other types than it has"
REQUEST = "the sign of its cancel call gave an HttpRequest with parts of other types than it has"
# (in which ways the venue is odd, what is told)
FOREIGN: dict[str, tuple[Callable[[Pebble], dict[str, Any]], str]] = {
    "no call": (
        lambda _: {"cancel": lambda _: "DELETE /7"},
        "cancel gave a value of type str, expected a Call",
    ),
    "no call at all": (lambda _: {"cancel": lambda _: None}, "cancel gave nothing, expected a Call"),
    "the name of a call": (called_with(name=7), f"cancel gave {PARTS}"),
    "the kind of a call": (called_with(kind="cancel"), f"cancel gave {PARTS}"),
    "the sign of a call": (called_with(sign="POST"), f"cancel gave {PARTS}"),
    "the read of a call": (called_with(read=None), f"cancel gave {PARTS}"),
    "the bound of a call": (called_with(max_bytes="64 KiB"), f"cancel gave {PARTS}"),
    "no request": (
        signed_as("POST /cancel"),
        "the sign of its cancel call gave a value of type str, expected an HttpRequest",
    ),
    "a method": (signed_as(HttpRequest(method=cast("str", b"POST"), path="/")), REQUEST),
    "a path": (signed_as(HttpRequest(method="POST", path=cast("str", None))), REQUEST),
    "a content": (signed_as(HttpRequest(method="POST", path="/", content=cast("bytes", "{}"))), REQUEST),
    "no headers": (
        signed_as(HttpRequest(method="POST", path="/", headers=cast("Any", [("a", "b")]))),
        REQUEST,
    ),
    "a header": (signed_as(HttpRequest(method="POST", path="/", headers={"x": cast("str", 7)})), REQUEST),
    "the name of a header": (
        signed_as(HttpRequest(method="POST", path="/", headers={cast("str", b"x"): "7"})),
        REQUEST,
    ),
    "a header that no wire can bear": (
        signed_as(HttpRequest(method="POST", path="/", headers={"x": "\u2019"})),
        "its request cannot be written: UnicodeEncodeError: 'ascii' codec can't encode",
    ),
    "a base URL": (lambda _: {"base_url": 7}, "base_url is a value of type int, expected str"),
    "capabilities": (
        lambda _: {"capabilities": {"read_lag_s": 5}},
        "capabilities is a value of type dict, expected Capabilities",
    ),
    "renewable": (lambda _: {"renewable": "no"}, "renewable is a value of type str, expected bool"),
    "an answer to a check": (
        lambda _: {"check": lambda _: False},
        "check gave a value of type bool: it refuses by raising alone",
    ),
    "no conversation": (
        lambda _: {"log_in": lambda: Session(token="t0k3n")},
        "log_in gave a value of type Session, expected a conversation or None",
    ),
}


@pytest.mark.parametrize(("odd", "words"), FOREIGN.values(), ids=FOREIGN.keys())
def test_what_a_plugin_gives_before_anything_is_sent(
    cancel: Cancel,
    peer: Peer,
    pebble: Pebble,
    ask: Ask,
    odd: Callable[[Pebble], dict[str, Any]],
    words: str,
) -> None:
    """What is none of what it was asked for is told with its type, and nothing was sent."""
    (ack,) = cancel(Odd(pebble, **odd(pebble)), ask(timeout_s=1.5))  # not until a log-in is repeated
    assert (ack.outcome, ack.reason, ack.sent) == (Outcome.REJECTED, Reason.NOT_SENT, Sent.NO)
    assert words in (ack.error or "")
    assert SOURCE in (ack.error or "")
    assert peer.heard == []


PATHS: dict[str, tuple[str, str]] = {
    "none": ("", "does not begin with a slash"),
    "another host": ("@127.0.0.2:9/cancel/7", "does not begin with a slash"),
    "another port": ("9/cancel/7", "does not begin with a slash"),
    "a longer host": (".example/cancel/7", "does not begin with a slash"),
    "the listing itself": ("/v2/orders/.", "has a segment of dots"),
    "above the order": ("/v2/orders/..", "has a segment of dots"),
    "here": ("/v2/./orders/7", "has a segment of dots"),
    "above": ("/v2/orders/../accounts", "has a segment of dots"),
    "dots and a query": ("/v2/orders/..?nested=true", "has a segment of dots"),
    "quoted": ("/v2/orders/%2e", "has a segment of dots"),
    "half quoted": ("/v2/orders/.%2E/7", "has a segment of dots"),
    "behind backslashes": ("/v2/orders\\..\\7", "has a segment of dots"),
    "a fragment": ("/v2/orders/#7", "has a fragment"),
}


@pytest.mark.parametrize(("path", "words"), PATHS.values(), ids=PATHS.keys())
def test_a_path_that_leads_elsewhere(
    cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask, path: str, words: str
) -> None:
    """Neither does a credential go to another host, nor a cancel to more than one order."""
    headers = {"authorization": "Bearer s3cr3t-t0ken"}
    request = HttpRequest(method="DELETE", path=path, headers=headers)
    (ack,) = cancel(Odd(pebble, **signed_as(request)(pebble)), ask())
    assert (ack.outcome, ack.reason, ack.sent) == (Outcome.REJECTED, Reason.NOT_SENT, Sent.NO)
    assert (ack.error or "").startswith(
        f"{SOURCE}the sign of its cancel call gave an HttpRequest whose path {words}"
    )
    assert peer.heard == []


@pytest.mark.parametrize("path", ["/cancel/.7", "/cancel/7..", "/cancel/...", "/cancel/7?from=/../x/."])
def test_a_path_whose_dots_are_a_name(
    cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask, path: str
) -> None:
    """They stand in ids, and in queries."""
    peer.on("cancel", RECEIPT).on("order", CANCELED)
    request = HttpRequest(method="DELETE", path=path)
    (ack,) = cancel(Odd(pebble, **signed_as(request)(pebble)), ask())
    assert ack.outcome is Outcome.CANCELED
    assert peer.heard[0].url.raw_path.decode() == path


CONVERSATIONS: dict[str, tuple[list[Any], Any, str]] = {
    "a yielded text": (["code"], None, "log_in yielded a value of type str, expected a Call or a NeedCode"),
    "an end as nothing": ([], None, "log_in ended with nothing, expected a Session or why there is none"),
    "an end as a text": ([], "t0k3n", "log_in ended with a value of type str, expected a Session"),
    "a token": ([], Session(token=cast("str", b"t0k3n")), "log_in ended with a value of type Session"),
    "a lifetime": (
        [],
        Session(token="t", lifetime_s=cast("float", "60")),
        "log_in ended with a value of type",
    ),
    "a life that is true": ([], Session(token="t", lifetime_s=True), "log_in ended with a value of type"),
}


@pytest.mark.parametrize(("needs", "end", "words"), CONVERSATIONS.values(), ids=CONVERSATIONS.keys())
def test_a_conversation_that_is_none(
    cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask, needs: list[Any], end: Any, words: str
) -> None:
    """There is no session then, and the ack says whose fault it is, also that of whoever comes next."""

    def log_in() -> Any:
        yield from needs
        return end

    # Time enough on a busy machine, and not until the log-in is repeated.
    acks = cancel(Odd(pebble, log_in=log_in), ask("7", timeout_s=1.5), ask("8", timeout_s=1.5))
    for ack in acks:
        assert (ack.outcome, ack.reason, ack.sent) == (Outcome.REJECTED, Reason.NOT_SENT, Sent.NO)
        assert (ack.error or "").startswith(f"{SOURCE}{words}")
    assert peer.heard == []


def test_a_log_in_that_is_answered_by_another_question(
    cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask
) -> None:
    """Nobody is let in by a receipt."""
    peer.on("log-in", RECEIPT)
    (ack,) = cancel(pebble.by_password(), ask(timeout_s=1.5))
    assert ack.sent is Sent.NO
    assert "the read of its log_in call gave a value of type Receipt" in (ack.error or "")


class Heir(Receipt):
    """More than a receipt, which the core knows nothing of."""


ANSWERS: dict[str, tuple[Any, str]] = {
    "nothing": (None, "gave nothing, which is no answer to that question"),
    "a dict": ({}, "gave a value of type dict, which"),
    "an answer to a read": (OrderRead(report=REPORT), "gave a value of type OrderRead, which"),
    "a listing": (Page(rows=()), "gave a value of type Page, which"),
    "an heir of a receipt": (Heir(), "gave a value of type Heir, which"),
    "a text": (Receipt(text=cast("str", 7)), "gave a Receipt with parts of other types than it has"),
    "a code": (Receipt(code=cast("str", 200)), "gave a Receipt with parts of other types than it has"),
    "a wait": (
        Throttled(retry_after_s=cast("float", "7")),
        "gave a Throttled with parts of other types than it has",
    ),
}


@pytest.mark.parametrize(("verdict", "words"), ANSWERS.values(), ids=ANSWERS.keys())
def test_an_answer_to_another_question(
    cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask, witness: Witness, verdict: Any, words: str
) -> None:
    """It is as good as unreadable: the cancel may have been taken, and reads say what became of it."""
    peer.on("cancel", RECEIPT).on("order", CANCELED)
    odd = Odd(pebble, cancel=lambda _: call_with(pebble, read=lambda _: verdict))
    (ack,) = cancel(odd, ask(), observer=witness)
    assert (ack.outcome, ack.sent) == (Outcome.CANCELED, Sent.YES)
    assert (ack.error or "").startswith(f"{SOURCE}the read of its cancel call {words}")
    assert ack.attempts[0].verdict == f"unreadable: {ack.error}"
    assert witness.answers[0].fault == ack.error


def test_an_answer_that_nothing_explains(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """It is never taken for a refusal: bytes left. What the venue said is kept."""
    peer.on("cancel", RECEIPT).on("order", httpx.ReadError("reset")).on("open", httpx.ReadError("reset"))
    for read in (lambda _: None, raises(LookupError("oh")), raises(SystemExit(1))):
        odd = Odd(pebble, cancel=lambda _, read=read: call_with(pebble, read=read))
        (ack,) = cancel(odd, ask(timeout_s=0.8))
        assert (ack.outcome, ack.sent) == (Outcome.UNKNOWN, Sent.YES)
        assert "receipt" in (ack.last_reply or "") or len(ack.attempts) == 1
        assert SOURCE in (ack.error or "")


READS: dict[str, Any] = {
    "no report": OrderRead(report=cast("OrderReport", {"id": "7"})),
    "no status": OrderRead(report=attrs.evolve(REPORT, status=cast("Any", "Canceled"))),
    "no id": OrderRead(report=attrs.evolve(REPORT, order_id=cast("Any", "7"))),
    "no quantity": OrderRead(report=attrs.evolve(REPORT, filled_quantity=cast("Any", 0.5))),
    "an answer to a cancel": Receipt(),
}


@pytest.mark.parametrize("verdict", READS.values(), ids=READS.keys())
def test_a_read_that_is_none(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask, verdict: Any) -> None:
    """It proves nothing, and the receipt stays what it is."""
    peer.on("cancel", RECEIPT).on("order", CANCELED).on("open", EMPTY)
    call = pebble.ask(CallKind.READ, "order", "7")
    odd = Odd(pebble, read_order=lambda *_: attrs.evolve(call, read=lambda _: verdict))
    (ack,) = cancel(odd, ask(timeout_s=0.8))
    assert ack.outcome is Outcome.PENDING
    assert "the read of its read_order call gave a" in (ack.error or "")


ROWS: dict[str, tuple[Any, str]] = {
    "a row that is none": ([{"id": "7"}], "gave a value of type dict, expected an OrderReport"),
    "a row with other parts": (
        [attrs.evolve(REPORT, status=cast("Any", None))],
        "gave a value of type OrderReport with parts of other types than it has, expected an OrderReport",
    ),
    "rows that break": ((1 / one for one in [0]), "raised ZeroDivisionError: division by zero"),
    "rows that no plugin looked at": (map(int, ["x"]), "raised ValueError: invalid literal for int()"),
    "rows with ids that are none": (map(OrderId, ["007"]), "raised InvalidRequestError: 'value' of OrderId"),
    "rows that exit": (map(raises(SystemExit(2)), [1]), "raised SystemExit: 2"),
}


@pytest.mark.parametrize(("rows", "words"), ROWS.values(), ids=ROWS.keys())
def test_rows_that_are_none(
    virtually: Virtually,
    client: Callable[..., AsyncClient],
    peer: Peer,
    pebble: Pebble,
    ask: Ask,
    rows: Any,
    words: str,
) -> None:
    """Such a listing proves nothing, but hides nothing else; the ack and the report name the plugin."""
    peer.on("cancel", RECEIPT).on("open", EMPTY)
    told = f"the rows of its listing {words}"
    shown = [*rows] if isinstance(rows, list) else [rows]

    def pages() -> Any:
        return Page(rows=iter([REPORT, *rows, REPORT]) if isinstance(rows, list) else shown[0])

    call = pebble.ask(CallKind.LISTING, "open", "9")
    odd = Odd(pebble, list_open=lambda *_: attrs.evolve(call, read=lambda _: pages()))

    async def main() -> None:
        async with client(odd) as one:
            listed = await one.open_orders("pebble", "9")
            assert listed.incomplete or not listed.orders
            assert told in (listed.error or "")
            assert SOURCE in (listed.error or "")
            if isinstance(rows, list):
                assert [row.order_id for row in listed.orders] == [OrderId("7")]
                ack = await one.cancel(ask(ClientOrderId("mine"), timeout_s=1.0))
                assert (ack.outcome, ack.sent) == (Outcome.REJECTED, Sent.NO)
                assert told in (ack.error or "")

    virtually(main())


BEHIND: dict[str, tuple[Callable[[], Any], str]] = {
    "a fault": (raises(ZeroDivisionError("division by zero")), "raised ZeroDivisionError: division by zero"),
    "an exit": (raises(SystemExit(2)), "raised SystemExit: 2"),
    "no page": (lambda: 7, "gave a value of type int, expected a Page"),
    "a part of another type": (lambda: Page(rows=(), total=cast("int", "7")), "gave a value of type Page"),
    "no end": (lambda: Page(rows=(), behind=lambda: Page(rows=())), "gave a value of type Page"),
}


@pytest.mark.parametrize(("behind", "words"), BEHIND.values(), ids=BEHIND.keys())
def test_what_breaks_behind_rows(
    virtually: Virtually,
    client: Callable[..., AsyncClient],
    peer: Peer,
    pebble: Pebble,
    behind: Callable[[], Any],
    words: str,
) -> None:
    """It is like one more row that breaks: the others are told, and that they are not all."""
    peer.on("open", EMPTY)
    call = pebble.ask(CallKind.LISTING, "open", "9")
    odd = Odd(
        pebble,
        list_open=lambda *_: attrs.evolve(call, read=lambda _: Page(rows=iter([REPORT]), behind=behind)),
    )

    async def main() -> None:
        async with client(odd) as one:
            listed = await one.open_orders("pebble", "9")
            assert f"what is behind the rows of its listing {words}" in (listed.error or "")
            assert SOURCE in (listed.error or "")
            assert ([row.order_id for row in listed.orders], listed.incomplete) == ([OrderId("7")], True)

    virtually(main())


PAGES: dict[str, Page] = {
    "rows": Page(rows=cast("Any", None)),
    "a cursor": Page(rows=(), next_page=cast("int", 1.5)),
    "a total": Page(rows=(), total=cast("int", "7")),
    "a count": Page(rows=(), listed=cast("int", "7")),
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_a_page_that_is_none(
    virtually: Virtually, client: Callable[..., AsyncClient], peer: Peer, pebble: Pebble, page: Page
) -> None:
    """It is as good as unreadable."""
    peer.on("open", EMPTY)
    call = pebble.ask(CallKind.LISTING, "open", "9")
    odd = Odd(pebble, list_open=lambda *_: attrs.evolve(call, read=lambda _: page))

    async def main() -> None:
        async with client(odd) as one:
            listed = await one.open_orders("pebble", "9")
            assert (listed.error or "").startswith(SOURCE)
            assert listed.orders == ()

    virtually(main())


#: What a venue declares, what it does not do, and what is told of it.
DECLARED: dict[str, tuple[str, dict[str, Any]]] = {
    "scopes": ("cancel_all", {"scopes": frozenset({ScopeKind.ACCOUNT})}),
    "has_history": ("list_history", {"has_history": True, "replaced_reads_canceled": True}),
    "has_trail": ("read_trail", {"has_trail": True}),
}


@pytest.mark.parametrize(("declared", "how"), DECLARED.items(), ids=DECLARED.keys())
def test_a_venue_that_declares_what_it_does_not_do(
    virtually: Virtually,
    client: Callable[..., AsyncClient],
    peer: Peer,
    pebble: Pebble,
    ask: Ask,
    declared: str,
    how: tuple[str, dict[str, Any]],
) -> None:
    """It is told when it is asked for that; all else goes on, orders are canceled by id."""
    function, fields = how
    alive = {"id": "7", "status": "NEW"}
    shown = CANCELED if declared != "has_trail" else {"say": "order", **alive}
    peer.on("cancel", RECEIPT).on("order", shown)
    peer.on("open", {"say": "rows", "rows": [alive]}, EMPTY)
    error = NotImplementedError() if declared == "scopes" else InvalidRequestError("no such call")
    odd = Odd(
        pebble,
        capabilities=attrs.evolve(PROMPT, **fields),
        **{function: raises(error)},
    )

    async def main() -> None:
        async with client(odd) as one:
            if declared == "scopes":
                report = await one.cancel_all(Scope.account("pebble", "9"), timeout_s=20.0)
                assert report.state is ScopeState.PROVED_EMPTY
                assert report.native is not None
                assert report.native.text == (
                    f"{SOURCE}cancel_all raised NotImplementedError; yet its capabilities declare scopes"
                )
                return
            ack = await one.cancel(ask(timeout_s=2.0))
            assert ack.sent is Sent.YES
            told = f"{function} raised InvalidRequestError: no such call"
            assert ack.error == f"{SOURCE}{told}; yet its capabilities declare {declared}"

    virtually(main())


def test_a_list_that_is_declared_and_cannot_be_made(
    virtually: Virtually, client: Callable[..., AsyncClient], peer: Peer, pebble: Pebble, ask: Ask
) -> None:
    """Each order goes by itself then, and its ack says why."""
    peer.on("cancel", RECEIPT).on("order", CANCELED)
    peer.on("open", EMPTY)
    odd = Odd(
        pebble,
        capabilities=attrs.evolve(PROMPT, cancel_list_size=5),
        cancel_list=raises(NotImplementedError("later")),
    )

    async def main() -> None:
        async with client(odd) as one:
            acks = await one.cancel_many([ask("7"), ask("8"), ask("9")]).collect()
            assert sorted(peer.calls("cancel")) == ["7", "8", "9"]
            for ack in acks:
                assert ack.sent is Sent.YES
                assert ack.error == (
                    f"{SOURCE}cancel_list raised NotImplementedError: later; "
                    "yet its capabilities declare cancel_list_size"
                )

    virtually(main())


def test_capabilities_that_cannot_be(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """What cannot be declared is told by the plugin's name when it is asked for."""

    class Boastful(Odd):
        @property
        def capabilities(self) -> Capabilities:
            return Capabilities(cancel_list_size=cast("int", "10"))

    (ack,) = cancel(Boastful(pebble), ask())
    assert (ack.outcome, ack.sent) == (Outcome.REJECTED, Sent.NO)
    assert ack.error == (
        f"the venue 'pebble' ({__name__}.{Boastful.__qualname__}): capabilities raised ConfigurationError: "
        "'cancel_list_size' of Capabilities must be a whole number, 0 or more, got '10'"
    )
    assert peer.heard == []


OTHERS: dict[str, tuple[str, Any]] = {
    "accounts": ("list_accounts", Accounts(ids=cast("Any", [7]))),
    "an account": ("list_accounts", Accounts(ids=cast("Any", (7,)))),
    "a trail": ("read_trail", TrailRead(report=cast("Any", "canceled"))),
    "an order of an answer for many": ("cancel_all", PerOrder(orders=cast("Any", {"7": Receipt()}))),
    "an answer for one of many": ("cancel_list", PerOrder(orders={OrderId("7"): cast("Any", None)})),
    "a part of one of many": (
        "cancel_list",
        PerOrder(orders={OrderId("7"): Receipt(text=cast("str", 7))}),
    ),
    "no answers for many": ("cancel_list", PerOrder(orders=cast("Any", [7]))),
    "a session": ("log_in", LoggedIn(session=cast("Any", "t0k3n"))),
    "an interim": ("log_in", CodeWanted(interim=cast("Any", None))),
}


@pytest.mark.parametrize(("function", "verdict"), OTHERS.values(), ids=OTHERS.keys())
def test_answers_with_other_parts(pebble: Pebble, function: str, verdict: Any) -> None:
    """They are as good as unreadable, whatever they answer."""
    guard = Guard("pebble", cast("Any", pebble), Watch(None))
    call = Calls(guard, cast("Any", pebble), function).guarded(call_with(pebble, read=lambda _: verdict))
    with pytest.raises(PluginFault, match=f"the read of its {function} call gave a {type(verdict).__name__}"):
        call.read(HttpResponse(status=200))


def test_questions_that_come_before_any_call(
    virtually: Virtually, client: Callable[..., AsyncClient], peer: Peer, pebble: Pebble, ask: Ask
) -> None:
    """What they break with is told in what they return, and not raised."""
    peer.on("cancel", RECEIPT).on("order", httpx.ReadError("reset")).on("open", EMPTY)

    async def main() -> None:
        async with client(pebble) as one:
            owed = await one.cancel(ask(timeout_s=1.0))
        bad = Odd(pebble, check_scope=raises(LookupError("oh")), renewable=None)
        async with client(bad) as one:
            listed = await one.open_orders("pebble", "9")
            assert (listed.incomplete, listed.orders) == (True, ())
            assert listed.error == f"{SOURCE}check_scope raised LookupError: oh"
            settled = await one.settle(owed)
            error = f"{SOURCE}renewable is nothing, expected bool"
            assert settled == attrs.evolve(owed, error=error)

    virtually(main())


def test_secrets_in_what_a_plugin_raises(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """A token that an error quotes is in no ack: neither before nor after it was sent."""
    token = "t0k3n-4711/abc"
    peer.on("cancel", RECEIPT).on("order", CANCELED)
    inside = pebble.by_token(token)
    error = LookupError(f"bad {token}")
    for part, words in (("sign", "LookupError in test_guards.py"), ("read", "LookupError: bad [redacted]")):
        call = call_with(inside, **{part: raises(error)})
        (ack,) = cancel(Odd(inside, cancel=lambda _, call=call: call), ask())
        assert "n-4711" not in repr(ack)
        assert words in (ack.error or "")


def test_a_broken_venue_harms_no_other(virtually: Virtually, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """One of two exits in every function it has; the other one cancels."""
    everything = ("check", "check_scope", "cancel", "list_open", "read_order", "log_in", "log_out")
    bad = Odd(pebble, name="bad", **{one: raises(SystemExit(one)) for one in everything})
    peer.on("cancel", RECEIPT).on("order", CANCELED).on("open", EMPTY)

    async def main() -> None:
        async with AsyncClient([cast("Any", bad), pebble], transport=httpx.MockTransport(peer)) as client:
            broken, good = await asyncio.gather(client.cancel(ask(venue="bad")), client.cancel(ask()))
            assert (broken.reason, good.outcome) == (Reason.NOT_SENT, Outcome.CANCELED)
            assert broken.error == f"the venue 'bad' ({__name__}.Odd): check raised SystemExit: check"
            scopes = [Scope.account("bad", "9"), Scope.account("pebble", "9")]
            report = await client.kill(scopes, timeout_s=10.0)
            states = [one.state for one in report.reports]
            assert states == [ScopeState.UNKNOWN, ScopeState.PROVED_EMPTY]
            assert report.reports[0].error == (
                f"the venue 'bad' ({__name__}.Odd): check_scope raised SystemExit: check_scope"
            )
            not_ready, ready = await client.ready()
            assert (not_ready.ready, ready.ready) == (False, True)
            assert (not_ready.error or "").startswith("the log-in failed: the venue 'bad'")

    virtually(main())


def test_what_is_declared_is_asked_for_until_it_is_had(
    cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask
) -> None:
    """And then kept: a plugin that changes its mind changes nothing of a case."""
    asked: list[str] = []

    class Counting(Odd):
        def __getattr__(self, name: str) -> Any:
            asked.append(name)
            if name == "capabilities" and asked.count(name) == 1:
                raise LookupError("not yet")
            return super().__getattr__(name)

    peer.on("cancel", RECEIPT).on("order", CANCELED)
    acks = [cancel(Counting(pebble), ask())[0]]
    assert (acks[0].error or "").endswith("capabilities raised LookupError: not yet")
    asked.clear()
    asked.append("capabilities")
    (ack,) = cancel(Counting(pebble), ask())
    assert ack.outcome is Outcome.CANCELED
    assert asked.count("capabilities") == 2


def test_the_words_of_a_fault() -> None:
    """A plugin's names it; ours has its type."""
    assert worded(PluginFault("the venue 'x'")) == "the venue 'x'"
    assert worded(LookupError("oh")) == "LookupError: oh"
