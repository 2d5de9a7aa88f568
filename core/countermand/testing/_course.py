"""How an answer comes over the wire, byte by byte, as a value: both shells perform it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum, auto

import attrs

from countermand._http import HttpResponse
from countermand.testing._fault import FaultKind
from countermand.testing._reply import WireTrouble
from countermand.testing._trouble import GARBAGE

#: The statuses whose answers have no body; RFC 9110, 6.4.1.
BODILESS = frozenset({204, 304})


class End(Enum):
    """What follows the last byte."""

    #: The connection serves on.
    KEEP = auto()
    CLOSE = auto()
    RESET = auto()
    #: Nothing at all.
    STALL = auto()


@attrs.frozen
class Piece:
    """Bytes that come `wait_s` seconds after those before them."""

    wait_s: float
    data: bytes


@attrs.frozen(kw_only=True)
class Course:
    """All that comes, and the end of it."""

    pieces: tuple[Piece, ...]
    end: End = End.KEEP


@attrs.frozen(kw_only=True)
class Whole:
    """An answer as bytes."""

    head: bytes
    body: bytes

    @property
    def data(self) -> bytes:
        """Both in one."""
        return self.head + self.body


def whole(response: HttpResponse) -> Whole:
    """Write an answer as HTTP/1.1 has it, with its length."""
    body = b"" if response.status in BODILESS else response.content
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    if response.status not in BODILESS:
        headers["content-length"] = str(len(body))
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return Whole(head=f"HTTP/1.1 {response.status} \r\n{lines}\r\n".encode("latin-1"), body=body)


def course_of(trouble: WireTrouble, answer: Whole, pieces: int) -> Course:
    """Tell how an answer comes under a trouble; one that dribbles comes in that many pieces at most."""
    return _COURSES[trouble.kind](trouble, answer, pieces)


def _cut_by(end: End) -> Callable[[WireTrouble, Whole, int], Course]:
    def cut(trouble: WireTrouble, answer: Whole, _pieces: int) -> Course:
        data = answer.data[: len(answer.data) // 2] if trouble.middle else b""
        return Course(pieces=(Piece(0.0, data),) if data else (), end=end)

    return cut


def _half(_trouble: WireTrouble, answer: Whole, _pieces: int) -> Course:
    return Course(pieces=(Piece(0.0, answer.data[: _half_way(answer)]),), end=End.CLOSE)


def _dribble(trouble: WireTrouble, answer: Whole, pieces: int) -> Course:
    at_once = _half_way(answer) if trouble.middle else 0
    slow = answer.data[at_once:]
    size = -(-len(slow) // pieces)
    parts = [slow[start : start + size] for start in range(0, len(slow), size)]
    wait_s = trouble.seconds / len(parts)
    first = (Piece(0.0, answer.data[:at_once]),) if at_once else ()
    return Course(pieces=(*first, *(Piece(wait_s, part) for part in parts)))


def _late(trouble: WireTrouble, answer: Whole, _pieces: int) -> Course:
    half = _half_way(answer)
    return Course(pieces=(Piece(0.0, answer.data[:half]), Piece(trouble.seconds, answer.data[half:])))


def _garbage(_trouble: WireTrouble, _answer: Whole, _pieces: int) -> Course:
    return Course(pieces=(Piece(0.0, GARBAGE),), end=End.CLOSE)


def _two_answers(trouble: WireTrouble, answer: Whole, _pieces: int) -> Course:
    stray = b"" if trouble.stray is None else whole(trouble.stray).data
    return Course(pieces=(Piece(0.0, answer.data + stray),))


def _half_way(answer: Whole) -> int:
    return len(answer.head) + len(answer.body) // 2 if answer.body else len(answer.head) // 2


_COURSES: Mapping[FaultKind, Callable[[WireTrouble, Whole, int], Course]] = {
    FaultKind.RESET: _cut_by(End.RESET),
    FaultKind.CLOSE: _cut_by(End.CLOSE),
    FaultKind.STALL: _cut_by(End.STALL),
    FaultKind.DRIBBLE: _dribble,
    FaultKind.HALF: _half,
    FaultKind.GARBAGE: _garbage,
    FaultKind.LATE: _late,
    FaultKind.TWO_ANSWERS: _two_answers,
}
