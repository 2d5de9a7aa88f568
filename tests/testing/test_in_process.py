"""The transport without a socket: where it leads, what it tells, and what time it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import httpx
import pytest

from countermand.testing import Simulator, fault_from_word, in_process, load_simulator, run_virtually
from countermand.testing._fault import Fault, FaultKind, Point

T = TypeVar("T")
URL = "http://127.0.0.1:1"


def timed(work: Coroutine[Any, Any, T]) -> tuple[T, float]:
    """Run in virtual time, and tell how much of it passed."""

    async def main() -> tuple[T, float]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        result = await work
        return result, round(loop.time() - began, 6)

    return run_virtually(main())


def cancel_of(path: str = "/orders/6500", url: str = URL, **extensions: Any) -> httpx.Request:
    return httpx.Request("DELETE", url + path, extensions=extensions)


def toy_with_order(toy: type[Simulator], **behaviour: Any) -> Simulator:
    simulator = toy(**behaviour)
    simulator.place(0.0, order_id="6500")
    return simulator


def test_a_request_arrives_whole(toy: type[Simulator]) -> None:
    """Method, path with its query, headers in lower case, body."""
    simulator = toy()
    request = httpx.Request("POST", URL + "/echo/?a=%20b", headers={"X-Key": "1"}, content=b"hi")
    response, _ = timed(in_process(simulator).handle_async_request(request))
    assert (response.status_code, response.json()["content"], response.json()["x-key"]) == (200, "hi", "1")
    assert [(one.method, one.path, one.content) for one in simulator.requests] == [
        ("POST", "/echo/?a=%20b", "hi")
    ]


def test_it_takes_the_latency_and_what_the_venue_takes(toy: type[Simulator]) -> None:
    """A late answer speaks of the book as it is when it is due; the clock is the loop's."""
    simulator = toy_with_order(toy, cancel_delay_s=5.0)
    response, took = timed(
        in_process(simulator, latency_s=0.25).handle_async_request(cancel_of("/sync/6500"))
    )
    assert (response.text, took) == ("Canceled", 5.25)
    assert simulator.requests[0].at == 1000.25


def test_the_clock_can_be_another(toy: type[Simulator]) -> None:
    """Such as one that tells the date."""
    simulator = toy_with_order(toy)
    timed(in_process(simulator, clock=lambda: 7.0).handle_async_request(cancel_of()))
    assert simulator.requests[0].at == 7.0


def test_silence_is_for_ever(toy: type[Simulator]) -> None:
    """Until the client leaves."""
    simulator = toy_with_order(toy, silent_orders=True)

    async def main() -> None:
        async with asyncio.timeout(86_400):
            await in_process(simulator).handle_async_request(cancel_of())

    with pytest.raises(TimeoutError):
        run_virtually(main())
    assert len(simulator.requests) == 1


def test_each_base_url_leads_to_its_simulator(toy: type[Simulator]) -> None:
    """By its whole words; what stands before the path is not the venue's."""
    first, second, third = toy(), toy(), toy()
    transport = in_process(
        {"https://a.example": first, "https://a.example:444/api/": second, "http://b.example:80": third}
    )
    for url in ("https://a.example:443", "https://a.example:444/api", "http://b.example"):
        timed(transport.handle_async_request(httpx.Request("GET", url + "/echo")))
    assert [[one.path for one in simulator.requests] for simulator in (first, second, third)] == [
        ["/echo"]
    ] * 3
    for url in ("https://a.example:4", "https://a.example:444/apix", "http://b.example:81"):
        with pytest.raises(httpx.ConnectError, match="no simulator at"):
            timed(transport.handle_async_request(httpx.Request("GET", url + "/echo")))


def test_it_tells_when_the_first_byte_leaves(toy: type[Simulator]) -> None:
    """As httpcore does, before anything arrives; and never for a connection that does not come about."""
    simulator = load_simulator("apex")()
    told: list[tuple[str, int]] = []

    async def trace(step: str, _info: object) -> None:
        told.append((step, len(simulator.requests)))

    transport = in_process(simulator)
    request = httpx.Request("POST", URL + "/AP/CancelOrder", extensions={"trace": trace})
    for word in ("refused", "tls"):
        simulator.faults.script("cancel", fault_from_word(word))
        with pytest.raises(httpx.ConnectError):
            timed(transport.handle_async_request(request))
    assert told == []
    timed(transport.handle_async_request(request))
    assert told == [("http11.send_request_headers.started", 0)]


def history_of(simulator: Simulator) -> httpx.Request:
    token = {"aptoken": simulator.credentials.session_token}
    body = {"OMSId": 1, "AccountId": 9}
    return httpx.Request("POST", URL + "/AP/GetOrderHistory", headers=token, json=body)


@pytest.mark.parametrize(
    ("kind", "point", "head_s", "whole_s"),
    [
        pytest.param(FaultKind.LATE, Point.AFTER, 4.001, 4.001, id="late"),
        pytest.param(FaultKind.LATE, Point.MIDDLE, 0.001, 4.001, id="late-rest"),
        pytest.param(FaultKind.DRIBBLE, Point.AFTER, 0.251, 4.001, id="dribble"),
        pytest.param(FaultKind.DRIBBLE, Point.MIDDLE, 0.001, 4.001, id="dribbled-rest"),
    ],
)
def test_an_answer_takes_the_time_of_its_fault(
    kind: FaultKind, point: Point, head_s: float, whole_s: float
) -> None:
    """The head comes with its first piece, the body piece by piece, and it is the true one."""
    simulator = load_simulator("apex")()
    for _ in range(5):
        simulator.place(0.0)
    simulator.faults.script("history", Fault(kind=kind, point=point, delay_s=4.0))

    async def main() -> tuple[float, float, int, bytes]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        response = await in_process(simulator).handle_async_request(history_of(simulator))
        head_at = loop.time() - began
        assert isinstance(response.stream, httpx.AsyncByteStream)
        pieces = [piece async for piece in response.stream]
        return round(head_at, 6), round(loop.time() - began, 6), len(pieces), b"".join(pieces)

    seen_head_s, seen_whole_s, pieces, content = run_virtually(main())
    assert (seen_head_s, seen_whole_s) == (head_s, whole_s)
    assert (pieces > 10) is (kind is FaultKind.DRIBBLE)
    assert content.count(b'"OrderId"') == 5


def test_two_answers_leave_nothing_behind() -> None:
    """The next request gets its own answer."""
    simulator = load_simulator("apex")()
    simulator.place(0.0)
    simulator.faults.script("history", fault_from_word("two-answers"))
    transport = in_process(simulator)
    for _ in range(2):
        response, _ = timed(transport.handle_async_request(history_of(simulator)))
        assert b"6500" in asyncio.run(response.aread())
    assert len(simulator.requests) == 2
