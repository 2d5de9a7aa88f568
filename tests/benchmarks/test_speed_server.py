"""The C server of the comparison: what it answers, and that each client of the comparison gets on with it."""

from __future__ import annotations

import json
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import cast

import pytest

import compare
from speed.figures import Figure, Figures
from speed.loads import PLAIN, TLS, VENUE, Gate, Link, Pace
from speed.server import Built, Server, build, running
from speed.workers import Worker, measured

POST = b"POST /AP/CancelOrder HTTP/1.1\r\nHost: x\r\ncontent-length: 2\r\n\r\n{}"
DELETE = b"DELETE /v1.0/accounts/9/orders/7 HTTP/1.1\r\nHost: x\r\n\r\n"
ACCEPTED = {"result": True, "errormsg": None, "errorcode": 0, "detail": None}
#: So short that a test of a client is one, and long enough for an answer.
PACE = Pace(warm_s=0.01, measure_s=0.05)
#: Each way to drive a client, with what needs no peer of `benchmarks/peers.txt`.
OWN = ("limit", "floor", "transport", "apex", "autoshares-sync", "apex-batch", "httpx")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build the server, where that can be done."""
    try:
        return build(tmp_path_factory.mktemp("server"))
    except FileNotFoundError as error:
        pytest.skip(str(error))
    except subprocess.CalledProcessError as error:
        if "openssl/" not in error.stderr:
            raise
        pytest.skip("OpenSSL's headers are needed to build the server")


@pytest.fixture(scope="module", params=[False, True], ids=["polls", "sleeps"])
def plain(built: Built, request: pytest.FixtureRequest) -> Iterator[Server]:
    """Run it without TLS, polling and sleeping."""
    with running(built, PLAIN, sleeps=request.param) as server:
        yield server


@pytest.fixture
def door(plain: Server) -> Iterator[socket.socket]:
    """Connect to it."""
    with socket.create_connection(("127.0.0.1", plain.port), timeout=5) as connection:
        yield connection


def received(connection: socket.socket, ends: bytes, count: int = 1) -> bytes:
    """Receive until that end has come so many times."""
    came = b""
    while came.count(ends) < count:
        piece = connection.recv(65_536)
        assert piece, came
        came += piece
    return came


def test_a_post_is_accepted(door: socket.socket) -> None:
    """Whatever is posted gets the receipt of APEX, with its length."""
    door.sendall(POST)
    head, _, body = received(door, b"}").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert json.loads(body) == ACCEPTED


def test_a_delete_has_no_content(door: socket.socket) -> None:
    """A DELETE gets the receipt of AutoShares."""
    door.sendall(DELETE)
    head = received(door, b"\r\n\r\n")
    status, date, *rest = head.decode().split("\r\n")
    assert (status, rest) == ("HTTP/1.1 204 No Content", ["", ""])
    told_at = parsedate_to_datetime(date.removeprefix("Date: "))
    assert abs((datetime.now(UTC) - told_at).total_seconds()) < 60.0


def test_requests_come_in_any_pieces(door: socket.socket) -> None:
    """Several at once are all answered, in order; and so is one that comes byte by byte."""
    door.sendall(POST + DELETE + POST)
    came = received(door, b"}", 2)
    assert re.findall(rb"HTTP/1.1 (\d+)", came) == [b"200", b"204", b"200"]
    for byte in POST:
        door.sendall(bytes([byte]))
    assert received(door, b"}").startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"x" * 20_000,
    ],
    ids=["chunked", "a head without end"],
)
def test_what_it_cannot_read_ends_the_connection(door: socket.socket, request_bytes: bytes) -> None:
    """It guesses nothing: the connection is closed without an answer."""
    door.sendall(request_bytes)
    try:
        came = door.recv(1)
    except ConnectionResetError:
        came = b""
    assert came == b""


def test_it_closes_when_asked_to(door: socket.socket) -> None:
    """`Connection: close` is the last request of a connection."""
    door.sendall(DELETE.replace(b"Host: x", b"Connection: close"))
    assert received(door, b"\r\n\r\n").startswith(b"HTTP/1.1 204")
    assert door.recv(1) == b""


def test_a_real_venue_waits_and_says_more(built: Built) -> None:
    """Over TLS, after the wait, with its headers: two answers come in the order asked."""
    trust = ssl.create_default_context(cafile=str(built.certificate))
    with (
        running(built, VENUE) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection,
        trust.wrap_socket(connection, server_hostname="127.0.0.1") as door,
    ):
        began_at = time.perf_counter()
        door.sendall(POST + DELETE)
        came = received(door, b"\r\n\r\n", 2)
        assert time.perf_counter() - began_at >= VENUE.delay_us / 1e6
    first, second = came.split(b"HTTP/1.1 ")[1:]
    assert (first[:3], second[:3]) == (b"200", b"204")
    assert second.count(b"\r\nX-Venue-Header-") + second.count(b"\r\nX-Request-Id: ") == VENUE.headers
    # Each line has another number: no two answers begin with the same bytes.
    assert len({line for line in came.splitlines() if line.startswith(b"X-Request-Id: ")}) == 2


@pytest.mark.parametrize("client", OWN)
def test_each_client_cancels(plain: Server, client: str) -> None:
    """Each client of the comparison that is installed with the library cancels without a failure."""
    gate = Gate(url=plain.url, certificate=None, in_flight=2)
    figure = measured(client, gate, PACE)
    assert (figure.failed, figure.fault) == (0, "")
    assert figure.calls > 0
    assert figure.cpu_s > 0


@pytest.mark.parametrize("client", ["limit", "apex"])
def test_each_client_cancels_over_tls(built: Built, client: str) -> None:
    """The certificate of the run is trusted, and no other."""
    with running(built, TLS) as server:
        gate = Gate(url=server.url, certificate=str(built.certificate), in_flight=2)
        assert measured(client, gate, PACE).calls > 0


def test_failures_are_counted(built: Built) -> None:
    """A client that nobody answers has no calls, but failures, and the first of them is told."""
    with running(built, Link(name="gone")) as server:
        pass
    gate = Gate(url=server.url, certificate=None, in_flight=1)
    figure = measured("httpx-sync", gate, Pace(warm_s=0.01, longest_warm_s=0.05, measure_s=0.05))
    assert figure.calls == 0
    assert figure.failed > 0
    assert figure.fault.startswith("ConnectError")


def test_a_whole_run(capsys: pytest.CaptureFixture[str], tmp_path: Path, built: Built) -> None:
    """The command measures what it is asked for, prints its table, and keeps it with its figures."""
    words = [
        "--quick",
        "--only",
        "limit",
        "--loads",
        "plain-64",
        "--sleeping-server",
        "--results",
        str(tmp_path),
    ]
    assert compare.main(words) == 0
    text = (tmp_path / "speed.md").read_text()
    assert capsys.readouterr().out == text + "\n"
    assert "Plain, 64 in flight" in text
    assert "--sleeping-server" in text
    assert str(tmp_path) not in text
    assert json.loads((tmp_path / "speed.json").read_text())["figures"][0]["rounds"][0]["calls"] > 0


def test_who_gets_nothing_done_is_not_asked_again() -> None:
    """A client without an answer in one round is left out of the next, under that load alone."""

    class Idle:
        asked = 0

        def measure(self, gate: Gate, pace: Pace) -> Figure:
            self.asked += 1
            return Figure(calls=0, seconds=1.0, cpu_s=0.0, failed=1, fault="PoolTimeout")

    gate = Gate(url="http://127.0.0.1:1", certificate=None, in_flight=1)
    idle, figures = Idle(), Figures()
    for load in ("plain-1000", "plain-1000", "tls-1000", "batch-1000"):
        compare.measure({"httpx": cast("Worker", idle)}, load, gate, PACE, figures)
    assert idle.asked == 2


@pytest.mark.parametrize("words", [["--only", "curl"], ["--loads", "plain-2"]])
def test_strange_names_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Who asks for a client or a load that there is not is told which there are."""
    with pytest.raises(SystemExit):
        compare.options(words)
    assert "expected some of" in capsys.readouterr().err
