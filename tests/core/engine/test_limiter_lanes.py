"""Which accounts share what they draw on, and which of them are remembered."""

from __future__ import annotations

from weakref import ref

from countermand._limits._lanes import Lanes
from countermand._limits._limiter import Limiter
from countermand._limits._places import Places
from countermand._limits._urgency import Urgency
from countermand.venue import CallKind, Limit, LimitScope

CANCEL, READ = CallKind.CANCEL, CallKind.READ


def test_accounts_at_rest_are_forgotten() -> None:
    """However many accounts come and go, only those are remembered that are in use or were throttled."""
    lanes = Lanes((), dict.fromkeys(CallKind, Places(1)))
    slowed, in_use = lanes.find(CANCEL, "slowed", 0.0), lanes.find(CANCEL, "in use", 0.0)
    slowed.buckets[0].brake.slow(0.0, 30.0, 0.0)
    lanes.keep(slowed)
    rare, gone = ref(slowed), ref(lanes.find(CANCEL, "gone", 0.0))
    del slowed
    for number in range(1022):
        lanes.find(CANCEL, str(number), 0.0)
    assert gone() is None
    assert (rare(), in_use) == (lanes.find(CANCEL, "slowed", 1.0), lanes.find(CANCEL, "in use", 1.0))
    in_use.buckets[0].brake.slow(1.0, 600.0, 1.0)
    lanes.keep(in_use)
    there = ref(in_use)
    del in_use
    for number in range(2000, 4000):
        lanes.find(CANCEL, str(number), 120.0)
    assert rare() is None  # its pause is long over
    assert there() is lanes.find(CANCEL, "in use", 120.0)


def test_lanes_with_a_limit_are_kept_with_their_tokens() -> None:
    """What a limit counts is not forgotten, whoever comes, nor when it is throttled."""
    limit = Limit(per=LimitScope.ACCOUNT, kinds=frozenset({CANCEL}), rate=1.0, burst=1)
    lanes = Lanes((limit,), dict.fromkeys(CallKind, Places(1)))
    lane = ref(lanes.find(CANCEL, "9", 0.0))
    lanes.keep(lanes.find(CANCEL, "9", 0.0))
    for number in range(2000):
        lanes.find(READ, str(number), 0.0)
    assert lane() is lanes.find(CANCEL, "9", 0.0)


def test_who_holds_a_lane_shares_it_with_all() -> None:
    """However many other accounts come meanwhile, no account has two lanes of a kind."""
    limiter = Limiter((), 1)
    held = limiter.lane(CANCEL, "9", 0.0)
    for number in range(3000):
        limiter.lane(CANCEL, f"other {number}", 120.0)
    assert limiter.ask(CANCEL, "9", Urgency(), patience_s=3.0, now=120.0).lane is held
