"""Which call of a venue performs an action."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from countermand import Assurance, CancelRequest, ClientOrderId, OrderId
from countermand._case._facts import Action, Caller, Case
from countermand._engine._calls import KINDS, order_call, page_call
from countermand.venue import Call, CallKind, Stamp

if TYPE_CHECKING:
    from tests.core.conftest import Pebble

CONFIRMED, RECEIVED = Assurance.CONFIRMED, Assurance.RECEIVED


def case_of(
    venue: Pebble,
    *assurances: Assurance,
    order: OrderId | ClientOrderId = OrderId("7"),  # noqa: B008 - frozen
) -> Case:
    requests = [CancelRequest(venue="pebble", account="9", order=order, assurance=one) for one in assurances]
    return Case(
        venue="pebble",
        account="9",
        order=order,
        capabilities=venue.capabilities,
        renewable=False,
        epoch=datetime(2026, 1, 1, tzinfo=UTC),
        callers=[Caller(request=request, joined_at=0.0, deadline=9.0) for request in requests],
    )


def path(call: Call[object]) -> str:
    return call.sign(None, Stamp(nonce=1)).path


@pytest.mark.parametrize(
    ("assurances", "expected"),
    [([CONFIRMED], CONFIRMED), ([RECEIVED], RECEIVED), ([RECEIVED, CONFIRMED], CONFIRMED)],
)
def test_who_wants_more_decides(pebble: Pebble, assurances: list[Assurance], expected: Assurance) -> None:
    """Of those who share a cancel, one who wants confirmation is enough to ask for it."""
    call = order_call(pebble, case_of(pebble, *assurances), Action.CANCEL)
    assert path(call) == f"/cancel/7?for={expected.value}"


PATHS = {
    Action.READ: "/order/7",
    Action.TRAIL: "/trail/7",
    Action.OPEN: "/open/9?page=2",
    Action.HISTORY: "/history/9?page=2",
}


@pytest.mark.parametrize(("action", "expected"), PATHS.items(), ids=str)
def test_every_action_has_its_call(pebble: Pebble, action: Action, expected: str) -> None:
    """Each read is the venue's call for it, of the kind that limits and permissions go by."""
    case = case_of(pebble, CONFIRMED)
    listing = action in (Action.OPEN, Action.HISTORY)
    call = page_call(pebble, case.account, action, 2) if listing else order_call(pebble, case, action)
    assert (path(call), call.kind) == (expected, KINDS[action])
    assert call.kind is (CallKind.LISTING if listing else CallKind.READ)


def test_no_order_is_read_by_a_clients_id(pebble: Pebble) -> None:
    """A read by a client's id would be a fault of ours, and says so."""
    with pytest.raises(TypeError, match="an order is read by the venue's id"):
        order_call(pebble, case_of(pebble, CONFIRMED, order=ClientOrderId("mine")), Action.READ)
