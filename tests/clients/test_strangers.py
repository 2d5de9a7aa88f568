"""Both clients against servers that are not the venue: always an ack, never an exception."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

from countermand import CancelAck, CancelRequest, OrderId, Outcome, Reason, Sent
from countermand.testing import load_simulator
from countermand.venue import Venue, load_venue

Perform = Callable[..., Sequence[CancelAck]]
Serve = Callable[..., str]
#: What matters of an ack here.
Told = tuple[Outcome, Reason | None, Sent]

HTML = b"<!doctype html><title>Sign in</title>"
#: What a server says to every request, whatever it was; None is silence.
STRANGERS: dict[str, bytes | None] = {
    "HTML under 200": b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 37\r\n\r\n" + HTML,
    "HTML under 404": b"HTTP/1.1 404 Not Found\r\ncontent-length: 37\r\n\r\n" + HTML,
    "another API": b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n[1,2,3]",
    "a redirect": b"HTTP/1.1 302 Found\r\nlocation: https://elsewhere.invalid/\r\ncontent-length: 0\r\n\r\n",
    "half a body": b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{",
    "half a head": b"HTTP/1.1 200 OK\r\ncontent-le",
    "garbage": bytes(range(256)) * 4,
    "another protocol": b"220 mail.example ESMTP\r\n",
    "nothing but the end": b"",
    "silence": None,
}
PLUGINS = ("apex", "autoshares")


def read_request(connection: socket.socket) -> bool:
    """Read one whole request; false at the end of the connection."""
    received = b""
    while b"\r\n\r\n" not in received:
        more = connection.recv(65_536)
        if not more:
            return False
        received += more
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [
        line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
    ]
    length = int(lengths[0]) if lengths else 0
    while len(body) < length:
        body += connection.recv(65_536)
    return True


@contextmanager
def stranger(answer: bytes | None, *, listens: bool = True) -> Iterator[str]:
    """Serve a stranger on loopback; one that does not listen resets the connection at once."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            if not listens:
                self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            if read_request(self.request) and answer is not None:
                self.request.sendall(answer)
                return
            ended.wait(10)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    ended = threading.Event()
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            ended.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Give strangers that end with the test."""
    with ExitStack() as stack:
        yield lambda answer, **more: stack.enter_context(stranger(answer, **more))


def venue_at(plugin: str, base_url: str, kind: str | None = None) -> Venue:
    """Make a venue where there is none; `kind` "password" has it log in."""
    simulator = load_simulator(plugin)()
    known = simulator.credentials
    auth = {"auth": load_venue(plugin).credentials[kind](known.user, known.password)} if kind else {}
    return simulator.venue(base_url, **auth)


def cancel(plugin: str, timeout_s: float) -> CancelRequest:
    """Ask for a cancel."""
    return CancelRequest(venue=plugin, account="9", order=OrderId("6500"), timeout_s=timeout_s)


def told(ack: CancelAck) -> Told:
    """Take from an ack what matters here, once it is plain that neither plugin nor core broke."""
    assert ack.error is None
    assert ack.order is None
    assert ack.elapsed_s < ack.request.timeout_s + 3
    return ack.outcome, ack.reason, ack.sent


def by_strangers(serve: Serve, perform: Perform, plugin: str, kind: str | None = None) -> dict[str, Told]:
    """Tell of a cancel at each stranger; at all at once, since each takes all of its time."""
    venues = [venue_at(plugin, f"http://{serve(answer)}", kind) for answer in STRANGERS.values()]
    with ThreadPoolExecutor(len(venues)) as threads:
        acks = [ack for (ack,) in threads.map(lambda venue: perform(venue, cancel(plugin, 1.5)), venues)]
    return dict(zip(STRANGERS, map(told, acks), strict=True))


@pytest.mark.parametrize("plugin", PLUGINS)
def test_an_answer_that_is_not_the_venues(plugin: str, serve: Serve, perform: Perform) -> None:
    """Whatever a stranger says after the cancel was sent, nobody can tell what became of it."""
    tales = by_strangers(serve, perform, plugin)
    told_of = {name: (outcome, reason) for name, (outcome, reason, _) in tales.items()}
    assert told_of == dict.fromkeys(STRANGERS, (Outcome.UNKNOWN, None))
    assert [name for name, (_, _, sent) in tales.items() if sent is Sent.NO] == []


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_server_that_hangs_up(plugin: str, serve: Serve, perform: Perform) -> None:
    """A connection is reset: if not a byte had left, that is certain, and otherwise nobody can tell."""
    (ack,) = perform(venue_at(plugin, f"http://{serve(None, listens=False)}"), cancel(plugin, 0.15))
    assert told(ack) in (
        (Outcome.UNKNOWN, None, Sent.MAYBE),
        (Outcome.REJECTED, Reason.NOT_SENT, Sent.NO),
    )


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_server_without_tls(plugin: str, serve: Serve, perform: Perform) -> None:
    """A TLS handshake that fails comes before the first byte: certainly, the cancel was not sent."""
    where = serve(STRANGERS["HTML under 200"], listens=False)
    (ack,) = perform(venue_at(plugin, f"https://{where}"), cancel(plugin, 0.7))
    assert told(ack) == (Outcome.REJECTED, Reason.NOT_SENT, Sent.NO)


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_plain_answer_to_a_handshake(plugin: str, serve: Serve, perform: Perform) -> None:
    """A server that speaks plain HTTP on the port of TLS, likewise."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer_plainly, args=(listener,), daemon=True)
        thread.start()
        base_url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        (ack,) = perform(venue_at(plugin, base_url), cancel(plugin, 1.5))
        thread.join()
    assert told(ack) == (Outcome.REJECTED, Reason.NOT_SENT, Sent.NO)


def answer_plainly(listener: socket.socket) -> None:
    """Answer the first bytes that come as a web server answers what it cannot read."""
    connection, _ = listener.accept()
    with connection:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n")


@pytest.mark.parametrize("plugin", PLUGINS)
def test_nobody_there(plugin: str, perform: Perform) -> None:
    """A port on which nobody listens: the cancel was not sent, however often it was tried."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    (ack,) = perform(venue_at(plugin, f"http://127.0.0.1:{port}"), cancel(plugin, 0.7))
    assert told(ack) == (Outcome.REJECTED, Reason.NOT_SENT, Sent.NO)


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_log_in_that_leads_nowhere(plugin: str, serve: Serve, perform: Perform) -> None:
    """Without a session no cancel is sent, so a stranger who was asked for one proves that it was not."""
    tales = by_strangers(serve, perform, plugin, "password")
    assert tales == dict.fromkeys(STRANGERS, (Outcome.REJECTED, Reason.NOT_SENT, Sent.NO))
