"""Raw servers on loopback that say just what a test wants said, byte by byte."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

import attrs
import httpx
import pytest
import trustme

from countermand._wire._answers import Answers
from countermand._wire._exchange import Exchange
from countermand._wire._h11_parser import H11Parser
from countermand._wire._head import Parser
from countermand._wire._httptools_parser import HttptoolsParser
from countermand._wire._names import Address, Names
from countermand._wire._sending import Bound, Sending
from countermand._wire._transport import Transport
from countermand._wire._wire import Wire
from countermand._wire._written import Written
from countermand.venue import HttpRequest

#: Nothing is connected to by TLS; a context without certificates is made at once.
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
PARSERS: dict[str, type[Parser]] = {"h11": H11Parser, "httptools": HttptoolsParser}
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
ASKED = HttpRequest(method="POST", path="/cancel?id=7", headers={"aptoken": "t0k3n"}, content=b"{}")
WHOLE = Bound(1_000_000, cuts=False)


#: Bytes are said; "close", "reset", "stall" and "dribble" end a connection; "pause" lets the client see what
#: was said; "plain" says what is not sealed.
Step = bytes | str | Callable[[], Awaitable[object]]


@attrs.define(kw_only=True)
class Server:
    """Answers each request by the next script, of which the last stays; remembers what it was asked."""

    scripts: list[tuple[Step, ...]]
    #: What is done on a connection before anything is asked.
    greeting: tuple[Step, ...] = ()
    port: int = 0
    scheme: str = "http"
    connections: int = 0
    heard: list[bytes] = attrs.field(factory=list)
    #: Which connection each request came over.
    by: list[int] = attrs.field(factory=list)
    #: A client has closed its side, seen from here.
    left: int = 0

    @property
    def url(self) -> str:
        """Where it is."""
        return f"{self.scheme}://127.0.0.1:{self.port}/"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.connections += 1
        number = self.connections
        try:
            await self._do(self.greeting, reader, writer)
            while asked := await _request(reader):
                self.heard.append(asked)
                self.by.append(number)
                script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
                await self._do(script, reader, writer)
            self.left += 1
        except (ConnectionError, EOFError):
            self.left += 1
        finally:
            writer.transport.abort()

    async def until(self, holds: Callable[[Server], bool]) -> None:
        """Wait until that holds of what was seen."""
        while not holds(self):  # noqa: ASYNC110 - what is seen has no event
            await asyncio.sleep(0.001)

    async def _do(
        self, script: Iterable[Step], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        for step in script:
            match step:
                case bytes():
                    writer.write(step)
                    await writer.drain()
                case "pause":
                    await settle(10)
                case "dribble":
                    while not reader.at_eof():
                        writer.write(b"a")
                        with suppress(TimeoutError):
                            await asyncio.wait_for(reader.read(1), 0.005)
                case "stall":
                    await reader.read()
                    raise EOFError
                case "close":
                    writer.close()
                    await writer.wait_closed()
                    raise EOFError
                case "cut":  # under TLS, an end without its goodbye
                    writer.get_extra_info("socket").shutdown(socket.SHUT_WR)
                    await settle()
                    raise EOFError
                case "reset":
                    linger = struct.pack("ii", 1, 0)
                    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    writer.transport.abort()
                    raise EOFError
                case "plain":  # under TLS, what is not sealed
                    os.write(writer.get_extra_info("socket").fileno(), b"no record at all")
                case str():
                    raise ValueError(step)
                case _:
                    await step()


async def settle(rounds: int = 50) -> None:
    """Let arrive what is on its way: on loopback, what was sent is there at the loop's next turn."""
    for _ in range(rounds):
        await asyncio.sleep(0)


async def _request(reader: asyncio.StreamReader) -> bytes:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    if b"transfer-encoding: chunked" in head.lower():
        return head + await reader.readuntil(b"0\r\n\r\n")
    lengths = [
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    ]
    return head + await reader.readexactly(sum(lengths))


@asynccontextmanager
async def serving(
    *scripts: bytes | str | tuple[Step, ...], greeting: tuple[Step, ...] = (), tls: Any = None
) -> AsyncIterator[Server]:
    """Serve scripts until the block ends."""
    whole = [script if isinstance(script, tuple) else (script,) for script in scripts]
    server = Server(scripts=whole or [(OK,)], greeting=greeting, scheme="https" if tls else "http")
    tasks: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        try:
            await server.serve(reader, writer)
        except asyncio.CancelledError:  # asyncio's streams log a task that was canceled
            writer.transport.abort()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        await settle()  # asyncio leaves a connection open that it has accepted, but not begun, by then
        listener.close()
        for task in list(tasks):
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


