"""HTTP/1.1 over asyncio as a plain httpx transport, lean, and strict about whose answer an answer is."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

import httpx

from countermand._wire._answers import Answers
from countermand._wire._connection import Connection
from countermand._wire._dial import Dialer, Tell
from countermand._wire._exchange import Exchange
from countermand._wire._head import Parser
from countermand._wire._names import Names
from countermand._wire._origin import origin_of
from countermand._wire._parser import FASTEST
from countermand._wire._pool import Pool
from countermand._wire._reply import Reply
from countermand._wire._written import Written, written

#: How long a connection may wait for its next request, in seconds.
IDLE_S = 30.0

#: How many connections may lead to one origin: at 5 ms a call as many as one loop can keep busy.
CONNECTIONS_PER_ORIGIN = 256

Timeouts = Mapping[str, float | None]
NO_TIMEOUTS: Timeouts = {}
_STOCK = httpx.AsyncHTTPTransport.handle_async_request


class Transport(httpx.AsyncBaseTransport):
    """Keeps connections, never sends a request twice, and never takes an answer for that to another request.

    It speaks to the origin itself: no proxies, no HTTP/2, no upgrades, no retries; for those, pass another
    transport. It raises httpx's exceptions, keeps to the time-outs of the extension `timeout`, and tells of
    its steps as httpcore does: what fails before `http11.send_request_headers.started` was not sent. `verify`
    are the certificates trusted, httpx's own unless given; `idle_s` is how long a connection is kept for the
    next request, in seconds; `connections_per_origin` bounds those to one host and port, for which requests
    wait in turn. It is of one event loop.
    """

    def __init__(
        self,
        *,
        verify: ssl.SSLContext | None = None,
        names: Names | None = None,
        idle_s: float = IDLE_S,
        connections_per_origin: int = CONNECTIONS_PER_ORIGIN,
        parser: type[Parser] = FASTEST,
    ) -> None:
        self._tls = httpx.create_ssl_context() if verify is None else verify
        #: What reads the answers.
        self.answers = Answers(parser)
        dialer = Dialer(names=Names() if names is None else names, tls=self._tls)
        #: Its connections.
        self.pool = Pool(dialer.dial, most=connections_per_origin, idle_s=idle_s)
        self._stock: httpx.AsyncHTTPTransport | None = None

    @property
    def connections(self) -> int:
        """How many are open, busy or idle."""
        return len(self.pool)

    @property
    def stands_aside(self) -> bool:
        """Whether something has replaced httpx's own transport, as vcrpy does, and wants all requests."""
        return httpx.AsyncHTTPTransport.handle_async_request is not _STOCK

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its answer, of which the body may still come."""
        if self.stands_aside:
            return await self._stand_in().handle_async_request(request)
        origin, tell = origin_of(request.url), _teller(request)
        content = await request.aread()
        if tell is not None:  # who hears of this would hear of a first byte
            await tell("http11.write_request.started")
        # Written whole before there is a connection: what cannot be written has certainly not left.
        outgoing = written(request.method, request.url.raw_path, request.headers.raw, content)
        timeouts = request.extensions.get("timeout", NO_TIMEOUTS)
        connection = await self.pool.connection(self.pool.at(origin), tell, timeouts)
        if tell is not None:
            try:
                await tell("http11.send_request_headers.started")
            except BaseException:
                connection.close()
                raise
        reply = await self.ask(connection, outgoing, timeouts)
        head = reply.head
        return httpx.Response(
            head.status,
            headers=head.headers.raw,
            stream=reply,
            extensions={"http_version": b"HTTP/" + head.version, "reason_phrase": head.reason},
        )

    async def ask(self, connection: Connection, request: Written, timeouts: Timeouts = NO_TIMEOUTS) -> Reply:
        """Send a request over a connection and return its answer, of which the body may still come."""
        exchange, timeout_s = Exchange(request, self.answers), timeouts.get("read")
        try:
            connection.send(request.data, exchange, timeouts.get("write"))
            head = await exchange.beginning(timeout_s)
        except BaseException:
            connection.drop(exchange)  # its answer may be whole, and the connection another's
            raise
        return Reply(head, connection, exchange, timeout_s)

    async def aclose(self) -> None:
        """Close all connections; what is under way on them fails."""
        await self.pool.aclose()
        if self._stock is not None:
            await self._stock.aclose()

    def _stand_in(self) -> httpx.AsyncHTTPTransport:
        # Who has replaced httpx's own transport, as vcrpy does, wants no request to pass beside it.
        if self._stock is None:
            self._stock = httpx.AsyncHTTPTransport(trust_env=False, verify=self._tls)
        return self._stock


def _teller(request: httpx.Request) -> Tell | None:
    trace: Any = request.extensions.get("trace")
    if trace is None:
        return None

    async def tell(step: str) -> None:
        await trace(step, {"request": request})

    return tell
