"""Whether the pure functions are quick: whatever they take, every other venue waits for."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import partial

from countermand.testing.contract.asking import SESSION, STAMP, target_of
from countermand.testing.contract.examples import Examples
from countermand.testing.contract.requirement import reading, require
from countermand.venue import HttpResponse

#: The most that a pure function may take, for an answer of so many bytes.
_LIMIT_S = 0.005
_BYTES = 64 << 10
_TRIES = 9
#: What `_measure` takes where the limit holds as it stands.
_MEASURE_S = 0.0012


class SpeedCases(Examples):
    """The best of several tries, in the time of this thread alone, and by the pace of the machine."""

    def test_no_reader_is_slow(self) -> None:
        """5 ms for 64 KiB, whatever they are."""
        bodies = [*_bodies(), *self._long_answers()]
        for calls in self.every_call().values():
            for call in calls:
                for content in bodies:
                    require(
                        _is_quick(partial(reading, call, HttpResponse(status=200, content=content))),
                        f"Read 64 KiB in 5 ms: {call.name!r} takes longer for {content[:20]!r}, so read rows"
                        " only while they are iterated.",
                    )

    def test_no_call_is_slow_to_make(self) -> None:
        """To check a request, to make its calls and to sign them takes 5 ms at most."""
        venue, request = self.venue(), self.request
        work: dict[str, Callable[[], object]] = {
            "check": partial(venue.check, request),
            "cancel": partial(venue.cancel, target_of(request)),
            "log_in": venue.log_in,
            "capabilities": lambda: venue.capabilities,
        }
        for calls in self.every_call().values():
            work |= {f"the signature of {call.name!r}": partial(call.sign, SESSION, STAMP) for call in calls}
        for what, do in work.items():
            require(_is_quick(do), f"Be done with {what} in 5 ms: it takes longer.")

    def _long_answers(self) -> Iterator[bytes]:
        answer = self.order_answer(str(self.request.order), self.request.account, self.first_word)
        try:
            order = json.loads(answer.content)
        except ValueError:
            return
        count = _BYTES // (len(answer.content) + 1)
        yield json.dumps([order] * count).encode()
        if isinstance(order, dict):
            yield json.dumps({**order, "a": "b" * (_BYTES - len(answer.content))}).encode()


def _bodies() -> Iterator[bytes]:
    yield b"x" * _BYTES
    yield b" " * _BYTES
    yield b"[" * _BYTES
    yield b'"' + b"\\u0041" * (_BYTES // 6) + b'"'
    yield b'{"message":"' + b"x" * _BYTES + b'"}'
    yield b"<" * _BYTES
    yield b"9" * _BYTES


def _is_quick(do: Callable[[], object]) -> bool:
    """Tell whether something takes the limit at most, at a pace that nothing else slows down."""
    return any(_took_s(do) <= _LIMIT_S or _took_s(do) <= _LIMIT_S * _slowness() for _ in range(_TRIES))


def _took_s(do: Callable[[], object]) -> float:
    began = time.thread_time()
    do()
    return time.thread_time() - began


def _slowness() -> float:
    """Tell how much slower than usual this thread is now: by a neighbour, an old machine or a tracer."""
    return max(1.0, _took_s(_measure) / _MEASURE_S)


def _measure() -> dict[str, int]:
    lengths = {}
    for number in range(10_000):
        word = str(number)
        lengths[word.casefold()] = len(word)
    return lengths