@attrs.frozen(kw_only=True)
class Told:
    """What came of an exchange: an answer, or the kind of failure."""

    status: int | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()
    content: bytes = b""
    extensions: Mapping[str, Any] = attrs.field(factory=dict)
    failure: type[Exception] | None = None


async def ask(
    transport: httpx.AsyncBaseTransport, url: str, method: str = "GET", **options: Any
) -> tuple[httpx.Response, bytes]:
    """Exchange once, and read the body to its end."""
    response = await transport.handle_async_request(httpx.Request(method, url, **options))
    assert isinstance(response.stream, httpx.AsyncByteStream)
    content = b"".join([piece async for piece in response.stream])
    await response.aclose()
    return response, content


async def told(transport: httpx.AsyncBaseTransport, url: str, method: str = "GET", **options: Any) -> Told:
    """Exchange once, and tell what came of it as a value."""
    try:
        response, content = await ask(transport, url, method, **options)
    except httpx.HTTPError as error:
        return Told(failure=type(error))
    return Told(
        status=response.status_code,
        headers=tuple(response.headers.raw),
        content=content,
        extensions={name: response.extensions[name] for name in ("http_version", "reason_phrase")},
    )


class Tracer:
    """Hears the steps of a transport."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    async def __call__(self, step: str, info: Mapping[str, Any]) -> None:
        """Remember a step."""
        assert isinstance(info["request"], httpx.Request)
        self.steps.append(step)

    async def hear(self, step: str) -> None:
        """Remember a step that was told without more."""
        self.steps.append(step)


@asynccontextmanager
async def open_transport(**options: Any) -> AsyncIterator[Transport]:
    """Give a transport that is closed in the end, without certificates unless they are given."""
    async with Transport(**{"verify": PLAIN, **options}) as transport:
        yield transport


class Begun:
    """A request that was begun, and how often its end was told."""

    def __init__(self, wire: Wire, url: str, bound: Bound = WHOLE, request: HttpRequest = ASKED) -> None:
        self.ends = 0
        self._ended = asyncio.Event()
        clock = asyncio.get_running_loop().time
        self.sending: Sending = wire.begin(url, request, bound, clock, self._end)

    async def end(self) -> Sending:
        """Wait for its end."""
        await asyncio.wait_for(self._ended.wait(), 5)
        return self.sending

    def _end(self) -> None:
        self.ends += 1
        self._ended.set()


@attrs.frozen
class Kit:
    """What the tests of this folder work with: all over one parser."""

    parser: type[Parser]

    def transport(self, **options: Any) -> AbstractAsyncContextManager[Transport]:
        """Give a transport that reads by this parser."""
        return open_transport(**{"parser": self.parser, **options})

    def exchange(self) -> Exchange:
        """Give an exchange that reads by this parser."""
        return Exchange(Written(b"", "GET", closes=False), Answers(self.parser))

    serving = staticmethod(serving)
    ask = staticmethod(ask)
    told = staticmethod(told)
    settle = staticmethod(settle)
    Begun = Begun
    Told = Told
    Tracer = Tracer
    OK = OK
    PLAIN = PLAIN


@pytest.fixture(params=PARSERS.values(), ids=list(PARSERS))
def kit(request: pytest.FixtureRequest) -> Kit:
    """Give the tools, over each of the parsers."""
    return Kit(request.param)


@attrs.define
class Pki:
    """An authority, the server that it certifies, and the client that trusts it."""

    server: ssl.SSLContext
    client: ssl.SSLContext
    asked_for: list[str | None] = attrs.field(factory=list)

    def transport(self, kit: Kit, **options: Any) -> Any:
        """Give a transport that trusts the authority, and knows every name as this machine."""
        return kit.transport(**{"verify": self.client, "names": Names(here), **options})


def here(_host: str, port: int) -> list[Address]:
    """Know every name as this machine."""
    return [Address(family=socket.AF_INET, where=("127.0.0.1", port))]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Give one authority to all: keys take their time."""
    return trustme.CA()


@pytest.fixture
def pki(authority: trustme.CA) -> Pki:
    """Certify a host by name and by address."""
    pki = Pki(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    authority.issue_cert("venue.example", "127.0.0.1").configure_cert(pki.server)
    authority.configure_trust(pki.client)
    pki.server.sni_callback = lambda _socket, name, _context: pki.asked_for.append(name)
    return pki
