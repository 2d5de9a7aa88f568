"""Answers read by h11: every one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import h11
import httpx

from countermand._http import ReceivedHeaders
from countermand._wire._head import HEAD_BYTES, Head

#: Where the parser's words begin to quote what came.
_QUOTE = re.compile(r"[ :(]*(bytearray\()?b['\"]")
_END = h11.EndOfMessage()


class H11Parser:
    """Reads whatever h11 takes for an answer."""

    __slots__ = ("_http", "_taken", "ended", "head", "keeps")

    def __init__(self, method: str) -> None:
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_BYTES)
        # It expects an answer only after a request, of which the method is all that matters to it.
        self._http.send(_asked(method))
        self._http.send(_END)
        self._taken = 0
        self.head: Head | None = None
        self.ended = False
        self.keeps = False

    def read(self, data: bytes) -> bytes:
        """Take in what came, nothing for the peer's end, and return what it adds to the body.

        Raises `httpx.RemoteProtocolError` for an answer that is none.
        """
        if not data and self.head is None:
            raise httpx.RemoteProtocolError("the server closed the connection before it answered")
        self._taken += len(data)
        try:
            self._http.receive_data(data)
            return b"".join(self._pieces())
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
                    lines = b"".join(map(_line, response.headers.raw_items()))
                    self.head = Head(
                        response.status_code,
                        ReceivedHeaders(lines),
                        response.http_version,
                        bytes(response.reason),
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
        return self.head is not None and not self.head.is_ambiguous


def _line(header: tuple[bytes, bytes]) -> bytes:
    return b"\r\n%s: %s" % header


@lru_cache(maxsize=16)
def _asked(method: str) -> h11.Request:
    return h11.Request(method=method, target="/", headers=[("host", "-")])


def _told(error: Exception) -> str:
    return _QUOTE.split(str(error))[0]
