"""What OpenSSL seals and opens: all that was said and nothing else, however the bytes are cut."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import attrs
import httpx
import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from countermand._wire._names import Address, Names
from countermand._wire._origin import Origin
from countermand._wire._tls import Seal, TlsConnection, handshake

if TYPE_CHECKING:
    from tests.core.engine.transport.conftest import Kit

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
SAID = st.lists(st.integers(1, 40_000), min_size=1, max_size=5)
ROOM = memoryview(bytearray(65_536))
CUTS = st.lists(st.integers(1, 20_000), max_size=30)


@attrs.frozen
class Peer:
    """The other side: a server in memory."""

    tls: ssl.SSLObject
    incoming: ssl.MemoryBIO
    outgoing: ssl.MemoryBIO

    @classmethod
    def of(cls, context: ssl.SSLContext) -> Peer:
        """Begin one."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        return cls(context.wrap_bio(incoming, outgoing, server_side=True), incoming, outgoing)

    async def shake(self, sock: socket.socket, farewell: bytes = b"") -> None:
        """Agree with a client; what is said at the end goes out together with the last of the handshake."""
        loop, agreed = asyncio.get_running_loop(), False
        while not agreed:
            self.incoming.write(await loop.sock_recv(sock, 65_536))
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                pass
            else:
                agreed = True
                if farewell:
                    self.tls.write(farewell)
            await loop.sock_sendall(sock, self.outgoing.read())

    def says(self, data: bytes) -> bytes:
        """Seal it."""
        view = memoryview(data)
        while view:
            view = view[self.tls.write(view) :]
        return self.outgoing.read()

    def hears(self, sealed: bytes) -> bytes:
        """Open it."""
        self.incoming.write(sealed)
        heard = b""
        try:
            while piece := self.tls.read(65_536):
                heard += piece
        except ssl.SSLWantReadError:
            pass
        return heard

    def ends(self) -> bytes:
        """Say that nothing more will be said."""
        with pytest.raises(ssl.SSLWantReadError):
            self.tls.unwrap()
        return self.outgoing.read()


