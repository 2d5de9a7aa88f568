"""Name look-ups: each on a daemon thread, one for all who ask, its answer kept for a minute."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import attrs

from countermand._aside import on_a_thread

#: How long an answer is believed, in seconds.
KEPT_S = 60.0

_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
Key = tuple[str, int]


@attrs.frozen(kw_only=True)
class Address:
    """What a socket of that family connects to."""

    family: int
    where: tuple[Any, ...]


LookUp = Callable[[str, int], Iterable[Address]]


def system_look_up(host: str, port: int) -> tuple[Address, ...]:
    """Ask the system, and wait for it: seconds, where a name server is silent; raises `OSError`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(Address(family=family, where=where) for family, _, _, _, where in found))


class Names:
    """Where hosts are; of one event loop."""

    def __init__(self, look_up: LookUp = system_look_up) -> None:
        self._look_up = look_up
        self._under_way: dict[Key, asyncio.Future[tuple[Address, ...]]] = {}
        self._found: dict[Key, tuple[Address, ...]] = {}
        self._found_at: dict[Key, float] = {}
        self._worked: dict[Key, Address] = {}

    async def addresses(self, host: str, port: int) -> tuple[Address, ...]:
        """Return where a host is, what worked last time first; raises `OSError`, or what the look-up did."""
        literal = _literal(host, port)
        if literal is not None:
            return (literal,)
        key = (host, port)
        if key not in self._found or asyncio.get_running_loop().time() - self._found_at[key] >= KEPT_S:
            await self._looked_up(key)
        return tuple(sorted(self._found[key], key=lambda address: address != self._worked.get(key)))

    def worked(self, host: str, port: int, address: Address) -> None:
        """Note that a connection to this address was made."""
        self._worked[host, port] = address

    async def _looked_up(self, key: Key) -> None:
        flight = self._under_way.get(key)
        if flight is None:
            flight = on_a_thread(lambda: tuple(self._look_up(*key)), "countermand-look-up")
            self._under_way[key] = flight
            flight.add_done_callback(partial(self._landed, key))
        await asyncio.wait([flight])  # who leaves does not end it for the others
        if not flight.result():
            raise OSError(f"no address for {key[0]}")

    def _landed(self, key: Key, flight: asyncio.Future[tuple[Address, ...]]) -> None:
        del self._under_way[key]
        if flight.exception() is None and flight.result():
            self._found[key] = flight.result()
            self._found_at[key] = flight.get_loop().time()


def _literal(host: str, port: int) -> Address | None:
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        return None
    if "%" in host:  # only the system knows the number of a zone
        return None
    return Address(family=_FAMILIES[version], where=(host, port))
