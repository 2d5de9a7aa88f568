"""A client's id is resolved to the venue's before anything is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
import httpx
import pytest

from countermand import Assurance, CancelRequest, ClientOrderId, OrderId, Outcome, Reason, Sent, Stage
from countermand.venue import Capabilities, Identity

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Cancel, Peer, Witness

    from countermand import AsyncClient

Ask = Callable[..., CancelRequest]
MINE = ClientOrderId("mine")
RECEIPT = {"say": "receipt"}
CANCELED = {"say": "order", "id": "7", "status": "CANCELED"}
ALIVE = {"say": "order", "id": "7", "status": "NEW"}
WITH_HISTORY = Capabilities(read_lag_s=0.0, has_history=True)


def rows(*found: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"say": "rows", "rows": list(found), **more}


def row(order_id: str, status: str = "NEW", client_id: str = "mine", **fields: Any) -> dict[str, Any]:
    return {"id": order_id, "status": status, "client_id": client_id, **fields}


def test_the_one_open_order_is_pinned(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """The id the listing shows is the one that is canceled, read, and named in the ack."""
    peer.on("open", rows(row("6", client_id="theirs"), row("7"))).on("cancel", RECEIPT).on("order", CANCELED)
    (ack,) = cancel(pebble, ask(order=MINE))
    assert (ack.outcome, ack.order_id, ack.request.order) == (Outcome.CANCELED, OrderId("7"), MINE)
    assert [item.source for item in ack.evidence] == ["open", "cancel", "order"]
    assert peer.calls("cancel") == ["7"]


def test_those_who_name_one_order_differently_share_it(
    cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask, witness: Witness
) -> None:
    """Callers by either id end in one case: one attempt, and each has its ack."""

    async def when_all_are_here(_: httpx.Request) -> Any:
        await witness.until(lambda seen: len(seen.requests) == 3)
        return rows(row("7"))

    async def when_resolved(_: httpx.Request) -> Any:
        await witness.until(lambda seen: sum(answer.call == "open" for answer in seen.answers) > 0)
        return RECEIPT

    peer.on("open", when_all_are_here).on("cancel", when_resolved).on("order", CANCELED)
    acks = cancel(pebble, ask("7"), ask(order=MINE), ask(order=MINE), observer=witness)
    assert [(ack.outcome, ack.order_id) for ack in acks] == [(Outcome.CANCELED, OrderId("7"))] * 3
    assert peer.calls("cancel") == ["7"]


def test_an_order_that_is_dead_already(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """What history shows as dead is told once open orders lacked the id twice; no cancel is sent."""
    peer.on("open", rows()).on("history", rows(row("7", "FILLED"), row("5", "CANCELED")))
    (ack,) = cancel(attrs.evolve(pebble, capabilities=WITH_HISTORY), ask(order=MINE))
    assert (ack.outcome, ack.reason, ack.order_id) == (Outcome.REJECTED, Reason.TOO_LATE, OrderId("7"))
    assert ack.sent is Sent.NO
    assert set(peer.calls()) == {"open", "history"}
    assert peer.calls().count("open") == 2


def test_several_open_orders(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """Of several open orders none is chosen, and nothing is sent."""
    peer.on("open", rows(row("7"), row("8")))
    (ack,) = cancel(pebble, ask(order=MINE))
    assert (ack.outcome, ack.reason) == (Outcome.REJECTED, Reason.AMBIGUOUS_ORDER)
    assert (ack.sent, ack.attempts, ack.order_id) == (Sent.NO, (), None)
    assert ack.stage is Stage.RESOLVE


def test_no_such_order(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """An id that two complete listings lack is not found; nothing is sent."""
    peer.on("open", rows())
    (ack,) = cancel(pebble, ask(order=MINE))
    assert (ack.outcome, ack.reason, ack.sent) == (Outcome.REJECTED, Reason.NOT_FOUND, Sent.NO)
    assert peer.calls() == ["open", "open"]


@pytest.mark.parametrize("silence", [httpx.ReadTimeout("slow"), httpx.Response(500, text="?")])
def test_nobody_knows_what_it_means(
    cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask, silence: Any
) -> None:
    """An id that cannot be resolved by the deadline was not sent, whatever the listing failed of."""
    peer.on("open", silence)
    (ack,) = cancel(pebble, ask(order=MINE, timeout_s=0.8))
    assert (ack.outcome, ack.reason, ack.sent) == (Outcome.REJECTED, Reason.NOT_SENT, Sent.NO)
    assert ack.stage is Stage.RESOLVE


def test_a_venue_that_takes_it_as_it_is(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """Where the venue takes the client's id, the cancel bears it, and is sent once."""
    native = Capabilities(read_lag_s=0.0, identities=frozenset(Identity))
    peer.on("cancel", RECEIPT).on("open", rows(row("7", "CANCELED")))
    (ack,) = cancel(attrs.evolve(pebble, capabilities=native), ask(order=MINE))
    assert (ack.outcome, ack.order_id) == (Outcome.CANCELED, OrderId("7"))
    assert peer.calls("cancel") == ["mine"]


