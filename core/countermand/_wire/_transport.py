"""HTTP/1.1 over asyncio as a plain httpx transport, lean, and strict about whose answer an answer is."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from typing import Any

import httpx

from countermand._wire._connection import Connection, Origin
from countermand._wire._dial import Dialer, Tell
from countermand._wire._exchange import Exchange
from countermand._wire._head import Parser
from countermand._wire._names import Names
from countermand._wire._parser import FASTEST
from countermand._wire._pool import Pool
from countermand._wire._written import written

#: How long a connection may wait for its next request, in seconds.
IDLE_S = 30.0

_PORTS = {"http": 80, "https": 443}
_STOCK = httpx.AsyncHTTPTransport.handle_async_request


class Transport(httpx.AsyncBaseTransport):
    """Keeps connections, never sends a request twice, and never takes an answer for that to another request.

    It speaks to the origin itself: no proxies, no HTTP/2, no upgrades. It raises httpx's exceptions, keeps to
    the time-outs of the extension `timeout`, and tells of its steps as httpcore does: what fails before
    `http11.send_request_headers.started` was not sent. `verify` are the certificates trusted, httpx's own
    unless given; `idle_s` is how long a connection is kept for the next request, in seconds.
    """

    def __init__(
        self,
        *,
        verify: ssl.SSLContext | None = None,
        names: Names | None = None,
        idle_s: float = IDLE_S,
        parser: type[Parser] = FASTEST,
    ) -> None:
        self._tls = httpx.create_ssl_context() if verify is None else verify
        self._dialer = Dialer(names=Names() if names is None else names, tls=self._tls)
        self._parser = parser
        self._pool = Pool(idle_s)
        self._stock: httpx.AsyncHTTPTransport | None = None

    @property
    def connections(self) -> int:
        """How many are open, busy or idle."""
        return len(self._pool)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its answer, of which the body may still come."""
        if httpx.AsyncHTTPTransport.handle_async_request is not _STOCK:
            return await self._stand_in().handle_async_request(request)
        origin, tell = _origin(request.url), _tell(request)
        content = await request.aread()
        await tell("http11.write_request.started")  # who hears of this would hear of a first byte
        # Written whole before there is a connection: what cannot be written has certainly not left.
        outgoing = written(request.method, request.url.raw_path, request.headers.raw, content)
        exchange = Exchange(self._parser(outgoing.method), closes=outgoing.closes)
        timeouts = request.extensions.get("timeout", {})
        connection = self._pool.take(origin) or await self._new(origin, tell, timeouts.get("connect"))
        try:
            await tell("http11.send_request_headers.started")
        except BaseException:
            connection.close()
            raise
        try:
            connection.send(outgoing.data, exchange, timeouts.get("write"))
            head = await exchange.head(timeouts.get("read"))
        except BaseException:
            connection.drop(exchange)  # its answer may be whole, and the connection another's
            raise
        return httpx.Response(
            head.status,
            headers=head.headers,
            stream=_Body(connection, exchange, timeouts.get("read")),
            extensions={"http_version": b"HTTP/" + head.version, "reason_phrase": head.reason},
        )

    async def aclose(self) -> None:
        """Close all connections; what is under way on them fails."""
        await self._pool.aclose()
        if self._stock is not None:
            await self._stock.aclose()

    async def _new(self, origin: Origin, tell: Tell, timeout_s: float | None) -> Connection:
        if self._pool.closed:
            raise httpx.ConnectError("the transport is closed")
        connection = await self._dialer.dial(origin, tell, timeout_s)
        self._pool.add(connection)
        return connection

    def _stand_in(self) -> httpx.AsyncHTTPTransport:
        # Who has replaced httpx's own transport, as vcrpy does, wants no request to pass beside it.
        if self._stock is None:
            self._stock = httpx.AsyncHTTPTransport(trust_env=False, verify=self._tls)
        return self._stock


class _Body(httpx.AsyncByteStream):
    def __init__(self, connection: Connection, exchange: Exchange, timeout_s: float | None) -> None:
        self._connection = connection
        self._exchange = exchange
        self._timeout_s = timeout_s

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while piece := await self._exchange.piece(self._timeout_s):
                self._connection.resume(self._exchange)
                yield piece
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        self._connection.drop(self._exchange)


def _origin(url: httpx.URL) -> Origin:
    if url.scheme not in _PORTS or not url.raw_host:
        raise httpx.UnsupportedProtocol(f"expected http:// or https:// and a host, got {url.scheme!r}")
    return Origin(
        tls=url.scheme == "https", host=url.raw_host.decode("ascii"), port=url.port or _PORTS[url.scheme]
    )


def _tell(request: httpx.Request) -> Tell:
    trace: Any = request.extensions.get("trace")

    async def tell(step: str) -> None:
        if trace is not None:
            await trace(step, {"request": request})

    return tell
