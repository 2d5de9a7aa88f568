"""The words of an ack, by their FIX numbers."""

from __future__ import annotations

import pytest

from countermand import Outcome, Reason

# FIX 4.4, CxlRejReason (102): 0 Too late to cancel, 1 Unknown order, 2 Broker/exchange option, 3 Already in
# Pending Cancel or Pending Replace, 4 Unable to process Order Mass Cancel Request, 99 Other.
CXL_REJ_REASONS = {
    Reason.TOO_LATE: 0,
    Reason.UNKNOWN_ORDER: 1,
    Reason.VENUE_REFUSED: 2,
    Reason.PENDING_REPLACE: 3,
    Reason.MASS_CANCEL_REFUSED: 4,
    Reason.REPLACED: 99,
    Reason.NOT_FOUND: 99,
    Reason.AMBIGUOUS_ORDER: 99,
    Reason.NOT_AUTHORIZED: 99,
    Reason.INVALID_REQUEST: 99,
    Reason.NOT_SUPPORTED: 99,
    Reason.THROTTLED: 99,
    Reason.NOT_SENT: 99,
}


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.name)
def test_reasons_have_their_fix_numbers(reason: Reason) -> None:
    """Every reason has its value of FIX CxlRejReason."""
    assert reason.cxl_rej_reason == CXL_REJ_REASONS[reason]


def test_there_are_four_outcomes() -> None:
    """Nothing else can become of a cancel."""
    assert [outcome.value for outcome in Outcome] == ["canceled", "pending", "rejected", "unknown"]
