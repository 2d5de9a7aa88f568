"""One exchange as values, over an httpx transport, with faults split by what may have left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import httpx

from countermand._http import HttpRequest, HttpResponse, ReceivedHeaders
from countermand._outcome import Sent
from countermand._wire._route import Route, httpx_request
from countermand._wire._transport import Transport

#: A failure before the first byte, whatever the transport.
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)


class WireFault(Exception):  # noqa: N818 - a private signal, not an error of the tree
    """An exchange that brought no whole answer."""


@attrs.define(kw_only=True)
class Progress:
    """How far one exchange has come; survives its cancellation."""

    clock: Callable[[], float]
    on_signed: Callable[[str, float], None] = lambda _call, _at: None
    signed_at: float | None = None
    first_byte_at: float | None = None
    #: Whether the transport tells of its steps, so that silence about a first byte means none.
    traced: bool = False
    #: Whether the failure itself proves that no byte left.
    unsent: bool = False
    status: int | None = None
    session: int | None = None

    @property
    def sent(self) -> Sent:
        """What is known to have left: YES only with an answer."""
        if self.status is not None:
            return Sent.YES
        if self.signed_at is None or (self.first_byte_at is None and (self.unsent or self.traced)):
            return Sent.NO
        return Sent.MAYBE

    def sign(self, call: str) -> None:
        """Note that a request is signed and goes to the wire."""
        self.signed_at = self.clock()
        self.on_signed(call, self.signed_at)

    async def trace(self, event: str, _info: dict[str, Any]) -> None:
        """Hear a step of httpcore's; the first byte leaves with the request's head."""
        self.traced = True
        if event.endswith("send_request_headers.started"):
            self.first_byte_at = self.clock()


class Wire:
    """Exchanges over an httpx transport: no redirects, no cookies, no proxies, no decoding."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None) -> None:
        self._owned = transport is None
        self._transport = Transport() if transport is None else transport
        # What overrides anything of ours wants to be asked as what it is.
        self._own = self._transport if type(self._transport) is Transport else None
        self._routes: dict[str, Route] = {}

    async def aclose(self) -> None:
        """Close the transport unless it is the caller's."""
        if self._owned:
            await self._transport.aclose()

    async def exchange(
        self,
        base_url: str,
        request: HttpRequest,
        max_bytes: int,
        progress: Progress,
        *,
        takes_part: bool = False,
    ) -> HttpResponse:
        """Send a request and read its answer, whole unless a part will do; raises `WireFault`."""
        try:
            return await self._exchange(base_url, request, progress, _Bound(max_bytes, takes_part))
        except _NOT_SENT as error:
            progress.unsent = True
            raise WireFault(_told(error)) from error
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            raise WireFault(_told(error)) from error

    async def _exchange(
        self, base_url: str, request: HttpRequest, progress: Progress, bound: _Bound
    ) -> HttpResponse:
        if self._own is not None and not self._own.stands_aside:
            return await self._exchange_directly(self._own, base_url, request, progress, bound)
        response = await self._transport.handle_async_request(_outgoing(base_url, request, progress))
        if not isinstance(response.stream, httpx.AsyncByteStream):
            raise WireFault("the transport is not an async one")
        try:
            content = await _read(response, response.stream, bound)
        finally:
            await response.aclose()
        progress.status = response.status_code
        headers = {name.lower(): value for name, value in response.headers.items()}
        return HttpResponse(status=response.status_code, headers=headers, content=content)

    async def _exchange_directly(
        self, transport: Transport, base_url: str, request: HttpRequest, progress: Progress, bound: _Bound
    ) -> HttpResponse:
        progress.traced = True
        try:
            route = self._routes.get(base_url)
            if route is None:
                route = self._routes[base_url] = Route(base_url)
            origin, outgoing = route.request(request)
        except Exception:
            progress.unsent = True
            raise
        connection = await transport.connection(origin)
        progress.first_byte_at = progress.clock()
        reply = await transport.ask(connection, outgoing)
        try:
            content = _within(await reply.read(bound.most), bound)
        finally:
            reply.close()
        progress.status = reply.head.status
        return HttpResponse(
            status=reply.head.status, headers=ReceivedHeaders(reply.head.headers), content=content
        )


def _outgoing(base_url: str, request: HttpRequest, progress: Progress) -> httpx.Request:
    try:
        return httpx_request(base_url, request, {"trace": progress.trace})
    except Exception:
        progress.unsent = True  # what cannot even be written has not left
        raise


@attrs.frozen
class _Bound:
    """How much of an answer is read, in bytes; what is longer is a fault, or cut off."""

    most: int
    cuts: bool


async def _read(response: httpx.Response, stream: httpx.AsyncByteStream, bound: _Bound) -> bytes:
    if response.is_stream_consumed:  # a transport may have read it already
        return _within(response.content, bound)
    content = bytearray()
    async for chunk in stream:
        content += chunk
        if len(content) > bound.most:
            break
    return _within(bytes(content), bound)


def _within(content: bytes, bound: _Bound) -> bytes:
    if len(content) > bound.most and not bound.cuts:
        raise WireFault(f"the reply is over {bound.most} bytes")
    return content[: bound.most]


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
