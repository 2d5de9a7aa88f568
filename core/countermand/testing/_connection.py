"""One connection to a served simulator: HTTP/1.1 by h11 and all its troubles, without a task of its own."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import socket
import struct
from collections.abc import Callable, Iterator
from typing import cast

import h11

from countermand._http import HttpRequest, HttpResponse
from countermand.testing._course import BODILESS, End, Piece, Whole, course_of
from countermand.testing._owed import Owed
from countermand.testing._reply import json_response

#: The most that the head of a request, and its body, may hold each, in bytes.
REQUEST_BYTES = 1 << 20

#: A dribbled answer comes byte by byte, but in so many pieces a second at most: timers are no finer.
_PIECES_A_SECOND = 1000
#: SO_LINGER: on, for no time; closing is a reset then.
_AT_ONCE = struct.pack("ii", 1, 0)


class Connection(asyncio.Protocol):
    """Reads requests one after the other and lets the replies to them happen in time."""

    def __init__(self, answer: Callable[[HttpRequest], Owed], open_connections: set[Connection]) -> None:
        self._answer = answer
        self._open_connections = open_connections
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=REQUEST_BYTES)
        self._head: h11.Request | None = None
        self._content = bytearray()
        #: A request was read and has no answer yet; `_timer` is running if it will get one.
        self._owing = False
        self._timer: asyncio.TimerHandle | None = None
        self._unread = 0
        #: Whether the next answer is the last one.
        self._last = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin: asyncio calls this."""
        self._transport = cast("asyncio.Transport", transport)
        self._open_connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """End: asyncio calls this; a reply that is not due yet is not given."""
        if self._timer is not None:
            self._timer.cancel()
        self._open_connections.discard(self)

    def abort(self) -> None:
        """Close at once, whatever is owed."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take bytes in: asyncio calls this."""
        self._http.receive_data(data)
        if not self._owing:
            self._read()
            return
        self._unread += len(data)
        if self._unread > REQUEST_BYTES:
            self.abort()

    def eof_received(self) -> bool:
        """Take the peer's end in, and tell asyncio whether to keep this side open for a reply to come."""
        self._http.receive_data(b"")
        if not self._owing:
            self._read()
        return self._timer is not None and self._transport.get_extra_info("ssl_object") is None

    def _read(self) -> None:
        try:
            while not self._owing and self._take(self._http.next_event()):
                pass
        except h11.RemoteProtocolError as error:
            self._refuse(error.error_status_hint, str(error))

    def _take(self, event: object) -> bool:
        match event:
            case h11.Request():
                self._head = event
                self._content.clear()
            case h11.Data():
                self._content += event.data
                if len(self._content) > REQUEST_BYTES:
                    self._refuse(413, f"a body of more than {REQUEST_BYTES} bytes")
                    return False
            case h11.EndOfMessage():
                self._dispatch()
            case h11.ConnectionClosed():
                self._transport.close()
                return False
            case _:  # more bytes are needed
                if self._http.they_are_waiting_for_100_continue:
                    self._transport.write(self._bytes(h11.InformationalResponse(status_code=100, headers=[])))
                return False
        return True

    def _dispatch(self) -> None:
        head = cast("h11.Request", self._head)
        self._owing = True
        owed = self._answer(
            HttpRequest(
                method=head.method.decode("ascii"),
                path=head.target.decode("ascii"),
                headers={name.decode("ascii"): value.decode("latin-1") for name, value in head.headers},
                content=bytes(self._content),
            )
        )
        if owed.give is None:
            return
        if owed.delay_s > 0:
            self._later(owed.delay_s, lambda: self._give_late(owed))
        else:
            self._give(owed)

    def _later(self, delay_s: float, act: Callable[[], None]) -> None:
        self._timer = asyncio.get_running_loop().call_later(delay_s, act)

    def _give_late(self, owed: Owed) -> None:
        self._timer = None
        self._give(owed)
        self._read()

    def _give(self, owed: Owed) -> None:
        response = cast("Callable[[], HttpResponse]", owed.give)()
        if owed.trouble is None:
            self._answer_with(response)
            return
        pieces = max(1, round(owed.trouble.seconds * _PIECES_A_SECOND))
        course = course_of(owed.trouble, self._written(response), pieces)
        self._perform(iter(course.pieces), course.end)

    def _perform(self, pieces: Iterator[Piece], end: End) -> None:
        for piece in pieces:
            if piece.wait_s > 0:
                self._later(piece.wait_s, functools.partial(self._perform_late, piece, pieces, end))
                return
            self._transport.write(piece.data)
        self._end(end)

    def _perform_late(self, piece: Piece, pieces: Iterator[Piece], end: End) -> None:
        self._timer = None
        self._transport.write(piece.data)
        self._perform(pieces, end)
        self._read()

    def _end(self, end: End) -> None:
        if end is End.KEEP:
            self._done()
        elif end is End.CLOSE:
            self._transport.close()
        elif end is End.RESET:
            sock = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            self.abort()
        # Otherwise it is owed for ever.

    def _answer_with(self, response: HttpResponse) -> None:
        whole = self._written(response)
        self._transport.write(whole.data)
        self._done()

    def _written(self, response: HttpResponse) -> Whole:
        headers = {name: value for name, value in response.headers.items() if name != "content-length"}
        content = b"" if response.status in BODILESS else response.content
        if response.status not in BODILESS:
            headers["content-length"] = str(len(content))
        if self._last:
            headers["connection"] = "close"
        head = self._bytes(h11.Response(status_code=response.status, headers=list(headers.items())))
        body = h11.Data(data=b"" if self._asked_for_head() else content)
        return Whole(head=head, body=self._bytes(body) + self._bytes(h11.EndOfMessage()))

    def _done(self) -> None:
        self._owing = False
        self._unread = 0
        if self._http.our_state is h11.MUST_CLOSE:
            self._transport.close()
            self._owing = True  # nothing is read after a goodbye
        else:
            self._http.start_next_cycle()

    def hang_up(self) -> None:
        """Close, so that the client has to connect anew: now, or with the answer that is owed."""
        self._last = True
        if not self._owing and not self._transport.is_closing():
            # At once, and not in a later step of the loop: the next request must not come this way.
            with contextlib.suppress(OSError):  # the client may have ended it first
                self._transport.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
            self.abort()

    def _asked_for_head(self) -> bool:
        return self._head is not None and self._head.method == b"HEAD"

    def _refuse(self, status: int, text: str) -> None:
        self._head = None
        self._answer_with(json_response({"error": text}, status, {"connection": "close"}))

    def _bytes(self, event: h11.Event) -> bytes:
        return self._http.send(event) or b""