@pytest.fixture(scope="module")
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Give a server's and a client's, each of which proves itself to the other if asked."""
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for context, name in ((server, "venue.example"), (client, "router.example")):
        authority.issue_cert(name).configure_cert(context)
        authority.configure_trust(context)
        context.post_handshake_auth = True
    server.verify_mode = ssl.CERT_OPTIONAL
    return server, client


async def _agreed(contexts: Any) -> tuple[Seal, Peer]:
    here, there = socket.socketpair()
    with here, there:
        here.setblocking(False)
        there.setblocking(False)
        peer = Peer.of(contexts[0])
        seal, _ = await asyncio.gather(handshake(here, contexts[1], "venue.example"), peer.shake(there))
        with suppress(BlockingIOError):  # tickets
            assert seal.opened(here.recv(65_536)) == (b"", None)
        return seal, peer


@pytest.fixture(params=list(VERSIONS.values()), ids=list(VERSIONS))
def agreed(request: pytest.FixtureRequest, contexts: Any) -> Any:
    """Give two sides that have agreed, as often as is asked."""

    def agree() -> tuple[Seal, Peer]:
        contexts[0].maximum_version = request.param
        return asyncio.run(_agreed(contexts))

    return agree


def cut(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    """Cut it into pieces of those sizes, and a rest."""
    for size in sizes:
        yield data[:size]
        data = data[size:]
    yield data


def said(sizes: list[int]) -> list[bytes]:
    """Give that much to say."""
    return [bytes([65 + number]) * size for number, size in enumerate(sizes)]


@pytest.fixture
def pair(agreed: Any) -> tuple[Seal, Peer]:
    """Give two sides that have agreed."""
    both: tuple[Seal, Peer] = agreed()
    return both


def test_anything_in_any_pieces(pair: tuple[Seal, Peer]) -> None:
    """All that was said is told, in its order, however it is cut."""
    seal, peer = pair

    @settings(max_examples=50)
    @given(sizes=SAID, cuts=CUTS)
    def holds(sizes: list[int], cuts: list[int]) -> None:
        words = said(sizes)
        sealed = b"".join(peer.says(word) for word in words)
        told = [seal.opened(memoryview(piece)) for piece in cut(sealed, cuts)]
        assert b"".join(data for data, _ in told) == b"".join(words)
        assert not any(ended for _, ended in told)
        assert seal.owed() == b""

    holds()


def test_every_whole_record_is_told_at_once(pair: tuple[Seal, Peer]) -> None:
    """What is here whole does not wait for what is not."""
    seal, peer = pair
    one, two = peer.says(b"a" * 16_384), peer.says(b"b" * 16_384)
    assert seal.opened(one + two[:-1]) == (b"a" * 16_384, None)
    assert seal.opened(two[-1:]) == (b"b" * 16_384, None)


def test_half_a_record(agreed: Any) -> None:
    """Wherever two records are cut, what is here of one that is not whole is known."""
    lengths = [len(agreed()[1].says(word)) for word in (b"a", b"yes")]
    for at in range(1, sum(lengths)):
        seal, peer = agreed()
        sealed = peer.says(b"a") + peer.says(b"yes")
        halves = []
        for piece in (sealed[:at], sealed[at:]):
            assert not seal.opened(piece)[1]
            halves.append(seal.half)
        assert halves == [sealed[lengths[0] if at >= lengths[0] else 0 : at], b""]


@pytest.mark.parametrize("size", [1, 16_384, 16_385, 100_000])
def test_what_is_said_to_the_peer(pair: tuple[Seal, Peer], size: int) -> None:
    """The peer is told all of it, however long it is."""
    seal, peer = pair
    for byte in (b"a", b"b"):
        assert peer.hears(seal.sealed(byte * size)) == byte * size


@pytest.mark.parametrize("slices", [1, 7], ids=["in one piece", "in seven"])
def test_the_last_word(pair: tuple[Seal, Peer], slices: int) -> None:
    """The end is told with what was said before it, and not before all of that."""
    seal, peer = pair
    sealed = peer.says(b"bye") + peer.ends()
    step = -(-len(sealed) // slices)
    told = [seal.opened(sealed[at : at + step]) for at in range(0, len(sealed), step)]
    assert b"".join(data for data, _ in told) == b"bye"
    assert [type(end) for _, end in told] == [type(None)] * (len(told) - 1) + [ssl.SSLZeroReturnError]


def test_what_was_changed_on_its_way(agreed: Any) -> None:
    """Of a record of which any byte was changed nothing is told, nor after it, but all that came before."""
    length = len(agreed()[1].says(b"yes"))
    for at in range(length):
        seal, peer = agreed()
        before, sealed = peer.says(b"well"), bytearray(peer.says(b"yes"))
        sealed[at] ^= 1
        said, end = seal.opened(before + sealed)
        assert said == b"well"
        # Where its length was changed it shows as soon as that much has come.
        said, end = seal.opened(b"x" * 65_536) if end is None else (b"", end)
        assert (said, isinstance(end, ssl.SSLError)) == (b"", True)
        assert not isinstance(end, (ssl.SSLWantReadError, ssl.SSLZeroReturnError))


@asynccontextmanager
async def asking(kit: Kit, contexts: Any, last: ssl.TLSVersion, **options: Any) -> AsyncIterator[Any]:
    """Ask a server in memory; give the task, the server and its socket."""
    contexts[0].maximum_version = last
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        names = Names(lambda *_: [Address(family=socket.AF_INET, where=listener.getsockname())])
        async with kit.transport(verify=contexts[1], names=names) as transport:
            task = asyncio.create_task(kit.ask(transport, "https://venue.example/", **options))
            there, _ = await asyncio.get_running_loop().sock_accept(listener)
            with there:
                yield task, Peer.of(contexts[0]), there
            assert transport.connections == 0


def test_who_asks_who_we_are(kit: Kit, contexts: Any) -> None:
    """A server that asks in the middle is told without a word of ours."""

    async def use() -> None:
        loop = asyncio.get_running_loop()
        async with asking(kit, contexts, ssl.TLSVersion.TLSv1_3) as (task, peer, there):
            await peer.shake(there)
            assert peer.hears(await loop.sock_recv(there, 65_536)).startswith(b"GET / ")
            assert peer.tls.getpeercert() is None
            peer.tls.verify_client_post_handshake()
            await loop.sock_sendall(there, peer.says(b"HTTP/1.1 200 OK\r\n"))
            assert peer.hears(await loop.sock_recv(there, 65_536)) == b""
            assert peer.tls.getpeercert()
            await loop.sock_sendall(there, peer.says(b"content-length: 2\r\n\r\nok") + peer.ends())
            assert (await task)[1] == b"ok"

    asyncio.run(use())


def test_who_wants_to_know_who_we_are(kit: Kit) -> None:
    """Who asks for a certificate in the handshake, and gets none, says so after it, and is quoted."""
    authority = trustme.CA()
    contexts = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.issue_cert("venue.example").configure_cert(contexts[0])
    contexts[0].verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(contexts[1])

    async def use() -> None:
        refused = asyncio.Event()

        async def trace(step: str, _info: Any) -> None:
            if step == "connection.start_tls.complete":
                await refused.wait()

        last = ssl.TLSVersion.TLSv1_3
        async with asking(kit, contexts, last, extensions={"trace": trace}) as (task, peer, there):
            with pytest.raises(ssl.SSLError):
                await peer.shake(there)
            await asyncio.get_running_loop().sock_sendall(there, peer.outgoing.read())
            refused.set()
            with pytest.raises(httpx.ConnectError, match="CERTIFICATE_REQUIRED"):
                await task

    asyncio.run(use())


def test_who_speaks_with_the_end_of_the_handshake(kit: Kit, contexts: Any) -> None:
    """What came together with the handshake belongs to no answer: nothing is asked over that connection."""

    async def use() -> None:
        # Up to this version it is the server who ends it.
        async with asking(kit, contexts, ssl.TLSVersion.TLSv1_2) as (task, peer, there):
            await peer.shake(there, kit.OK)
            with pytest.raises(httpx.ConnectError, match="before it was asked"):
                await task
            assert await asyncio.get_running_loop().sock_recv(there, 65_536) == b""

    asyncio.run(use())


def test_who_speaks_just_after_the_handshake(kit: Kit, contexts: Any) -> None:
    """What is here before the request goes, be it that the loop has not read it yet, is no answer to it."""

    async def use() -> None:
        sides: asyncio.Queue[tuple[Peer, socket.socket]] = asyncio.Queue()

        async def trace(step: str, _info: Any) -> None:
            if step == "connection.start_tls.complete":
                peer, there = await sides.get()
                there.send(peer.says(kit.OK))

        last = ssl.TLSVersion.TLSv1_3
        async with asking(kit, contexts, last, extensions={"trace": trace}) as (task, peer, there):
            there.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await peer.shake(there)
            sides.put_nowait((peer, there))
            with pytest.raises(httpx.ConnectError, match="before it was asked"):
                await task
            assert await asyncio.get_running_loop().sock_recv(there, 65_536) == b""

    asyncio.run(use())


def test_who_has_begun_to_speak(kit: Kit, contexts: Any) -> None:
    """Half a word that came unasked is no beginning of the next answer: nothing is asked over it."""

    async def use() -> None:
        contexts[0].maximum_version = ssl.TLSVersion.TLSv1_3
        here, there = socket.socketpair()
        with there:
            for end in here, there:
                end.setblocking(False)
            peer = Peer.of(contexts[0])
            seal, _ = await asyncio.gather(handshake(here, contexts[1], "venue.example"), peer.shake(there))
            origin = Origin(tls=True, host="venue.example", port=443)
            connection = TlsConnection(origin, here, ROOM, seal)
            await asyncio.get_running_loop().create_connection(lambda: connection, sock=here)
            await kit.settle()
            assert connection.quiet
            word = peer.says(kit.OK)
            there.send(word[:10])
            await kit.settle()
            assert (connection.closed, connection.quiet) == (False, False)
            there.send(word[10:])
            await kit.settle()
            assert connection.closed

    asyncio.run(use())


class Later(asyncio.Transport):
    """Hands over to the system what is sent, but only later."""

    def __init__(self) -> None:
        super().__init__()
        self.unsent = b""

    def write(self, data: Any) -> None:
        """Take it."""
        self.unsent += data

    def get_write_buffer_size(self) -> int:
        """Count what is not handed over."""
        return len(self.unsent)

    def flush(self) -> bytes:
        """Hand it over."""
        unsent, self.unsent = self.unsent, b""
        return unsent


def test_what_tls_itself_sends_is_no_request(kit: Kit, contexts: Any) -> None:
    """An answer is believed where what is not handed to the system yet is a word of TLS's own."""
    contexts[0].maximum_version = ssl.TLSVersion.TLSv1_3
    seal, peer = asyncio.run(_agreed(contexts))
    here, there = socket.socketpair()
    with here, there:
        transport, exchange = Later(), kit.exchange()
        connection = TlsConnection(Origin(tls=True, host="venue.example", port=443), here, ROOM, seal)
        connection.connection_made(transport)
        connection.send(b"GET / HTTP/1.1\r\n\r\n", exchange, None)
        assert peer.hears(transport.flush()).startswith(b"GET /")
        peer.tls.verify_client_post_handshake()
        said = peer.says(kit.OK)
        ROOM[: len(said)] = said
        connection.buffer_updated(len(said))
        assert (exchange.ended, exchange.failure) == (True, None)
        assert peer.hears(transport.flush()) == b""
        assert peer.tls.getpeercert()


