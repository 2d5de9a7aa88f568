"""What a venue sends back, without the secrets that were sent to it.

An answer is read as it came; only what is kept of it is blotted: its texts, and the last reply.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import attrs

from countermand._engine._rows import Rows
from countermand._http import HttpRequest
from countermand._order import OrderReport
from countermand.venue import Page, PerOrder, Receipt

T = TypeVar("T")

#: Headers whose values are no secrets, by any venue's name for them; an order's id may be the same digits.
_PUBLIC_HEADERS = frozenset({"accept", "content-type", "nonce", "userid"})
_SHORTEST_SECRET = 6
_BLOT = "[redacted]"
#: How many signs one of a secret may be spelled with: "+" as \\u002B.
_LONGEST_SPELLING = 6
_RUNS = re.compile("[0-9A-Za-z]+")


class Redactor:
    """Blots the secrets of one request's headers out of whatever is kept of its answer.

    Those of its body, too, where it `logs_in`: a password or a code stands in either.
    """

    def __init__(self, request: HttpRequest, *, logs_in: bool = False) -> None:
        private = [value for name, value in request.headers.items() if name.lower() not in _PUBLIC_HEADERS]
        if logs_in:
            private += _texts_of(request.content.decode("utf-8", "replace"))
        secrets = {secret for value in private for secret in _secrets(value)}
        # The longest first: a password may be a part of the header that bears it.
        longest_first = sorted(secrets, key=len, reverse=True)
        self._secrets = [(one, _longest_run(one)) for one in longest_first if len(one) >= _SHORTEST_SECRET]
        #: The last answer that had nothing to be blotted: a reader that remembers receipts gives it again.
        self._clean: object = None
        #: The last short reply and what is kept of it: receipts are alike, and thousands of them are kept.
        self._short = (b"", "")

    def text(self, text: str) -> str:
        """Blot a text."""
        for secret, run in self._secrets:
            # Letters and digits are spelled in one way only: a text without a run of them has no such secret.
            if run in text:
                text = text.replace(secret, _BLOT) if run == secret else _respelled(text, secret)
        return text

    def beginning(self, content: bytes, most: int) -> str:
        """Blot the first `most` bytes of a reply; a secret of which only a part is among them ends it."""
        if len(content) > most:
            return self._cut(content, most)
        if content != self._short[0]:
            self._short = (content, self.text(content.decode("utf-8", "replace")))
        return self._short[1]

    def _cut(self, content: bytes, most: int) -> str:
        text = content[:most].decode("utf-8", "replace")
        if not self._secrets:
            return text
        reach = _LONGEST_SPELLING * max(len(secret) for secret, _ in self._secrets)
        beyond = content[: most + reach].decode("utf-8", "replace")
        ends = [len(text)]
        for secret, _ in self._secrets:
            spans = (found.span() for found in re.finditer("".join(map(_spellings, secret)), beyond))
            ends += [start for start, end in spans if start < len(text) < end]
        return self.text(text[: min(ends)])

    def answer(self, answer: T) -> T:
        """Blot the texts of a verdict or a report."""
        if answer is self._clean:
            return answer
        changes: dict[str, object] = {}
        for name in ("code", "text"):
            told = getattr(answer, name, None)
            if told is not None and (kept := self.text(told)) != told:
                changes[name] = kept
        report = getattr(answer, "report", None)
        if isinstance(report, OrderReport):
            changes["report"] = self.report(report)
        if isinstance(answer, PerOrder):
            changes["orders"] = {one: self.answer(verdict) for one, verdict in answer.orders.items()}
        if isinstance(answer, Page):
            changes["rows"] = _Blotted(self, answer.rows)
        if not changes:
            self._clean = answer if type(answer) is Receipt else None  # all of which was looked at
            return answer
        return attrs.evolve(answer, **changes)  # type: ignore[misc]  # verdicts are attrs values

    def report(self, report: OrderReport) -> OrderReport:
        """Blot the texts of a report and of its legs."""
        changes: dict[str, Any] = {}
        if report.text is not None:
            changes["text"] = self.text(report.text)
        if report.legs:
            changes["legs"] = tuple(map(self.report, report.legs))
        return attrs.evolve(report, **changes) if changes else report


class Redactors:
    """Makes the redactors of a venue's requests: one for all that bear the same headers, as in a session."""

    def __init__(self) -> None:
        self._headers: Mapping[str, str] = {}
        self._redactor = Redactor(HttpRequest(method="", path=""))

    def of(self, request: HttpRequest, *, logs_in: bool = False) -> Redactor:
        """Make the redactor of a request, or take the last one again."""
        if logs_in:
            return Redactor(request, logs_in=True)
        if request.headers != self._headers:
            self._headers, self._redactor = request.headers, Redactor(request)
        return self._redactor


class _Blotted:
    """Blots the texts of rows as they are read, and what is said of one that cannot be read.

    No generator, which would be at its end there: the rows behind that one can be read.
    """

    def __init__(self, redactor: Redactor, rows: Iterable[OrderReport]) -> None:
        self._redactor = redactor
        self._rows = rows
        self._left = iter(rows)

    @property
    def fault(self) -> str | None:
        told = self._rows.fault if isinstance(self._rows, Rows) else None
        return None if told is None else self._redactor.text(told)

    def __iter__(self) -> Iterator[OrderReport]:
        return self

    def __next__(self) -> OrderReport:
        try:
            return self._redactor.report(next(self._left))
        except ValueError as error:
            raise ValueError(self._redactor.text(str(error))) from None


def fault_of(rows: Iterable[OrderReport]) -> str | None:
    """Return what was wrong with the plugin that made the rows, as far as they were read."""
    return rows.fault if isinstance(rows, _Blotted) else None


def _texts_of(body: str) -> list[str]:
    """List what a body says: the texts of a JSON object, or the values of a form."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return [value for _, value in parse_qsl(body)]
    return [value for value in said.values() if isinstance(value, str)] if isinstance(said, dict) else []


def _secrets(value: str) -> set[str]:
    """Take apart "Bearer <token>" and "Basic <user:password>": what comes back may be a part alone."""
    scheme, _, rest = value.partition(" ")
    parts = {value, *rest.split()}
    if scheme == "Basic":
        with contextlib.suppress(ValueError):
            parts.add(base64.b64decode(rest, validate=True).decode().partition(":")[2])
    return parts


def _longest_run(secret: str) -> str:
    return max(_RUNS.findall(secret), key=len, default="")


def _respelled(text: str, secret: str) -> str:
    return re.sub("".join(map(_spellings, secret)), _BLOT, text)


def _spellings(char: str) -> str:
    # JSON may write a sign behind a backslash, or as a number: "+" as \\u002B.
    plain = re.escape(char)
    if char.isascii() and char.isalnum():
        return plain
    return rf"(?:\\?{plain}|\\u(?i:{ord(char):04x}))"