def test_pages_are_read_to_their_end(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """An order on the last page is found, and another of that id on an earlier one counts."""
    pages = {"1": rows(row("5", client_id="a"), next=2), "2": rows(row("6", client_id="b"), next=3)}
    pages["3"] = rows(row("7"))
    peer.on("open", lambda request: pages[request.url.params["page"]])
    peer.on("cancel", RECEIPT).on("order", CANCELED)
    (ack,) = cancel(pebble, ask(order=MINE))
    assert (ack.outcome, ack.order_id) == (Outcome.CANCELED, OrderId("7"))
    assert [request.url.params["page"] for request in peer.heard[:3]] == ["1", "2", "3"]


def test_a_page_that_fails_spoils_the_listing(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """Absence counts only in a complete listing: a page without an answer proves nothing."""
    peer.on("open", rows(row("5", client_id="a"), next=2), httpx.Response(500, text="?"))
    (ack,) = cancel(pebble, ask(order=MINE, timeout_s=0.8))
    assert (ack.reason, ack.sent) == (Reason.NOT_SENT, Sent.NO)


@pytest.mark.parametrize("page", [rows(row("5", client_id="a"), next=1), rows(next=2)])
def test_a_venue_that_cannot_turn_pages(
    cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask, page: Any
) -> None:
    """Pages that repeat, or are empty and name another, are no listing: what they lack may be there."""
    peer.on("open", page)
    (ack,) = cancel(pebble, ask(order=MINE, timeout_s=0.8))
    assert (ack.outcome, ack.reason) == (Outcome.REJECTED, Reason.NOT_SENT)
    assert "the pages of the listing repeat" in ack.evidence[0].text


def test_history_is_read_only_as_far_as_needed(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """Newest first: the page of a history that shows the order is the last one asked for."""
    pages = {"1": rows(row("7", "FILLED"), next=2), "2": rows(row("8", "FILLED"))}
    peer.on("open", rows()).on("history", lambda request: pages[request.url.params["page"]])
    (ack,) = cancel(attrs.evolve(pebble, capabilities=WITH_HISTORY), ask(order=MINE))
    assert (ack.reason, ack.order_id) == (Reason.TOO_LATE, OrderId("7"))
    assert set(peer.calls()) == {"open", "history"}
    assert {request.url.params["page"] for request in peer.heard} == {"1"}


def test_who_looks_for_an_order_shares_the_case_that_ends_meanwhile(
    virtually: Callable[[Any], Any], client: Callable[..., AsyncClient], peer: Peer, ask: Ask
) -> None:
    """Of an order that ended after one asked for it by a client's id, nothing is sent or forgotten."""
    listed = rows(row("7", client_id="mine"))
    peer.on("open", peer.after(1.0, listed)).on("history", rows())
    peer.on("cancel", peer.after(0.2, RECEIPT), {"say": "refused"}).on("order", CANCELED, {"say": "session"})

    async def use() -> None:
        async with client() as one:
            looking = asyncio.create_task(one.cancel(ask(MINE)))
            await asyncio.sleep(0.1)
            assert (await one.cancel(ask("7"))).outcome is Outcome.CANCELED
            assert (await looking).outcome is Outcome.CANCELED
            peer.on("order", {"say": "gone"})
            assert (
                await one.cancel(ask("7", timeout_s=1.0))
            ).outcome is Outcome.REJECTED  # a case of its own

    virtually(use())
    assert peer.calls("cancel") == ["7", "7"]


def test_who_looks_for_an_order_for_long_shares_the_case_that_rested_meanwhile(
    virtually: Callable[[Any], Any], client: Callable[..., AsyncClient], peer: Peer, ask: Ask
) -> None:
    """A case is not forgotten while somebody may mean its order who came before it rested."""
    peer.on("open", peer.after(2.9, rows(row("7", client_id="mine"))))
    peer.on("cancel", RECEIPT, {"say": "refused"}).on("order", ALIVE).on("history", rows())

    async def use() -> None:
        async with client() as one:
            looking = asyncio.create_task(one.cancel(ask(MINE, timeout_s=9.0)))
            await asyncio.sleep(0.1)
            assert (await one.cancel(ask("7", timeout_s=0.5))).outcome is Outcome.PENDING
            assert (await looking).outcome is Outcome.PENDING  # by the first one's receipt

    virtually(use())


def test_who_looks_for_an_order_means_what_is_past_of_its_account(
    virtually: Callable[[Any], Any], client: Callable[..., AsyncClient], peer: Peer, ask: Ask
) -> None:
    """Of two cancels that are past at once, only the one is kept which somebody may mean who looks for it."""
    receipts = [RECEIPT] * len(("1", "7", "8", "8"))
    peer.on("open", peer.after(2.9, rows(row("7", client_id="mine")))).on("history", rows())
    peer.on("cancel", *receipts, {"say": "refused"}).on("order", ALIVE)

    async def use() -> None:
        async with client() as one:
            await one.cancel(ask("1", timeout_s=0.5))  # from then on there is a session
            for account, order in (("9", "7"), ("8", "8")):
                await one.cancel(ask(order, account=account, assurance=Assurance.RECEIVED))
            looking = asyncio.create_task(one.cancel(ask(MINE, timeout_s=9.0)))
            await asyncio.sleep(2.5)
            await one.cancel(ask("8", account="8", assurance=Assurance.RECEIVED))
            assert (await looking).outcome is Outcome.PENDING  # by the first one's receipt

    virtually(use())
    assert peer.calls("cancel") == ["1", "7", "8", "8", "7"]
