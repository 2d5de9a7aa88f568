"""An illegal request cannot exist."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermand import Assurance, CancelCause, CancelRequest, ClientOrderId, OrderId
from countermand.errors import CountermandError, InvalidRequestError

LEAST: dict[str, Any] = {"venue": "pebble", "account": "9", "order": OrderId("7")}


def test_what_need_not_be_said() -> None:
    """A request needs a venue, an account and an order; the rest has the documented defaults."""
    request = CancelRequest(**LEAST)
    assert attrs.asdict(request, recurse=False) == {
        **LEAST,
        "client_order": None,
        "instrument": None,
        "request_id": request.request_id,
        "initiator": None,
        "cause": CancelCause.NONE,
        "assurance": Assurance.CONFIRMED,
        "timeout_s": 10.0,
        "follow_replacement": False,
    }
    given = uuid.UUID(request.request_id)
    assert (str(given), given.variant, given.version) == (request.request_id, uuid.RFC_4122, 4)
    assert CancelRequest(**LEAST).request_id != request.request_id


def test_all_that_can_be_said() -> None:
    """Every field keeps what was said."""
    said: dict[str, Any] = {
        "venue": "pebble-2",
        "account": "A/9",
        "order": ClientOrderId("mine"),
        "client_order": ClientOrderId("mine"),
        "instrument": "BTC-USD",
        "request_id": "r1",
        "initiator": "the risk desk, at night",
        "cause": CancelCause.EMERGENCY_ACTION,
        "assurance": Assurance.RECEIVED,
        "timeout_s": 2,
        "follow_replacement": True,
    }
    assert attrs.asdict(CancelRequest(**said), recurse=False) == said


def test_a_request_stays_as_it_is() -> None:
    """A request is frozen, takes its fields by name only, and can stand in a set."""
    request = CancelRequest(**LEAST)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        request.account = "10"  # type: ignore[misc]  # the point
    with pytest.raises(TypeError):
        CancelRequest("pebble", "9", OrderId("7"))  # type: ignore[call-arg]  # the point
    assert len({request, attrs.evolve(request)}) == 1


BAD = {
    "venue empty": ("venue", "", "'venue' of CancelRequest must be 1 to 128 printable"),
    "venue a number twice": ("venue", "007", "'venue' of CancelRequest must be written without"),
    "account empty": ("account", "", "'account' of CancelRequest must be 1 to 128 printable"),
    "account an int": ("account", 9, "'account' of CancelRequest must be a string, got 9"),
    "order a str": ("order", "7", "'order' of CancelRequest must be OrderId or ClientOrderId, got '7'"),
    "order none": ("order", None, "must be OrderId or ClientOrderId, got None"),
    "client order of the other kind": ("client_order", OrderId("7"), "must be ClientOrderId or None"),
    "instrument empty": ("instrument", "", "'instrument' of CancelRequest must be 1 to 128 printable"),
    "request id empty": ("request_id", "", "'request_id' of CancelRequest must be 1 to 128 printable"),
    "initiator no text": ("initiator", 7, "'initiator' of CancelRequest must be str or None, got 7"),
    "cause a name": ("cause", "None", "'cause' of CancelRequest must be CancelCause, got 'None'"),
    "assurance a name": ("assurance", "received", "must be Assurance, got 'received'"),
    "follow a number": ("follow_replacement", 1, "'follow_replacement' of CancelRequest must be bool, got 1"),
    "timeout zero": ("timeout_s", 0, "'timeout_s' of CancelRequest must be a positive, finite number"),
    "timeout negative": ("timeout_s", -1.0, "got -1.0"),
    "timeout endless": ("timeout_s", float("inf"), "must be a positive, finite number of seconds, got inf"),
    "timeout no number": ("timeout_s", float("nan"), "must be a positive, finite number"),
    "timeout a text": ("timeout_s", "10", "must be a positive, finite number of seconds, got '10'"),
    "timeout a bool": ("timeout_s", True, "must be a positive, finite number of seconds, got True"),
    "timeout none": ("timeout_s", None, "got None"),
    "timeout beyond any float": ("timeout_s", 10**400, "must be a positive, finite number"),
}


@pytest.mark.parametrize(("field", "value", "words"), BAD.values(), ids=BAD.keys())
def test_bad_requests_cannot_exist(field: str, value: object, words: str) -> None:
    """What cannot be asked is refused in the library's own tree, with the field and the value."""
    with pytest.raises(InvalidRequestError) as raised:
        CancelRequest(**{**LEAST, field: value})
    assert words in str(raised.value)


@pytest.mark.parametrize(("field", "value", "words"), BAD.values(), ids=BAD.keys())
def test_bad_requests_of_a_kind_of_their_own_cannot_exist(field: str, value: object, words: str) -> None:
    """Whoever derives from a request, and does something of its own at birth, gets no other rules."""

    @attrs.frozen(kw_only=True)
    class Noted(CancelRequest):
        account: str = "9"
        follow_replacement: bool = True

        def __attrs_post_init__(self) -> None:
            """Do nothing."""

    with pytest.raises(InvalidRequestError) as raised:
        Noted(**{**LEAST, field: value})
    assert words.replace("CancelRequest", "Noted") in str(raised.value)


def test_the_first_mistake_is_told() -> None:
    """Of several mistakes each request tells the same one: that of the field which comes first."""
    fields = [field.name for field in attrs.fields(CancelRequest)]
    bad: dict[str, Any] = dict.fromkeys(fields, b"")
    while bad:
        assert (error_of(lambda: CancelRequest(**{**LEAST, **bad})) or "").startswith(f"{fields[0]!r} of ")
        del bad[fields.pop(0)]


anything = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.builds(object)
)


@given(
    fields=st.dictionaries(st.sampled_from([field.name for field in attrs.fields(CancelRequest)]), anything)
)
def test_nothing_but_the_own_error(fields: dict[str, Any]) -> None:
    """Whatever is given, there is a request or an error of the library's own tree."""
    with contextlib.suppress(CountermandError):
        CancelRequest(**{**LEAST, **fields})


SPELLINGS = st.text(alphabet="+-017a \n\u00e9", max_size=5) | st.sampled_from(["7" * 128, "7" * 129])


def error_of(make: Callable[[], object]) -> str | None:
    try:
        make()
    except InvalidRequestError as error:
        return str(error)
    return None


@pytest.mark.parametrize("field", ["venue", "account", "request_id"])
@given(value=SPELLINGS)
def test_a_request_names_what_an_id_could(field: str, value: str) -> None:
    """Each identifier of a request obeys the rule of ids, and is told in the same words, by its own name."""
    refused = error_of(lambda: OrderId(value))
    if refused is not None:
        refused = refused.replace("'value' of OrderId", f"{field!r} of CancelRequest", 1)
    assert error_of(lambda: CancelRequest(**{**LEAST, field: value})) == refused


# FIX 5.0 SP2, MassActionReason (2675)
MASS_ACTION_REASONS = {
    CancelCause.NONE: 0,
    CancelCause.TRADING_RISK_CONTROL: 1,
    CancelCause.STOP_TRADING: 4,
    CancelCause.EMERGENCY_ACTION: 5,
    CancelCause.SESSION_LOSS: 6,
    CancelCause.CIRCUIT_BREAKER: 11,
    CancelCause.OTHER: 99,
}


@pytest.mark.parametrize("cause", CancelCause, ids=lambda cause: cause.name)
def test_causes_have_their_fix_numbers(cause: CancelCause) -> None:
    """Every cause has its value of FIX MassActionReason."""
    assert cause.mass_action_reason == MASS_ACTION_REASONS[cause]
