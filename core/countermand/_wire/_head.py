"""What an answer begins with, and the seam of the parsers that read it."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Protocol

import attrs

from countermand._http import ReceivedHeaders

#: The most that the head of an answer may take, with all that is said before it (1xx), in bytes.
HEAD_BYTES = 65_536

#: To these an answer ends elsewhere than it says itself; RFC 9112, 6.3.
ODD_METHODS = frozenset({"HEAD", "CONNECT"})

#: A header's value, as a pattern: without control characters and folded lines; RFC 9112, 5.
TEXT = rb"[\t -~\x80-\xff]*+"

Headers = Sequence[tuple[bytes, bytes]]


@attrs.define
class Head:
    """What an answer begins with; those that begin with the same may share one, which is never changed."""

    status: int
    headers: ReceivedHeaders
    version: bytes
    reason: bytes
    #: Its bytes as they came, where they alone tell all of a whole answer but its body; else nothing.
    #: Never shown: they may bear a cookie.
    plain: bytes = attrs.field(default=b"", eq=False, repr=False)

    @property
    def is_ambiguous(self) -> bool:
        """Whether others may see the end of this answer elsewhere; RFC 9112, 6.1 and 6.3."""
        length, coding = self.headers.get("content-length"), self.headers.get("transfer-encoding")
        if self.status == HTTPStatus.NO_CONTENT:
            return coding is not None or length not in (None, "0")
        return coding is not None and (length is not None or self.status == HTTPStatus.NOT_MODIFIED)


class Parser(Protocol):
    """Reads one answer; made for one exchange, so that nothing is left over."""

    head: Head | None
    #: Whether the answer is whole.
    ended: bool
    #: Whether, after a whole answer, nothing in it speaks against another exchange on its connection.
    keeps: bool

    def __init__(self, method: str) -> None:
        """Begin to read what is answered to a request with that method."""

    def read(self, data: bytes) -> bytes:
        """Take in what came, nothing for the peer's end, and return what it adds to the body.

        Raises `httpx.RemoteProtocolError` for an answer that is none, in words that quote nothing of it.
        """
