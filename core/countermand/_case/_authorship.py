"""Whose cancel took an order off the book."""

from __future__ import annotations

from countermand._case._facts import Caller
from countermand._case._survey import Survey
from countermand._order import StatusClass
from countermand._outcome import CanceledBy
from countermand.venue import Acted, Receipt


def canceled_by(survey: Survey, caller: Caller) -> CanceledBy:
    """Say whose cancel it was; UNDETERMINED wherever a rival's may have been the one that worked."""
    if _read_before(survey, caller) or _all_in_vain(survey):
        return CanceledBy.EARLIER
    receipts = [end.answer for end in survey.receipts if end.at >= caller.joined_at]
    if any(isinstance(receipt, Receipt) and receipt.executed for receipt in receipts):
        return CanceledBy.THIS_REQUEST
    # A plain receipt only says that the call arrived.
    return CanceledBy.UNDETERMINED


def _read_before(survey: Survey, caller: Caller) -> bool:
    """Tell whether a read had shown the end before the caller came, or before anything was sent."""
    ended_at = min(seen.ended_at for seen in survey.dead)
    signed = [one.signed_at for one in survey.attempts if one.signed_at is not None]
    return ended_at <= caller.joined_at or (bool(signed) and ended_at <= min(signed))


def _all_in_vain(survey: Survey) -> bool:
    """Tell whether no attempt can have worked, and the order was not seen alive after the last of them."""
    if any(one.acted is not Acted.NO for one in survey.attempts):
        return False
    refused_at = [one.ended.at for one in survey.attempts if one.ended is not None]
    alive = [seen for seen in survey.sightings if seen.report.status_class is not StatusClass.DEAD]
    return not any(seen.began_at >= at for seen in alive for at in refused_at)
