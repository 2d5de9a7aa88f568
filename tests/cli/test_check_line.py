"""The line to a venue: each way in which it may end, and what is said of who proves to be there."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from countermand._wire._names import Address, Names
from countermand.cli._checkup._findings import Finding, Mark
from countermand.cli._checkup._line import Line, check_line
from countermand.testing import load_simulator, running

Run = Callable[..., Any]
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Give one authority to all: keys take their time."""
    return trustme.CA()


def here(_host: str, port: int) -> list[Address]:
    """Know every name as this machine."""
    return [Address(family=socket.AF_INET, where=("127.0.0.1", port))]


@contextmanager
def listening(greeting: bytes | None = b"") -> Iterator[int]:
    """Accept connections, and say something else than TLS; with None, nothing at all."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        if greeting is None:
            yield port
            return
        server.settimeout(5)

        def greet() -> None:
            peer, _ = server.accept()
            with peer:
                peer.sendall(greeting)

        thread = threading.Thread(target=greet)
        thread.start()
        yield port
        thread.join()


def went(
    line: Line, context: ssl.SSLContext | None = None, names: Names | None = None, timeout_s: float = 5.0
) -> tuple[Finding, ...]:
    trusted = context or ssl.create_default_context()

    async def go() -> tuple[Finding, ...]:
        deadline = asyncio.get_running_loop().time() + timeout_s
        known = Names(here) if names is None else names
        return await check_line(line, known, trusted, deadline)

    return asyncio.run(go())


def certified(authority: trustme.CA, *names: str, **dates: Any) -> ssl.SSLContext:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, common_name="venue.example", **dates).configure_cert(server)
    return server


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(client)
    return client


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("https://venue.example", Line(host="venue.example", port=443, tls=True)),
        ("https://venue.example:8443/api", Line(host="venue.example", port=8443, tls=True)),
        ("http://127.0.0.1", Line(host="127.0.0.1", port=80, tls=False)),
        ("http://[::1]:81", Line(host="::1", port=81, tls=False)),
    ],
)
def test_line_of_a_url(url: str, line: Line) -> None:
    """A base URL names host, port and whether there is TLS."""
    assert Line.of(url) == line


@pytest.mark.parametrize(
    ("days", "mark", "words"),
    [
        pytest.param(90.5, Mark.PASS, "ends in 90 days", id="long"),
        pytest.param(14.5, Mark.PASS, "ends in 14 days", id="just"),
        pytest.param(13.5, Mark.WARN, "ends in 13 days", id="soon"),
        pytest.param(1.5, Mark.WARN, "ends in 1 day", id="tomorrow"),
    ],
)
def test_certificate_is_told(authority: trustme.CA, days: float, mark: Mark, words: str) -> None:
    """Of a certificate that is trusted it is told whose it is, who says so, and when it ends."""
    tls = certified(authority, "venue.example", not_after=NOW + timedelta(days=days))
    with running(load_simulator("apex")(), tls=tls) as live:
        port = int(live.base_url.rpartition(":")[2])
        line = Line(host="venue.example", port=port, tls=True)
        name, connection, proof = went(line, trusting(authority))
    assert (name.found, connection.mark) == ("venue.example is 127.0.0.1", Mark.PASS)
    assert proof.mark is mark
    assert proof.found.startswith("TLSv1.3; certificate of venue.example, issued by trustme")
    assert proof.found.endswith(words)


@pytest.mark.parametrize(
    ("names", "dates", "trusted", "words", "advice"),
    [
        pytest.param(["venue.example"], {}, False, "unable to get local", "SSL_CERT_FILE", id="unknown"),
        pytest.param(["other.example"], {}, True, "Hostname mismatch", "write base_url", id="other host"),
        pytest.param(
            ["venue.example"],
            {"not_before": NOW - timedelta(days=9), "not_after": NOW - timedelta(days=1)},
            True,
            "has expired",
            "renew it",
            id="expired",
        ),
        pytest.param(
            ["venue.example"],
            {"not_before": NOW + timedelta(days=1), "not_after": NOW + timedelta(days=9)},
            True,
            "not yet valid",
            "this machine's clock",
            id="not yet",
        ),
    ],
)
def test_certificate_that_is_not_trusted(
    authority: trustme.CA, names: list[str], dates: Any, trusted: bool, words: str, advice: str
) -> None:
    """Who does not prove to be the venue is a failure, with its reason and what to do about that."""
    tls = certified(authority, *names, **dates)
    with running(load_simulator("apex")(), tls=tls) as live:
        line = Line(host="venue.example", port=int(live.base_url.rpartition(":")[2]), tls=True)
        proof = went(line, trusting(authority) if trusted else None)[-1]
        assert live.simulator.requests == []
    assert proof.mark is Mark.FAIL
    assert proof.found.startswith("the certificate is not trusted: ")
    assert words in proof.found
    assert advice in str(proof.advice)


def test_trusted_by_the_environment(
    authority: trustme.CA, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command trusts what a client trusts, and visits under TLS."""
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    monkeypatch.setenv("TOKEN", "simulated-session-token")
    with running(load_simulator("apex")(), tls=certified(authority, "127.0.0.1")) as live:
        (tmp_path / "countermand.toml").write_text(
            f'[venues.apex]\nplugin = "apex"\nbase_url = "{live.base_url}"\naccounts = ["9"]\n'
            'auth = {kind = "session-token", token = {env = "TOKEN"}}\n'
        )
        ran = run("check", "--json", "--config", str(tmp_path / "countermand.toml"))
    found = {one["about"]: one for one in json.loads(ran.out)["venues"][0]["findings"]}
    assert (ran.code, found["TLS"]["mark"], found["account 9"]["mark"]) == (0, "pass", "pass")
    assert found["TLS"]["found"].startswith("TLSv1.3; certificate of venue.example, issued by trustme")


def test_who_speaks_no_tls() -> None:
    """Who answers a handshake with something else is a failure of TLS."""
    with listening(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        found = went(Line(host="venue.example", port=port, tls=True))
    assert [one.mark for one in found] == [Mark.PASS, Mark.PASS, Mark.FAIL]
    assert "which port speaks TLS" in str(found[-1].advice)


def test_who_never_shakes_hands() -> None:
    """A handshake that does not end is ended by the time given."""
    began_at = time.monotonic()
    with listening(None) as port:
        found = went(Line(host="venue.example", port=port, tls=True), timeout_s=0.3)
    assert (found[-1].mark, found[-1].found) == (Mark.FAIL, "no answer in time")
    assert time.monotonic() - began_at < 2


def test_name_that_is_not_known() -> None:
    """A name that leads nowhere is told with what the look-up said, and the rest is not come to."""

    def look_up(host: str, _port: int) -> list[Address]:
        raise socket.gaierror(-2, f"{host} not known")

    found = went(Line(host="venue.example", port=443, tls=True), names=Names(look_up))
    assert [one.mark for one in found] == [Mark.FAIL, Mark.SKIPPED, Mark.SKIPPED]
    assert found[0].found == "gaierror: [Errno -2] venue.example not known"
    assert "slip in base_url" in str(found[0].advice)


def test_plain_line() -> None:
    """Without TLS nothing is proven, and that is remarked."""
    with listening() as port:
        found = went(Line(host="127.0.0.1", port=port, tls=False))
    assert [one.mark for one in found] == [Mark.PASS] * 3
    assert found[0].found == "127.0.0.1 is an address itself"
    assert found[2].found.startswith("none: plain http")
