"""Whether a cancel that the venue had received was refused in the end."""

from __future__ import annotations

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
    if len(survey.receipts) > 1:
        return False  # it does not say which of them was refused
    # An order can bear the refusal of an older cancel: it must have come since this one was signed.
    sent = [one for one in survey.attempts if one.sent is not Sent.NO]
    signed_at = max((one.signed_at for one in sent if one.signed_at is not None), default=-math.inf)
    before = [seen for seen in survey.sightings if seen.began_at < signed_at]
    since = [seen for seen in survey.sightings if seen.began_at >= signed_at]
    looks = [*before[-1:], *since]
    clear = [seen.ended_at for seen in looks if not seen.report.cancel_rejected]
    shown = [seen.began_at for seen in looks if seen.report.cancel_rejected]
    if not clear or not shown:
        return False
    # A read that goes back could show an older one again. Once it came it stands, whatever a later one shows.
    return max(shown) >= min(clear) + survey.case.capabilities.read_lag_s
