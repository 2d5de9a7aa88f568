"""Connections that do not come about: refused for a moment, or for want of a handshake."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs
import httpx
import pytest
import trustme

from countermand.testing import Fault, FaultKind, Point, Simulator, fault_from_word, load_simulator, serving
from countermand.testing._server import LiveSimulator

REFUSED = Fault(kind=FaultKind.REFUSED, delay_s=0.1)
#: So long that nobody comes too late to find nobody, however busy the machine; still waited for.
FOR_A_MOMENT = attrs.evolve(REFUSED, delay_s=0.8)
#: Not waited for.
FOR_LONG = attrs.evolve(REFUSED, delay_s=60.0)
TLS = Fault(kind=FaultKind.TLS, delay_s=0.8)


@pytest.fixture(scope="module")
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Give a server's certificate, and a client's trust in it."""
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    return server, client


class Visitor:
    """A client that keeps its connections."""

    def __init__(self, live: LiveSimulator, transport: httpx.AsyncBaseTransport) -> None:
        self.live = live
        self.simulator = live.simulator
        self._transport = transport

    async def cancel(self, order_id: int) -> int:
        """Cancel an order and return the status."""
        request = httpx.Request(
            "POST",
            self.live.base_url + "/AP/CancelOrder",
            headers={"aptoken": self.simulator.credentials.session_token},
            json={"OMSId": 1, "AccountId": 9, "OrderId": order_id},
        )
        response = await self._transport.handle_async_request(request)
        await response.aread()
        return response.status_code

    async def until_let_in(self) -> None:
        """Try until a connection comes about."""
        async with asyncio.timeout(10):
            while True:
                try:
                    await self.cancel(1)
                except httpx.ConnectError:
                    continue
                return


@asynccontextmanager
async def visiting(*contexts: ssl.SSLContext) -> AsyncIterator[Visitor]:
    """Visit a venue with two orders, over TLS if there are contexts for it."""
    simulator = load_simulator("apex")()
    simulator.place(0.0, order_id="6500")
    simulator.place(0.0, order_id="6501")
    server, client = contexts or (None, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    async with (
        serving(simulator, tls=server) as live,
        httpx.AsyncHTTPTransport(verify=client) as transport,
    ):
        yield Visitor(live, transport)


def test_nobody_listens_for_a_moment_and_then_on_the_same_port() -> None:
    """A connection that was kept is closed, so that the next request has to connect."""

    async def main() -> None:
        async with visiting() as visitor:
            assert await visitor.cancel(6500) == 200
            began = time.monotonic()
            visitor.simulator.faults.script("cancel", FOR_A_MOMENT)
            with pytest.raises(httpx.ConnectError):
                await visitor.cancel(6501)
            await visitor.until_let_in()
            assert 0.8 <= time.monotonic() - began < 5
            assert await visitor.cancel(6501) == 200
            assert visitor.simulator.faults.met == [(0, "cancel", FOR_A_MOMENT)]

    asyncio.run(main())


def test_moments_add_up() -> None:
    """Two refusals are twice as long, also when the second comes while nobody listens."""

    async def main() -> None:
        async with visiting() as visitor:
            began = time.monotonic()
            visitor.simulator.faults.script("cancel", REFUSED, REFUSED)
            visitor.simulator.faults.script("read", REFUSED)
            await visitor.until_let_in()
            assert time.monotonic() - began >= 0.3

    asyncio.run(main())


def test_a_door_that_is_just_about_to_open_is_shut_again() -> None:
    """Whenever in the steps of opening it is shut anew, it opens after that, on the same port."""

    async def main() -> None:
        async with visiting() as visitor:
            for step in range(8):
                visitor.simulator.faults.script("read", attrs.evolve(REFUSED, delay_s=0.0))
                for _ in range(step):
                    await asyncio.sleep(0)
                began = time.monotonic()
                visitor.simulator.faults.script("read", REFUSED)
                await asyncio.sleep(0.02)
                await visitor.until_let_in()
                assert time.monotonic() - began >= 0.1

    asyncio.run(main())


def test_a_refusal_in_its_turn_comes_after_the_answer_before_it() -> None:
    """What is answered meanwhile gets its answer whole, and its connection ends."""

    async def main() -> None:
        async with visiting() as visitor:
            visitor.simulator.faults.script("cancel", None, FOR_LONG)
            assert await visitor.cancel(6500) == 200
            with pytest.raises(httpx.ConnectError):
                await visitor.cancel(6501)

    asyncio.run(main())


def test_at_a_rate_the_next_connection_meets_what_its_request_drew() -> None:
    """The request that drew it is in already: it is answered truly, and met nothing."""

    async def main() -> None:
        async with visiting() as visitor:
            visitor.simulator.faults.at_rate(1.0, choose=[FOR_LONG])
            assert await visitor.cancel(6500) == 200
            with pytest.raises(httpx.ConnectError):
                await visitor.cancel(6501)
            (noted,) = visitor.simulator.requests
            assert (noted.fault, noted.acted_at) == (None, noted.at)
            assert visitor.simulator.faults.met == [(0, "cancel", FOR_LONG)]

    asyncio.run(main())


def test_without_tls_a_failed_handshake_is_a_refusal() -> None:
    """Nothing is sent in either case."""

    async def main() -> None:
        async with visiting() as visitor:
            visitor.simulator.faults.script("cancel", TLS)
            with pytest.raises(httpx.ConnectError):
                await visitor.cancel(6500)
            await visitor.until_let_in()

    asyncio.run(main())


def test_a_handshake_fails_and_the_next_one_does_not(contexts: Any) -> None:
    """Over TLS the venue listens on, and one connection fails."""

    async def main() -> None:
        async with visiting(*contexts) as visitor:
            assert visitor.live.base_url.startswith("https://")
            assert visitor.live.control_url.startswith("https://")
            assert await visitor.cancel(6500) == 200
            visitor.simulator.faults.script("cancel", TLS)
            with pytest.raises(httpx.ConnectError):
                await visitor.cancel(6501)
            assert await visitor.cancel(6501) == 200
            assert [one.fault for one in visitor.simulator.requests] == [None, None]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("refused", httpx.ConnectError),
        ("reset:middle", httpx.ReadError),
        ("close:after", httpx.RemoteProtocolError),
        ("half:middle", httpx.RemoteProtocolError),
        ("garbage", httpx.RemoteProtocolError),
    ],
)
def test_faults_are_the_same_under_tls(contexts: Any, word: str, error: type[Exception]) -> None:
    """A client sees them through its own TLS."""

    async def main() -> None:
        async with visiting(*contexts) as visitor:
            assert await visitor.cancel(6500) == 200
            visitor.simulator.faults.script("cancel", fault_from_word(word))
            with pytest.raises(error):
                await visitor.cancel(6501)

    asyncio.run(main())


