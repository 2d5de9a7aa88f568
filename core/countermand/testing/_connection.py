"""One connection to a served simulator: HTTP/1.1 by h11, without a task of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import h11

from countermand._http import HttpRequest, HttpResponse
from countermand.testing._reply import Owed, json_response

#: The most that the head of a request, and its body, may hold each, in bytes.
REQUEST_BYTES = 1 << 20

_BODILESS = frozenset({204, 304})


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
        return self._timer is not None

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
                    self._send(h11.InformationalResponse(status_code=100, headers=[]))
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
            self._timer = asyncio.get_running_loop().call_later(owed.delay_s, self._give_late, owed.give)
        else:
            self._give(owed.give())

    def _give_late(self, give: Callable[[], HttpResponse]) -> None:
        self._timer = None
        self._give(give())
        self._read()

    def _give(self, response: HttpResponse) -> None:
        headers = {name: value for name, value in response.headers.items() if name != "content-length"}
        content = b"" if response.status in _BODILESS else response.content
        if response.status not in _BODILESS:
            headers["content-length"] = str(len(content))
        self._send(
            h11.Response(status_code=response.status, headers=list(headers.items())),
            *([h11.Data(data=content)] if content and not self._asked_for_head() else []),
            h11.EndOfMessage(),
        )
        self._owing = False
        self._unread = 0
        if self._http.our_state is h11.MUST_CLOSE:
            self._transport.close()
            self._owing = True  # nothing is read after a goodbye
        else:
            self._http.start_next_cycle()

    def _asked_for_head(self) -> bool:
        return self._head is not None and self._head.method == b"HEAD"

    def _refuse(self, status: int, text: str) -> None:
        self._head = None
        self._give(json_response({"error": text}, status, {"connection": "close"}))

    def _send(self, *events: h11.Event) -> None:
        self._transport.write(b"".join(self._http.send(event) or b"" for event in events))