def test_who_hangs_up_in_the_handshake(kit: Kit, contexts: Any) -> None:
    """Where the handshake does not come to its end, nothing was asked."""

    async def use() -> None:
        async with asking(kit, contexts, ssl.TLSVersion.TLSv1_3) as (task, _peer, there):
            assert await asyncio.get_running_loop().sock_recv(there, 65_536)
            there.shutdown(socket.SHUT_WR)
            with pytest.raises(httpx.ConnectError, match="hung up in the handshake"):
                await task

    asyncio.run(use())


def test_what_cannot_be_sealed(kit: Kit, contexts: Any) -> None:
    """What cannot be sealed is not sent, and its exchange ends: later, when it is known to have begun."""

    async def use() -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = contexts[1].wrap_bio(incoming, outgoing, server_hostname="venue.example")
        seal = Seal(tls, incoming, outgoing)  # nothing is agreed on
        here, there = socket.socketpair()
        with there:
            connection = TlsConnection(Origin(tls=True, host="venue.example", port=443), here, ROOM, seal)
            await asyncio.get_running_loop().create_connection(lambda: connection, sock=here)
            exchange = kit.exchange()
            connection.send(b"GET / HTTP/1.1\r\n\r\n", exchange, None)
            assert not exchange.over
            with pytest.raises(httpx.WriteError):
                await exchange.beginning(None)
            await kit.settle()
            assert there.recv(65_536) == b""

    asyncio.run(use())