def test_leaving_while_nobody_listens_leaves_nothing() -> None:
    """Neither a socket (which would warn) nor a timer, at whatever moment of opening again."""

    async def main(wait_s: float) -> None:
        async with visiting() as visitor:
            visitor.simulator.faults.script("cancel", Fault(kind=FaultKind.REFUSED, delay_s=0.01))
            if wait_s:
                loop = asyncio.get_running_loop()
                ended: asyncio.Future[None] = loop.create_future()
                loop.call_later(wait_s, ended.set_result, None)
                await ended
        assert len(asyncio.all_tasks()) == 1
        with pytest.raises(OSError, match=r"refused|failed"):
            await asyncio.open_connection("127.0.0.1", httpx.URL(visitor.live.base_url).port)

    async def both() -> None:
        for wait_s in (0.0, 0.01, 0.02):
            await main(wait_s)

    asyncio.run(both())


def test_a_fault_scripted_before_serving_meets_the_first_connection() -> None:
    """As with `--fault cancel:refused` on the command line."""

    async def main(simulator: Simulator) -> None:
        simulator.faults.script("cancel", FOR_LONG)
        async with serving(simulator) as live, httpx.AsyncHTTPTransport() as transport:
            with pytest.raises(httpx.ConnectError):
                await transport.handle_async_request(httpx.Request("GET", live.base_url + "/AP/Ping"))

    asyncio.run(main(load_simulator("apex")()))


def test_the_second_answer_comes_right_behind_the_first() -> None:
    """A client that does not look whose answer an answer is takes it for that to its next request."""

    async def main() -> None:
        async with visiting() as visitor:
            live = visitor.live
            visitor.simulator.faults.script("read", Fault(kind=FaultKind.TWO_ANSWERS, point=Point.AFTER))
            reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(live.base_url).port)
            token = visitor.simulator.credentials.session_token
            body = b'{"OMSId":1,"AccountId":9,"OrderId":6500}'
            head = f"POST /AP/GetOrderStatus HTTP/1.1\r\nhost: x\r\naptoken: {token}\r\n"
            writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
            received = await reader.read(65_536)
            assert received.count(b"HTTP/1.1 200") == 2
            assert received.index(b'"OrderId":6500') < received.index(b'"OrderId":6501')
            writer.close()

    asyncio.run(main())


def test_the_control_interface_shuts_the_door(serve: Any) -> None:
    """Its own answer comes whole; then nobody listens, not even for control, until the moment is over."""
    asker = serve()
    script = {"script": {"cancel": [{"kind": "refused", "delay_s": 0.8}]}}
    status, answer = asker.control("PUT", "/faults", script)
    assert (status, answer["script"], answer["met"][0]["number"]) == (200, {}, 0)
    with pytest.raises(ConnectionRefusedError):
        asker.control("GET", "/faults")
    ends = time.monotonic() + 10
    while time.monotonic() < ends:
        asker.connection.close()  # it does not begin again by itself
        try:
            assert asker.control("GET", "/orders") == (200, [])
        except ConnectionRefusedError:
            continue
        return
    pytest.fail("the door stayed shut")


def test_a_connection_that_the_client_has_ended_is_no_matter() -> None:
    """Hanging up on one that is about to be lost anyway harms nothing."""

    async def main() -> None:
        async with visiting() as visitor:
            port = httpx.URL(visitor.live.base_url).port
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            assert await visitor.cancel(6500) == 200
            writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            writer.transport.abort()
            await asyncio.sleep(0)
            visitor.simulator.faults.script("cancel", REFUSED, REFUSED)
            await visitor.until_let_in()

    asyncio.run(main())
