"""A head that is known: its bytes, and which of its headers say something else in every answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from operator import itemgetter

from countermand._http import ReceivedHeaders
from countermand._wire._head import TEXT, Head

#: How many headers may vary, such as a date and some ids.
MOST_VARYING = 8
#: How long a head may be, in bytes, in which these are looked for.
LEARNED_BYTES = 8_192

#: Those that a parser might heed: they may tell where an answer ends, or whether another one may follow.
_HEEDED = frozenset(
    b"connection content-length keep-alive proxy-connection te trailer transfer-encoding upgrade".split()
)
_IS_TEXT = bytes(re.fullmatch(TEXT, bytes([code])) is not None for code in range(256))


class KnownHead:
    """The head of a plain whole answer, and any that differs from it only in the values of some headers.

    Where a plain answer ends, and what its head says, follows from the bytes of that head alone. To the
    parsers the value of a header that they do not heed is any text up to the end of its line: so another
    text that is as long changes neither a line, nor anything that is told of the answer, but that value.
    """

    def __init__(self, head: Head) -> None:
        #: The last of these: many answers say the very same.
        self._head = head
        self._varying: set[int] = set()
        #: Cuts an answer into what is constant and what varies, by turns.
        self._cut: Callable[[bytes], tuple[bytes, ...]] | None = None
        self._constant: tuple[bytes, ...] = ()

    def of(self, data: bytes) -> Head | None:
        """Return what an answer that is as long begins with, where that is such a head."""
        head = self._head
        if data.startswith(head.plain):
            return head
        if self._cut is None:
            return None
        pieces = self._cut(data)
        if pieces[::2] != self._constant or 0 in b"".join(pieces[1::2]).translate(_IS_TEXT):
            return None
        plain = data[: len(head.plain)]
        # The names are the same: what is not among them need not be looked for again.
        headers = ReceivedHeaders(plain, head.headers.lacked)
        self._head = Head(head.status, headers, head.version, head.reason, plain)
        return self._head

    def learn(self, head: Head) -> bool:
        """Learn what varies from the head of another answer as long; tell whether nothing else differs."""
        if max(len(head.plain), len(self._head.plain)) > LEARNED_BYTES:
            return False
        before, lines = self._head.plain.split(b"\r\n"), head.plain.split(b"\r\n")
        if len(lines) != len(before):
            return False
        varying = {number for number, line in enumerate(lines) if line != before[number]} | self._varying
        if 0 in varying or not 1 <= len(varying) <= MOST_VARYING:
            return False
        if any(_is_heeded(lines[number]) for number in varying):
            return False
        self._head, self._varying = head, varying
        cut = itemgetter(*(slice(*ends) for ends in pairwise(_ends(lines, varying))))
        self._cut, self._constant = cut, cut(head.plain)[::2]
        return True


def _is_heeded(line: bytes) -> bool:
    return line.partition(b":")[0].lower() in _HEEDED


def _ends(lines: list[bytes], varying: set[int]) -> Iterator[int]:
    """Tell where each piece of a head begins, of which every second one is a value that varies."""
    at = 0
    yield at
    for number, line in enumerate(lines):
        if number in varying:
            yield at + line.index(b":") + 1
            yield at + len(line)
        at += len(line) + len(b"\r\n")
    yield at - len(b"\r\n")
