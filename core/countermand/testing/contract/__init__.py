"""The contract of a venue plugin as a test class: what a plugin gets wrong is seen before it trades."""

from countermand.testing.contract.examples import BASE_URL
from countermand.testing.contract.questions import CANCELS, READS, Question
from countermand.testing.contract.sample import Sample
from countermand.testing.contract.venue_contract import VenueContract

__all__ = ["BASE_URL", "CANCELS", "READS", "Question", "Sample", "VenueContract"]
