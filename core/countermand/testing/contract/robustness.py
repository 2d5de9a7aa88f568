"""Whether any bytes under any status give a verdict, the same one each time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import attrs

from countermand import OrderReport
from countermand.testing.contract.examples import Examples, is_success
from countermand.testing.contract.questions import VERDICTS, Question
from countermand.testing.contract.requirement import one_line, reading, require, shown
from countermand.testing.contract.spoiled import mutants, with_long_words
from countermand.venue import Call, HttpResponse, Page

_STATUSES = (0, 100, 199, 200, 201, 202, 204, 206, 304, 400, 401, 403, 404, 409, 422, 429, 500, 503, 999)
_HEADERS = ("\x00", "9" * 400, "-1", "1e9", "Fri, 31 Dec 9999 23:59:59 -2359", "soon")
#: Bodies that break readers: of no text, too deep, too long, two keys in one, and what JSON only nearly has.
_BODIES = (
    b"", b" \n", b"\xff\xfe", b"\xef\xbb\xbf\xff", b"null", b"true", b"0", b"[]", b"{}", b'""', b"[[]]",
    b"NaN",
    b"[null]", b"[1]", b'["a"]', b"[{}]", b"{", b"[", b'{"a"', b"[" * 60_000, b'{"a":' * 60_000,
    b'{"a":' + b"9" * 5_000 + b"}", b"1e999999999", b'{"a":1,"a":2}', b'"\\ud800"',
)  # fmt: skip
#: The longest text of a venue that a verdict may keep, in characters.
_LONGEST_TEXT = 4096
_SEED = 5


class RobustnessCases(Examples):
    """Readers under a seeded rain of answers."""

    def test_any_bytes_give_a_verdict(self) -> None:
        """One of the question's own, and never an exception."""
        for question, call, response in self._rain():
            verdict = reading(call, response)
            require(
                isinstance(verdict, VERDICTS[question]),
                f"Let {call.name!r} give a verdict of its own kind: it reads {shown(response)} as"
                f" {type(verdict).__name__}.",
            )
            if isinstance(verdict, Page):
                _read_rows(call, verdict, response)

    def test_an_answer_is_read_alike_each_time(self) -> None:
        """A reader keeps nothing of what it read before."""
        for _, call, response in self._rain():
            first, second = _whole(reading(call, response)), _whole(reading(call, response))
            require(
                first == second,
                f"Let the reader of {call.name!r} depend on the answer alone: read twice, {shown(response)}"
                " is two verdicts.",
            )

    def test_an_answer_cut_short_is_no_success(self) -> None:
        """A body that ends in its midst is none."""
        for question, call, sample, verdict in self.read_samples():
            content = sample.response.content
            if not is_success(question, verdict) or not content:
                continue
            for length in {1, len(content) // 3, len(content) // 2, len(content) - 1} - {0, len(content)}:
                cut = reading(call, attrs.evolve(sample.response, content=content[:length]))
                require(
                    not is_success(question, cut) or (isinstance(cut, Page) and _whole(cut) is None),
                    f"Read a body that is cut short as Unreadable: {call.name!r} reads"
                    f" {content[:length][-40:]!r} as {type(cut).__name__}.",
                )

    def test_an_empty_answer_shows_nothing(self) -> None:
        """An empty 200 is no order, no listing, no account and no session."""
        asking = set(Question) - {
            Question.CANCEL,
            Question.MASS_CANCEL,
            Question.CANCEL_LIST,
            Question.LOG_OUT,
        }
        for question, calls in self.every_call().items():
            for call in calls if question in asking else ():
                for content in (b"", b" ", b"null", b"{}"):
                    verdict = reading(call, HttpResponse(status=200, content=content))
                    require(
                        not is_success(question, verdict),
                        f"Read an empty answer as Unreadable: {call.name!r} reads 200 with {content!r} as"
                        f" {type(verdict).__name__}.",
                    )

    def test_texts_can_be_written_and_are_bounded(self) -> None:
        """A venue's words go into logs: no lone surrogate, and not the whole of a page."""
        for question, call, sample, _ in self.read_samples():
            for response in with_long_words(sample.response):
                verdict = reading(call, response)
                for field in ("code", "text"):
                    text = getattr(verdict, field, None) or ""
                    require(
                        text.encode("utf-8", "replace").decode() == text and len(text) <= _LONGEST_TEXT,
                        f"Keep a venue's words short, and such as can be written: the {field} of a verdict of"
                        f" {call.name!r} for {question.value} has {len(text)} characters.",
                    )

    def _rain(self) -> Iterator[tuple[Question, Call[Any], HttpResponse]]:
        chance = random.Random(_SEED)  # noqa: S311 - chance here needs no secrecy, but to come again
        bodies = {question: list(_BODIES) for question in Question}
        for question, _, sample, _ in self.read_samples():
            bodies[question] += mutants(sample.response.content, chance)
        for question, calls in self.every_call().items():
            for call in calls:
                for content in bodies[question]:
                    headers = {"retry-after": chance.choice(_HEADERS), "date": chance.choice(_HEADERS)}
                    for status in (200, chance.choice(_STATUSES)):
                        yield question, call, HttpResponse(status=status, headers=headers, content=content)


def _read_rows(call: Call[Any], page: Page, response: HttpResponse) -> None:
    rows = iter(page.rows)
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except ValueError:
            continue  # a row that cannot be read, told as such
        except Exception as error:
            sentence = (
                f"Raise WireError for a row that cannot be read: {call.name!r} raises {one_line(error)}."
            )
            raise AssertionError(sentence) from error
        require(isinstance(row, OrderReport), f"Give OrderReports as rows of {shown(response)}.")


def _whole(verdict: object) -> object:
    """Return a verdict that can be compared; None for a page with a row that cannot be read."""
    if not isinstance(verdict, Page):
        return verdict
    try:
        return attrs.evolve(verdict, rows=tuple(verdict.rows))
    except ValueError:
        return None
