"""The socket shell, over loopback: HTTP as real clients speak it, and an end that leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from countermand.testing import LiveSimulator, Simulator, running, serving

Serve = Callable[..., Any]


def dial(live: LiveSimulator) -> socket.socket:
    """Open a bare connection."""
    where = urlsplit(live.base_url)
    return socket.create_connection((where.hostname, where.port), timeout=10)


def is_closed(connection: socket.socket) -> bool:
    """Tell whether the other side has ended, in whatever way."""
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def exchange(live: LiveSimulator, *parts: bytes) -> bytes:
    """Send bytes on a connection of their own, and read until the server closes it."""
    with dial(live) as connection:
        for part in parts:
            connection.sendall(part)
        received = b""
        while more := connection.recv(65_536):
            received += more
    return received


def test_one_connection_serves_venue_and_control(serve: Serve) -> None:
    """An order placed through the control interface is canceled at the venue, on one connection."""
    asker = serve()
    assert asker.control("POST", "/orders", {"order_id": "7"})[0] == 200
    first = asker.connection.sock
    assert asker.ask("DELETE", "/orders/7") == (204, "")
    assert asker.control("GET", "/orders?account=9")[1][0]["status"] == "Canceled"
    assert [request["path"] for request in asker.control("GET", "/requests")[1]] == ["/orders/7"]
    assert asker.connection.sock is first


def test_control_prefix_is_a_whole_word(serve: Serve) -> None:
    """Only what stands under the control URL is control; its bare address says what there is."""
    asker = serve()
    assert asker.control("GET", "")[0] == 404
    assert asker.control("GET", "?x=1")[0] == 404
    assert asker.control("GET", "/orders") == (200, [])
    assert asker.ask("GET", "/echo/control")[0] == 200


def test_request_arrives_whole(serve: Serve) -> None:
    """Body and headers reach the simulator; header names are in lower case."""
    asker = serve()
    asker.connection.request("POST", "/echo", b"x" * 300_000, {"X-Key": "caf\xe9"})
    echoed = json.loads(asker.connection.getresponse().read())
    assert (echoed["x-key"], len(echoed["content"])) == ("caf\xe9", 300_000)


@pytest.mark.parametrize(
    ("response", "length"),
    [
        pytest.param(b"DELETE /orders/6500", None, id="204-has-no-length"),
        pytest.param(b"GET /control/orders/1", b"43", id="length-always"),
        pytest.param(b"HEAD /control/orders/1", b"75", id="head-has-length-only"),
    ],
)
def test_answer_is_framed(serve: Serve, response: bytes, length: bytes | None) -> None:
    """An answer has its length, except 204; the answer to HEAD has no body."""
    live = serve().live
    live.call(live.simulator.place)
    head, _, body = exchange(live, response + b" HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").partition(
        b"\r\n\r\n"
    )
    lengths = [
        line.split(b": ")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
    ]
    assert (len(lengths) == 0) if length is None else (len(lengths) == 1)
    assert bool(body) == response.startswith(b"GET")
    assert len(body) == int(lengths[0]) if body else True


def test_late_answer_is_made_when_it_is_due(serve: Serve) -> None:
    """A delayed answer comes no sooner than told and speaks of the book as it is then."""
    asker = serve(cancel_delay_s=0.05)
    asker.control("POST", "/orders")
    began = time.monotonic()
    assert asker.ask("DELETE", "/sync/6500") == (200, "Canceled")
    assert 0.05 <= time.monotonic() - began < 5


def test_silent_order_gets_no_answer(serve: Serve) -> None:
    """No byte ever comes for a silent order, and its connection stays open; others are served."""
    asker = serve(silent_orders=["6500"])
    live = asker.live
    asker.control("POST", "/orders")
    with dial(live) as connection:
        connection.sendall(b"DELETE /orders/6500 HTTP/1.1\r\nhost: x\r\n\r\n")
        while not asker.control("GET", "/requests")[1]:
            pass
        connection.settimeout(0.02)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.settimeout(10)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""


def test_pipelined_requests_are_answered_in_order(serve: Serve) -> None:
    """Requests sent in one go are answered one after the other, slow ones first if they came first."""
    live = serve().live
    paths = [b"/slow-echo/1", *[b"/echo/%d" % n for n in range(200)], b"/slow-echo/2"]
    requests = [b"GET %s HTTP/1.1\r\nhost: %s\r\n\r\n" % (path, path) for path in paths]
    last = b"GET /echo HTTP/1.1\r\nhost: last\r\nconnection: close\r\n\r\n"
    received = exchange(live, b"".join(requests), last)
    assert received.count(b"HTTP/1.1 200") == 203
    places = [
        received.index(mark)
        for mark in (b"/slow-echo/1", b'"/echo/0"', b'"/echo/199"', b"/slow-echo/2", b'"last"')
    ]
    assert places == sorted(places)


def test_half_closed_client_still_gets_its_answer(serve: Serve) -> None:
    """A client that has ended its side is answered, also late, and then the connection ends."""
    live = serve().live
    for path in (b"/echo", b"/slow-echo"):
        with dial(live) as connection:
            connection.sendall(b"GET %s HTTP/1.1\r\nhost: x\r\n\r\n" % path)
            connection.shutdown(socket.SHUT_WR)
            received = b""
            while more := connection.recv(65_536):
                received += more
        assert received.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(b"what is this?\r\n\r\n", 400, id="no-http"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", 400, id="no-host"),
        # One byte too many and no more: what is left unread by who closes can cost the other its answer.
        pytest.param(b"GET /".ljust((1 << 20) + 1, b"x"), 431, id="endless-head"),
        pytest.param(b"GET / HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n", 400, id="no-length"),
    ],
)
def test_malformed_request_is_refused_and_the_connection_closed(
    serve: Serve, sent: bytes, status: int
) -> None:
    """What is no HTTP is answered so, and nothing of it reaches the venue."""
    asker = serve()
    received = exchange(asker.live, sent)
    assert received.startswith(b"HTTP/1.1 %d" % status)
    assert b'{"error":' in received
    assert asker.control("GET", "/requests") == (200, [])


def test_oversize_body_is_refused(serve: Serve) -> None:
    """A body beyond the limit is not kept."""
    live = serve().live
    head = b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 1048577\r\n\r\n"
    assert exchange(live, head + b"x" * 1_048_577).startswith(b"HTTP/1.1 413")


def test_cut_off_request_does_nothing(serve: Serve) -> None:
    """A request that ends before its body is never handled."""
    asker = serve()
    with dial(asker.live) as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nx")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 400")
    assert asker.control("GET", "/requests") == (200, [])


def test_flood_behind_a_silent_answer_is_cut_off(serve: Serve) -> None:
    """Bytes that nobody will read are not kept for ever."""
    asker = serve(silent_orders=True)
    asker.control("POST", "/orders")
    with dial(asker.live) as connection:
        connection.sendall(b"DELETE /orders/6500 HTTP/1.1\r\nhost: x\r\n\r\n")
        with pytest.raises(ConnectionError):
            connection.sendall(b"x" * (64 << 20))


def test_client_that_waits_for_a_go_ahead_gets_it(serve: Serve) -> None:
    """Some clients send their body only when told to go on (RFC 9110, 10.1.1)."""
    with dial(serve().live) as connection:
        connection.sendall(
            b"POST /echo HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n"
        )
        assert connection.recv(65_536).startswith(b"HTTP/1.1 100")
        connection.sendall(b"hi")
        assert b'"content":"hi"' in connection.recv(65_536)


@pytest.mark.parametrize("path", ["/fault", "/late-fault"])
def test_fault_of_a_simulator_is_shown_and_raised(toy: type[Simulator], path: str, serve: Serve) -> None:
    """A simulator that fails never passes for a venue that does: leaving raises what happened."""
    # SIM117, PT012: the fault is raised by leaving the block within.
    with pytest.raises(ExceptionGroup, match="the simulator 'toy' failed") as caught:  # noqa: SIM117, PT012 - it ends so
        with running(toy()) as live:
            request = f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode()
            assert b"500" in exchange(live, request)
    assert isinstance(caught.value.exceptions[0], RuntimeError | LookupError)


def test_calls_reach_the_simulator_between_requests(serve: Serve) -> None:
    """A test in another thread acts on the book through `call`, and gets what comes of it, errors too."""
    live = serve().live
    order = live.call(lambda now: live.simulator.place(now, settled=False))
    assert abs(order.placed_at - time.time()) < 5
    assert live.call(lambda _now: threading.current_thread().name) == "simulator toy"
    with pytest.raises(LookupError, match="no order '1'"):
        live.call(lambda _now: live.simulator.book.order("1"))


def test_call_finds_the_book_advanced(serve: Serve) -> None:
    """What is due has happened when a call looks."""
    live = serve().live
    live.call(lambda now: live.simulator.book.at(now, live.simulator.place))
    assert live.call(lambda _now: len(live.simulator.book.orders())) == 1


def test_serving_on_the_own_loop_is_the_same(toy: type[Simulator]) -> None:
    """In a coroutine the simulator runs on the loop it was entered on."""

    async def main() -> tuple[bytes, int, set[asyncio.Task[Any]]]:
        async with serving(toy()) as live:
            order = live.call(live.simulator.place)
            reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(live.base_url).port)
            writer.write(f"DELETE /orders/{order.order_id} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n")
            tasks = asyncio.all_tasks()
        rest = await reader.read()
        writer.close()
        return head, len(rest), tasks

    head, _, tasks = asyncio.run(main())
    assert head.startswith(b"HTTP/1.1 204")
    assert len(tasks) == 1  # no task but the test's own


def test_taken_port_is_an_error(serve: Serve, toy: type[Simulator]) -> None:
    """A port can be chosen; one that is taken is told at once, on either way in."""
    port = urlsplit(serve().live.base_url).port
    with pytest.raises(OSError, match=str(port)), running(toy(), port=port):
        pytest.fail("entered")


def test_end_leaves_nothing_behind(toy: type[Simulator]) -> None:
    """Leaving closes what is open, owed or silent, frees the port, and ends the thread."""
    with running(toy(silent_orders=True, cancel_delay_s=50)) as live:
        live.call(live.simulator.place)
        connections = [dial(live) for _ in range(3)]
        for connection, path in zip(connections, (b"/orders/6500", b"/slow-echo", b"/"), strict=True):
            connection.sendall(b"DELETE %s HTTP/1.1\r\nhost: x\r\n" % path + b"\r\n" * (path != b"/"))
        while len(live.call(lambda _now: live.simulator.requests)) < 2:
            pass
    for connection in connections:
        with connection:
            assert is_closed(connection)
    assert "simulator toy" not in {thread.name for thread in threading.enumerate()}
    with pytest.raises(ConnectionError):
        dial(live)
    gc.collect()  # an unclosed socket would warn here, and warnings are errors


def test_error_in_a_test_ends_the_simulator(toy: type[Simulator]) -> None:
    """A test that fails gets its own error, and the simulator stops."""
    with pytest.raises(KeyError, match="mine"), running(toy()):
        raise KeyError("mine")
    assert "simulator toy" not in {thread.name for thread in threading.enumerate()}
