"""One exchange as bytes: the only module that knows the parser, and so the seam for another one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus

import attrs
import h11
import httpx

#: The most that the head of an answer may take, with all that is said before it (1xx), in bytes.
HEAD_BYTES = 65_536
#: Where a parser's words begin to quote: what came, or a header of ours and the secret in it.
_QUOTE = re.compile(r"[ :(]*(bytearray\()?b['\"]")

Headers = Sequence[tuple[bytes, bytes]]


@attrs.frozen(kw_only=True)
class Head:
    """What an answer begins with."""

    status: int
    headers: Headers
    version: bytes
    reason: bytes


class Parser:
    """Writes one request and reads one answer; made for one exchange, so that nothing is left over."""

    def __init__(self) -> None:
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_BYTES)
        self._taken = 0
        self.head: Head | None = None
        #: Whether the answer is whole.
        self.ended = False
        #: Whether, after a whole answer, nothing speaks against another exchange on its connection.
        self.keeps = False

    def request(self, method: str, target: bytes, headers: Headers, content: bytes) -> bytes:
        """Write a request out whole; raises `httpx.LocalProtocolError` for one that is none."""
        try:
            head = h11.Request(method=method, target=target, headers=list(headers))
            events = (head, h11.Data(data=content), h11.EndOfMessage())
            return b"".join(self._http.send(event) for event in events)
        except (h11.LocalProtocolError, UnicodeEncodeError) as error:
            raise httpx.LocalProtocolError(_told(error)) from None  # its words quote

    def read(self, data: bytes) -> list[bytes]:
        """Take in what came, nothing for the peer's end, and return what it adds to the body.

        Raises `httpx.RemoteProtocolError` for an answer that is none.
        """
        if not data and self.head is None:
            raise httpx.RemoteProtocolError("the server closed the connection before it answered")
        self._taken += len(data)
        try:
            self._http.receive_data(data)
            return list(self._pieces())
        except h11.RemoteProtocolError as error:
            raise httpx.RemoteProtocolError(_told(error)) from error

    def _pieces(self) -> Iterator[bytes]:
        while not self.ended:
            match self._http.next_event():
                case h11.NEED_DATA:
                    return
                case h11.Data(data=data):
                    yield bytes(data)
                case h11.EndOfMessage():
                    self.ended = True
                    self.keeps = self._is_kept()
                case h11.InformationalResponse():
                    self._bound_head()
                case h11.Response() as response:
                    self._bound_head()
                    self.head = Head(
                        status=response.status_code,
                        headers=response.headers.raw_items(),
                        version=response.http_version,
                        reason=bytes(response.reason),
                    )
                case _:  # the protocol was switched, or the connection ended before the answer
                    raise httpx.RemoteProtocolError("the answer is not one to this request")

    def _bound_head(self) -> None:
        if self._taken - self._left_over() > HEAD_BYTES:
            raise httpx.RemoteProtocolError(f"the head of the answer is over {HEAD_BYTES} bytes")

    def _left_over(self) -> int:
        return len(self._http.trailing_data[0])

    def _is_kept(self) -> bool:
        if self._left_over() or not (self._http.our_state is self._http.their_state is h11.DONE):
            return False
        return self.head is not None and not _is_ambiguous(self.head)


def _is_ambiguous(head: Head) -> bool:
    """Tell whether others may see the end of this answer elsewhere; RFC 9112, 6.1 and 6.3."""
    said = {name.lower(): value for name, value in head.headers}
    length, coding = said.get(b"content-length"), said.get(b"transfer-encoding")
    if head.status == HTTPStatus.NO_CONTENT:
        return coding is not None or length not in (None, b"0")
    return coding is not None and (length is not None or head.status == HTTPStatus.NOT_MODIFIED)


def _told(error: Exception) -> str:
    return _QUOTE.split(str(error))[0]
