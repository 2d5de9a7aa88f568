"""One exchange as values, over an httpx transport, with faults split by what may have left."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from countermand._http import HttpRequest, HttpResponse
from countermand._tasks import begin_task
from countermand._wire._in_turn import InTurn
from countermand._wire._progress import Clock, Progress, WireFault, told
from countermand._wire._route import Route, Routes, httpx_request
from countermand._wire._sending import Bound, ByTask, Direct, Sending, whole
from countermand._wire._transport import NO_TIMEOUTS, Transport

#: A failure before the first byte, whatever the transport.
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)


class Wire:
    """Exchanges over an httpx transport: no redirects, no cookies, no proxies, no decoding."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None) -> None:
        self._owned = transport is None
        self._transport = Transport() if transport is None else transport
        # What overrides anything of ours wants to be asked as what it is.
        self._own = self._transport if type(self._transport) is Transport else None
        self._routes: dict[str, Route] = {} if self._own is None else Routes(self._own.pool)

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
        progress.unsent = False
        try:
            return await self._exchange(base_url, request, progress, Bound(max_bytes, takes_part))
        except _NOT_SENT as error:
            progress.unsent = True
            raise WireFault(told(error)) from error
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            raise WireFault(told(error)) from error

    async def _exchange(
        self, base_url: str, request: HttpRequest, progress: Progress, bound: Bound
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
        self, transport: Transport, base_url: str, request: HttpRequest, progress: Progress, bound: Bound
    ) -> HttpResponse:
        progress.traced = True
        try:
            places, outgoing = self._routes[base_url].request(request)
        except Exception:
            progress.unsent = True
            raise
        connection = await transport.pool.connection(places, None, NO_TIMEOUTS)
        progress.first_byte_at = progress.clock()
        return await whole(await transport.ask(connection, outgoing), progress, bound)

    def begin(
        self,
        base_url: str,
        request: HttpRequest,
        bound: Bound,
        clock: Clock,
        on_end: Callable[[], None],
    ) -> Sending:
        """Send a request; `on_end` is called, on the loop, when its answer is here, or that it failed.

        `clock` is the loop's.
        """
        sent_at = clock()
        own = self._own
        if own is not None and not own.stands_aside:
            try:
                places, outgoing = self._routes[base_url].request(request)
            except Exception:  # noqa: BLE001, S110 - whoever waits for the response is told
                pass
            else:
                connection = places.take_idle(sent_at)
                if connection is not None:
                    direct = Direct(outgoing, own.answers, bound, clock, sent_at)
                    direct.go(connection, outgoing.data, on_end)
                    return direct
                in_turn = InTurn(outgoing, own.answers, bound, clock, sent_at)
                if in_turn.wait(own.pool, places, outgoing.data, on_end):
                    return in_turn
        progress = Progress(clock=clock, signed_at=sent_at, unsent=True)  # until the task has begun
        exchanged = self.exchange(base_url, request, bound.most, progress, takes_part=bound.cuts)
        return ByTask(begin_task(exchanged), progress, on_end)


def _outgoing(base_url: str, request: HttpRequest, progress: Progress) -> httpx.Request:
    try:
        return httpx_request(base_url, request, {"trace": progress.trace})
    except Exception:
        progress.unsent = True  # what cannot even be written has not left
        raise


async def _read(response: httpx.Response, stream: httpx.AsyncByteStream, bound: Bound) -> bytes:
    if response.is_stream_consumed:  # a transport may have read it already
        return bound.kept(response.content)
    content = bytearray()
    async for chunk in stream:
        content += chunk
        if len(content) > bound.most:
            break
    return bound.kept(bytes(content))
