"""Whether a cancel that the venue had received was refused in the end."""

from __future__ import annotations

import itertools
import math

from countermand._case._survey import Survey
from countermand._outcome import Sent
from countermand.venue import TrailRead


def is_taken_back(survey: Survey) -> bool:
    """Tell whether a refusal came after the receipt, and a read too young to be stale shows it alive."""
    since = max(receipt.at for receipt in survey.receipts) + survey.case.capabilities.read_lag_s
    if not survey.alive_since(since):
        return False
    trails = [one.ended.answer for one in survey.reads if one.ended is not None and one.began.at >= since]
    return _flag_appeared(survey) or any(
        isinstance(trail, TrailRead) and trail.cancel_rejected for trail in trails
    )


def _flag_appeared(survey: Survey) -> bool:
    # An order can bear the refusal of an older cancel: it must have come since the last one was signed.
    sent = [one for one in survey.attempts if one.sent is not Sent.NO]
    signed_at = max((one.signed_at for one in sent if one.signed_at is not None), default=-math.inf)
    before = [seen.report.cancel_rejected for seen in survey.sightings if seen.began_at < signed_at]
    since = [seen.report.cancel_rejected for seen in survey.sightings if seen.began_at >= signed_at]
    flags = [*before[-1:], *since]
    # Once it came it stands, though a read that lags may show the order without it again.
    return any(shown and not earlier for earlier, shown in itertools.pairwise(flags))
