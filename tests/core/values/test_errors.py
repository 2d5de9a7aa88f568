"""What is raised, and what an ack raises for those who want exceptions."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from countermand import (
    CancelAck,
    CanceledBy,
    CancelRequest,
    Evidence,
    EvidenceKind,
    OrderId,
    OrderReport,
    OrderStatus,
    Outcome,
    Reason,
    Sent,
    errors,
)

NOW = datetime(2026, 1, 2, tzinfo=UTC)
REQUEST = CancelRequest(venue="pebble", account="9", order=OrderId("7"))
RECEIPT = Evidence(at=NOW, kind=EvidenceKind.RECEIPT, source="cancel", text="received")
CANCELED = CancelAck(
    request=REQUEST,
    outcome=Outcome.CANCELED,
    canceled_by=CanceledBy.THIS_REQUEST,
    sent=Sent.YES,
    order_id=OrderId("7"),
    order=OrderReport(
        order_id=OrderId("7"), status=OrderStatus.CANCELED, filled_quantity=Decimal(0), as_of=NOW
    ),
)

PARENTS = {
    errors.InvalidRequestError: ValueError,
    errors.UnknownVenueError: LookupError,
    errors.ConfigurationError: ValueError,
    errors.PluginError: errors.CountermandError,
    errors.ClientUsageError: RuntimeError,
    errors.ClosedClientError: errors.ClientUsageError,
    errors.WrongLoopError: errors.ClientUsageError,
    errors.CancelPendingError: errors.OutcomeError,
    errors.CancelRejectedError: errors.OutcomeError,
    errors.CancelUnknownError: errors.OutcomeError,
}


@pytest.mark.parametrize(("kind", "parent"), PARENTS.items(), ids=lambda kind: kind.__name__)
def test_the_tree_of_errors(kind: type[Exception], parent: type[Exception]) -> None:
    """Every error hangs in the library's own tree, and under the built-in one it is a kind of."""
    assert issubclass(kind, errors.CountermandError)
    assert issubclass(kind, parent)


def test_the_tree_is_drawn_whole() -> None:
    """The picture at the head of the module shows every class once."""
    named = [name for name in vars(errors) if name.endswith("Error")]
    assert errors.__doc__ is not None
    drawn = [word for word in errors.__doc__.replace("\n", " ").split() if word.endswith("Error")]
    assert sorted(drawn) == sorted(named)


def test_a_cancel_that_worked_raises_nothing() -> None:
    """Of a CANCELED ack, the ack itself comes back."""
    assert CANCELED.raise_for_outcome() is CANCELED


OTHERS: dict[str, tuple[dict[str, Any], type[errors.OutcomeError], str]] = {
    "pending": (
        {"outcome": Outcome.PENDING, "evidence": (RECEIPT,), "sent": Sent.YES},
        errors.CancelPendingError,
        "pebble order 7: pending",
    ),
    "rejected": (
        {"outcome": Outcome.REJECTED, "reason": Reason.NOT_SENT},
        errors.CancelRejectedError,
        "pebble order 7: rejected, not sent",
    ),
    "unknown": ({"outcome": Outcome.UNKNOWN}, errors.CancelUnknownError, "pebble order 7: unknown"),
    "unknown, resolved": (
        {"outcome": Outcome.UNKNOWN, "order_id": OrderId("12")},
        errors.CancelUnknownError,
        "pebble order 12: unknown",
    ),
}


@pytest.mark.parametrize(("fields", "kind", "words"), OTHERS.values(), ids=OTHERS.keys())
def test_everything_else_raises_its_own_error(
    fields: dict[str, Any], kind: type[errors.OutcomeError], words: str
) -> None:
    """Every other outcome raises the error of its name, which says the order and bears the ack."""
    ack = CancelAck(request=REQUEST, **fields)
    with pytest.raises(errors.OutcomeError) as raised:
        ack.raise_for_outcome()
    assert type(raised.value) is kind
    assert str(raised.value) == words
    assert raised.value.ack is ack


@pytest.mark.parametrize("twin", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])  # noqa: S301 - own bytes
def test_an_outcome_error_travels(twin: Any) -> None:
    """An error with its ack can be copied, and sent to another process."""
    original = errors.CancelUnknownError("who knows", CancelAck(request=REQUEST, outcome=Outcome.UNKNOWN))
    arrived = twin(original)
    assert type(arrived) is errors.CancelUnknownError
    assert (str(arrived), arrived.ack) == (str(original), original.ack)
