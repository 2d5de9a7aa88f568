"""Whether calls are legal HTTP, pure, and signed anew each time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from countermand.testing.contract.asking import SESSION, STAMP
from countermand.testing.contract.examples import Examples
from countermand.testing.contract.questions import CANCELS, Question
from countermand.testing.contract.requirement import made, require
from countermand.venue import Call, CallKind, HttpRequest, Session

#: RFC 9110, 5.6.2 and 5.5: a name is a token; a value has no control characters, no blank at its ends.
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"([\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?)?")
_METHOD = re.compile(r"[A-Z]+")
#: RFC 3986, 3.3 and 3.4.
_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*(\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?")
#: The transport's own headers: a second one would be another request.
_OF_THE_TRANSPORT = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "cookie", "upgrade"}
)
_KINDS: Mapping[Question, CallKind] = {
    Question.CANCEL: CallKind.CANCEL,
    Question.MASS_CANCEL: CallKind.MASS_CANCEL,
    Question.CANCEL_LIST: CallKind.MASS_CANCEL,
    Question.READ: CallKind.READ,
    Question.TRAIL: CallKind.READ,
    Question.OPEN: CallKind.LISTING,
    Question.HISTORY: CallKind.LISTING,
    Question.ACCOUNTS: CallKind.READ,
    Question.LOG_IN: CallKind.LOG_IN,
    Question.LOG_OUT: CallKind.LOG_IN,
}
_OTHER_SESSION = Session(token="another-session-token")  # noqa: S106 - a test credential, public


class CallsCases(Examples):
    """Requests as values."""

    def test_every_call_is_legal_http(self) -> None:
        """Method, path, header names and values are such as HTTP has them."""
        for call in self._all_calls():
            request = _signed(call)
            for holds, what in _laws(request):
                require(holds, f"Make {call.name!r} legal HTTP: {what}.")

    def test_every_call_leaves_the_connection_to_the_core(self) -> None:
        """Host, length, encoding and cookies are the transport's."""
        for call in self._all_calls():
            own = _OF_THE_TRANSPORT & {name.lower() for name in _signed(call).headers}
            require(not own, f"Leave the header {', '.join(own)} of {call.name!r} to the transport.")

    def test_every_call_is_of_its_kind(self) -> None:
        """Limits and permissions go by it."""
        for question, calls in self.every_call().items():
            for call in calls:
                given: object = call
                require(
                    isinstance(given, Call) and given.kind is _KINDS[question],
                    f"Make the call for {question.value} a Call of kind {_KINDS[question].name}.",
                )

    def test_every_call_has_a_steady_name(self) -> None:
        """It stands in acks and logs: of so many kinds, and not of so many orders."""
        for question, calls in self.every_call().items():
            for call in calls:
                name, order_id = str(call.name), str(self.request.order)
                require(
                    name.isprintable() and 0 < len(name) <= 60,  # noqa: PLR2004 - a line's half
                    f"Give the call for {question.value} the venue's own short name of it.",
                )
                require(
                    len(order_id) < 4 or order_id not in name,  # noqa: PLR2004 - a short id may be a version
                    f"Leave ids out of the name of the call for {question.value}.",
                )

    def test_a_call_made_twice_is_the_same(self) -> None:
        """Nothing but the question and the venue's settings decides what is sent."""
        for first, second in zip(self._all_calls(), self._all_calls(), strict=True):
            require(
                _signed(first) == _signed(second),
                f"Make {first.name!r} of its arguments alone: made twice, it is two different requests.",
            )

    def test_a_call_signed_twice_is_the_same(self) -> None:
        """The session and the stamp are all that a signature may depend on: no clock, no chance, no count."""
        for call in self._all_calls():
            require(
                _signed(call) == _signed(call),
                f"Sign {call.name!r} by the session and the stamp alone: signed twice, it differs.",
            )

    def test_a_call_bears_the_session_it_is_signed_with(self) -> None:
        """A call that was refused goes out again under a new session."""
        venue = self.venue()
        if not self.calls(Question.LOG_IN, venue):
            return
        for question, calls in self.every_call(venue).items():
            for call in calls:
                again = made(
                    partial(call.sign, _OTHER_SESSION, STAMP), f"{call.name!r} under another session"
                )
                require(
                    question is Question.LOG_IN or again != _signed(call),
                    f"Let {call.name!r} bear the session that it is signed with: another changes nothing.",
                )

    def test_only_cancels_can_act(self) -> None:
        """A read that is the same request as a cancel would cancel."""
        calls = self.every_call()
        cancels = {_plain(_signed(call)) for question in CANCELS for call in calls[question]}
        for question in set(Question) - set(CANCELS):
            for call in calls[question]:
                require(
                    _plain(_signed(call)) not in cancels,
                    f"Ask for {question.value} by another request than for a cancel.",
                )

    def _all_calls(self) -> list[Call[Any]]:
        return [call for calls in self.every_call().values() for call in calls]


def _signed(call: Call[Any]) -> HttpRequest:
    return call.sign(SESSION, STAMP)


def _plain(request: HttpRequest) -> tuple[str, str, bytes]:
    return request.method, request.path, request.content


def _laws(request: HttpRequest) -> Iterator[tuple[bool, str]]:
    names = [name.lower() for name in request.headers]
    values: Iterable[object] = request.headers.values()
    yield bool(_METHOD.fullmatch(request.method)), "its method must be capital letters"
    yield bool(_PATH.fullmatch(request.path)), "its path must begin with a slash, quoted as in a URL"
    yield all(_NAME.fullmatch(name) for name in names), "a header's name must be a token"
    yield (
        all(isinstance(one, str) and _VALUE.fullmatch(one) for one in values),
        ("a header's value must be printable ASCII without a blank at its ends"),
    )
    yield len(names) == len(set(names)), "a header stands in it twice"
    yield isinstance(request.content, bytes), "its content must be bytes"
    yield not request.content or "content-type" in names, "content needs a Content-Type"
