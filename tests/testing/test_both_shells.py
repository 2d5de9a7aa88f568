"""A client of the library learns the same from a fault, whether or not there is a socket between."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import AsyncExitStack

import httpx
import pytest
import trustme

from countermand import Assurance, AsyncClient, Attempt, CancelRequest, OrderId
from countermand.testing import (
    EVERY_FAULT,
    Fault,
    FaultKind,
    Simulator,
    in_process,
    load_simulator,
    run_virtually,
    serving,
)

FAULTS = [fault for fault in EVERY_FAULT if "cancel" in fault.calls]
#: Long enough for a busy machine; what never comes is waited for so long, by all cancels at once.
TIMEOUT_S = 4.0


def venues_of(name: str) -> dict[str, Simulator]:
    """Make a venue for each fault, which its first cancel meets."""
    simulators = {}
    for fault in FAULTS:
        simulator = load_simulator(name)()
        simulator.place(0.0, order_id="6500")
        # A door is closed from the start, and must still be when the first cancel comes to it.
        delay_s = 2.0 if fault.kind in (FaultKind.REFUSED, FaultKind.TLS) else 0.2
        simulator.faults.script("cancel", Fault(kind=fault.kind, point=fault.point, delay_s=delay_s))
        simulators[f"{name}:{fault.word}"] = simulator
    return simulators


async def first_attempts(
    simulators: Mapping[str, Simulator],
    base_urls: Mapping[str, str],
    transport: httpx.AsyncBaseTransport | None,
) -> dict[str, Attempt]:
    """Cancel at all venues at once, and return the first attempt at each."""
    venues = [one.venue(base_urls[name], name=name.replace(":", "-")) for name, one in simulators.items()]
    requests = [
        CancelRequest(
            venue=venue.name,
            account="9",
            order=OrderId("6500"),
            assurance=Assurance.RECEIVED,
            timeout_s=TIMEOUT_S,
        )
        for venue in venues
    ]
    async with AsyncClient(venues, transport=transport) as client:
        acks = await asyncio.gather(*map(client.cancel, requests))
    return {name: ack.attempts[0] for name, ack in zip(simulators, acks, strict=True)}


def a_server(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """Make a context for one server: its faults change it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


async def over_sockets(name: str, certificate: trustme.LeafCert | None = None) -> dict[str, Attempt]:
    """Cancel over loopback, by the library's own transport; under TLS if there is a certificate."""
    simulators = venues_of(name)
    async with AsyncExitStack() as stack:
        served = {}
        for word, simulator in simulators.items():
            tls = None if certificate is None else a_server(certificate)
            served[word] = (await stack.enter_async_context(serving(simulator, tls=tls))).base_url
        return await first_attempts(simulators, served, None)


async def in_memory(name: str) -> dict[str, Attempt]:
    """Cancel without a socket."""
    simulators = venues_of(name)
    base_urls = {name: f"http://127.0.0.1:{port}" for port, name in enumerate(simulators, 1)}
    places = {base_urls[name]: simulator for name, simulator in simulators.items()}
    return await first_attempts(simulators, base_urls, in_process(places))


def told(attempt: Attempt) -> tuple[object, ...]:
    """Say what an attempt came to; a fault by the class of its exception."""
    fault = attempt.fault.partition(":")[0] if attempt.fault else None
    return (attempt.sent, attempt.http_status, attempt.verdict, fault)


@pytest.mark.parametrize("name", ["apex", "autoshares"])
def test_a_client_learns_the_same_through_both_shells(name: str) -> None:
    """What was sent, the status, the verdict, and the class of the fault, of every fault at a cancel."""
    remembered = {word: told(attempt) for word, attempt in run_virtually(in_memory(name)).items()}
    assert {word: told(attempt) for word, attempt in asyncio.run(over_sockets(name)).items()} == remembered
    assert len(set(remembered.values())) > len(FaultKind) // 3


@pytest.mark.parametrize("name", ["apex", "autoshares"])
def test_a_client_learns_the_same_under_tls(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """So it does of every fault at a cancel, and not one of them is taken for an answer."""
    authority = trustme.CA()
    with authority.cert_pem.tempfile() as trusted:
        monkeypatch.setenv("SSL_CERT_FILE", trusted)
        under_tls = asyncio.run(over_sockets(name, authority.issue_cert("127.0.0.1")))
    remembered = {word: told(attempt) for word, attempt in run_virtually(in_memory(name)).items()}
    assert {word: told(attempt) for word, attempt in under_tls.items()} == remembered
