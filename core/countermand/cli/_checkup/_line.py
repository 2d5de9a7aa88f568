"""The line to a venue: where its name leads, whether somebody listens there, and who that proves to be."""

from __future__ import annotations

import asyncio
import math
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import attrs

from countermand._wire._dial import connected, first_connected
from countermand._wire._names import Address, Names
from countermand.cli._checkup._findings import Finding, Mark, failed, passed, skipped, warned
from countermand.cli._report_words import counted

NAME, CONNECTION, TLS = "name look-up", "connection", "TLS"
_PORTS = {"http": 80, "https": 443}
_DAY_S = 86_400
#: A certificate that ends sooner is warned of, in days.
_SOON_DAYS = 14
_NAMED = "look for a slip in base_url, and whether this machine's name servers know the host"
_LISTENS = "ask the venue for the right host and port, and whether a firewall lets this machine through"
_SPEAKS = "ask the venue which port speaks TLS, and look for what may sit in between"
_RENEW = "have the venue renew it: from that day on no call gets through"
_TRUST = (
    "if it is an authority of the venue's own, name its certificates in SSL_CERT_FILE; else ask the venue,"
    " and send no secret there"
)
#: What to do about a certificate that is not trusted; OpenSSL, X509_V_ERR codes in x509_vfy.h.
_ADVICE = {
    9: "look at this machine's clock; else have the venue mend it",
    10: "look at this machine's clock; else have the venue renew it",
    62: "write base_url with the host that the venue's documents name",
    64: "write base_url with the host that the venue's documents name",
}


@attrs.frozen(kw_only=True)
class Line:
    """Whom a venue's calls reach."""

    host: str
    port: int
    tls: bool

    @classmethod
    def of(cls, base_url: str) -> Line:
        """Read it from the base URL of a venue."""
        parts = urlsplit(base_url)
        port = parts.port or _PORTS[parts.scheme]
        return cls(host=parts.hostname or "", port=port, tls=parts.scheme == "https")


class _Way:
    """The way to a venue, step by step; each raises `OSError` where it ends."""

    def __init__(self, line: Line, names: Names, context: ssl.SSLContext) -> None:
        self._line = line
        self._names = names
        self._context = context
        self._addresses: tuple[Address, ...] = ()
        self._socket: socket.socket | None = None
        self._transport: asyncio.Transport | None = None

    async def look_up(self) -> Finding:
        """Find where the name leads."""
        host, port = self._line.host, self._line.port
        self._addresses = await self._names.addresses(host, port)
        where = ", ".join(str(one.where[0]) for one in self._addresses)
        return passed(NAME, f"{host} is an address itself" if where == host else f"{host} is {where}")

    async def connect(self) -> Finding:
        """Find an address where somebody listens."""
        began_at = time.perf_counter()
        address, self._socket = await first_connected(self._addresses, connected)
        took_s = time.perf_counter() - began_at
        return passed(CONNECTION, f"{address.where[0]} port {self._line.port} accepts, after {took_s:.3f} s")

    async def shake_hands(self) -> Finding:
        """Have who listens there prove who it is."""
        if not self._line.tls:
            return passed(TLS, "none: plain http, which is taken on loopback only; anybody here can read it")
        self._transport, _ = await asyncio.get_running_loop().create_connection(
            asyncio.Protocol, sock=self._socket, ssl=self._context, server_hostname=self._line.host
        )
        tls = self._transport.get_extra_info("ssl_object")
        return _proven(tls.version(), tls.getpeercert(), time.time())

    def leave(self) -> None:
        """Hang up, wherever it ended."""
        if self._transport is not None:
            self._transport.abort()
        elif self._socket is not None:
            self._socket.close()


async def check_line(
    line: Line, names: Names, context: ssl.SSLContext, deadline: float
) -> tuple[Finding, ...]:
    """Go to a venue step by step, until one fails or the loop's time `deadline` comes; nothing is said."""
    way = _Way(line, names, context)
    steps = {
        NAME: (way.look_up, _NAMED),
        CONNECTION: (way.connect, _LISTENS),
        TLS: (way.shake_hands, _SPEAKS),
    }
    found: list[Finding] = []
    try:
        for about, (step, advice) in steps.items():
            is_open = all(one.mark is Mark.PASS for one in found)
            found.append(
                await _taken(about, step, advice, deadline)
                if is_open
                else skipped(about, "not come to", "mend what comes before it")
            )
    finally:
        way.leave()
    return tuple(found)


async def _taken(about: str, step: Callable[[], Awaitable[Finding]], advice: str, deadline: float) -> Finding:
    try:
        async with asyncio.timeout_at(deadline):
            return await step()
    except TimeoutError:
        return failed(about, "no answer in time", advice)
    except ssl.SSLCertVerificationError as error:
        told = f"the certificate is not trusted: {error.verify_message}"
        return failed(about, told, _ADVICE.get(error.verify_code, _TRUST))
    except OSError as error:
        return failed(about, f"{type(error).__name__}: {error}", advice)


def _proven(version: str | None, certificate: Mapping[str, Any] | None, now: float) -> Finding:
    """Tell of a certificate that is trusted, and when it ends."""
    known = certificate or {}
    days = math.floor((ssl.cert_time_to_seconds(known["notAfter"]) - now) / _DAY_S)
    found = (
        f"{version}; certificate of {_named(known['subject'])}, issued by {_named(known['issuer'])},"
        f" ends in {counted(days, 'day')}"
    )
    return passed(TLS, found) if days >= _SOON_DAYS else warned(TLS, found, _RENEW)


def _named(parts: Iterable[Iterable[tuple[str, str]]]) -> str:
    """Write a name of X.509 in short: its common name where it has one, else all of it."""
    known = dict(pair for part in parts for pair in part)
    return known.get("commonName") or ", ".join(known.values()) or "nobody"
