"""Whether a status that proves nothing is taken for nothing, whatever the body says."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from countermand.testing.contract.examples import Examples, is_success
from countermand.testing.contract.questions import Question
from countermand.testing.contract.requirement import one_line, reading, require, shown
from countermand.venue import Acted, Call, HttpResponse, Receipt, Throttled

_SERVER_ERRORS = (500, 501, 502, 503, 504, 520, 599)
_REDIRECTS = (300, 301, 302, 303, 304, 307, 308, 399)
_CLIENT_ERRORS = (400, 401, 403, 404, 405, 409, 410, 422, 451, 499)
_TOO_MANY = 429
_WAIT_S = 7
_HTML = (
    b"<!doctype html><html><head><title>Sign in</title></head><body><form></form></body></html>",
    b"<html><body><h1>It works!</h1></body></html>",
    b"\n<?xml version='1.0'?><html/>",
)


class StatusesCases(Examples):
    """The samples' bodies under other statuses."""

    def test_a_server_error_tells_nothing(self) -> None:
        """It comes before or after the order was canceled, and nobody knows which."""
        self._require_nothing(_SERVER_ERRORS, "a 5xx as MayHaveActed or Unreadable")

    def test_a_redirect_is_no_answer(self) -> None:
        """Nobody follows it, and whoever sends it is not the venue."""
        self._require_nothing(_REDIRECTS, "a 3xx as Unreadable")

    def test_too_many_requests_are_throttled(self) -> None:
        """With the wait that the venue asks for."""
        for question, calls in self.every_call().items():
            for call in calls if question is not Question.LOG_OUT else ():
                verdict = reading(call, HttpResponse(status=_TOO_MANY, headers={"Retry-After": str(_WAIT_S)}))
                require(
                    isinstance(verdict, Throttled),
                    f"Read 429 as Throttled: {call.name!r} reads it as {type(verdict).__name__}.",
                )
                require(
                    verdict.retry_after_s == _WAIT_S,
                    f"Read Retry-After into `retry_after_s`, by `retry_after_s(response)`: {call.name!r}"
                    f" gives {verdict.retry_after_s!r} for {_WAIT_S} seconds.",
                )

    def test_a_refusal_is_no_receipt(self) -> None:
        """A body of success under 409 is a contradiction, not a success."""
        for question, call, response in self._successes_under(_CLIENT_ERRORS):
            verdict = reading(call, response)
            require(
                not is_success(question, verdict),
                f"Read no 4xx as a success, whatever its body says: {call.name!r} reads {shown(response)} as"
                f" {type(verdict).__name__}.",
            )

    def test_a_success_that_is_not_documented_is_no_receipt(self) -> None:
        """Another 2xx than the documents name is another answer."""
        documented: dict[Question, set[int]] = {question: set() for question in Question}
        contents: dict[Question, set[bytes]] = {question: {b""} for question in Question}
        for question, _, sample, verdict in self.read_samples():
            if is_success(question, verdict) and sample.is_meant(verdict):
                documented[question].add(sample.response.status)
                contents[question].add(sample.response.content)
        for question, calls in self.every_call().items():
            others = set(range(200, 300)) - documented[question]
            answers = itertools.product(calls, others, contents[question])
            for call, status, content in answers:
                verdict = reading(call, HttpResponse(status=status, content=content))
                require(
                    not is_success(question, verdict),
                    f"Read only documented statuses as a success: {call.name!r} reads {status} as"
                    f" {type(verdict).__name__}.",
                )

    def test_a_page_of_html_is_no_answer(self) -> None:
        """A proxy's sign-in page comes under 200, too."""
        for question, calls in self.every_call().items():
            for call in calls:
                for content in _HTML:
                    verdict = reading(call, HttpResponse(status=200, content=content))
                    require(
                        not is_success(question, verdict) and getattr(verdict, "acted", None) is not Acted.NO,
                        f"Read HTML under 200 as Unreadable: {call.name!r} reads it as"
                        f" {one_line(type(verdict).__name__)}.",
                    )

    def _require_nothing(self, statuses: Iterable[int], right: str) -> None:
        for question, call, response in self._under(statuses):
            verdict = reading(call, response)
            acted = getattr(verdict, "acted", Acted.MAYBE)
            require(
                acted is Acted.MAYBE and not is_success(question, verdict),
                f"Read {right}: {call.name!r} reads {shown(response)} as {type(verdict).__name__}.",
            )

    def _under(self, statuses: Iterable[int]) -> Iterator[tuple[Question, Call[Any], HttpResponse]]:
        for question, call, sample, _ in self.read_samples():
            for status in statuses:
                yield question, call, attrs.evolve(sample.response, status=status)

    def _successes_under(self, statuses: Iterable[int]) -> Iterator[tuple[Question, Call[Any], HttpResponse]]:
        for question, call, sample, verdict in self.read_samples():
            if is_success(question, verdict) or isinstance(verdict, Receipt):
                for status in statuses:
                    yield question, call, attrs.evolve(sample.response, status=status)
