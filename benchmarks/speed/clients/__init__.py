"""The clients that are compared: each prepares, cancels the order of a number, and closes; nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from importlib import import_module
from typing import Any, Protocol

import attrs

from speed.loads import Gate


class AsyncPeer(Protocol):
    """A client that is awaited; `cancel` raises unless the venue accepted."""

    async def prepare(self, gate: Gate) -> None:
        """Open what is needed."""
        ...

    async def cancel(self, number: int) -> None:
        """Cancel one order."""
        ...

    async def close(self) -> None:
        """Close everything."""
        ...


class SyncPeer(Protocol):
    """A client that blocks; `cancel` raises unless the venue accepted."""

    def prepare(self, gate: Gate) -> None:
        """Open what is needed."""
        ...

    def cancel(self, number: int) -> None:
        """Cancel one order."""
        ...

    def close(self) -> None:
        """Close everything."""
        ...


class CallbackPeer(Protocol):
    """A client that calls back."""

    async def prepare(self, gate: Gate) -> None:
        """Open what is needed."""
        ...

    def cancel(self, number: int, done: Callable[[], None]) -> None:
        """Cancel one order, and call back when the venue has accepted."""
        ...

    async def close(self) -> None:
        """Close everything."""
        ...


class BatchPeer(Protocol):
    """A client that cancels many orders in one call; it raises unless the venue accepted them all."""

    async def prepare(self, gate: Gate) -> None:
        """Open what is needed."""
        ...

    async def cancel(self, numbers: Sequence[int]) -> None:
        """Cancel these orders."""
        ...

    async def close(self) -> None:
        """Close everything."""
        ...


class Way(Enum):
    """How a client is driven."""

    CALLBACKS = "callbacks"
    TASKS = "tasks"
    THREADS = "threads"
    BATCHES = "batches"


@attrs.frozen(kw_only=True)
class Client:
    """One of those compared: where it is found, how it is driven, and under which loads."""

    name: str
    title: str
    way: Way
    place: str
    arguments: tuple[str, ...] = ()
    loads: frozenset[str]

    def make(self) -> Any:
        """Load its module and make one."""
        module, _, name = self.place.partition(":")
        return getattr(import_module(f"speed.clients.{module}"), name)(*self.arguments)


_ASYNC = frozenset({"plain-1", "plain-64", "plain-1000", "tls-1", "tls-64", "tls-1000", "venue-64"})
_SYNC = frozenset({"plain-1", "tls-1"})
_THREADED = _SYNC | {"plain-64", "tls-64"}
_BATCHES = frozenset({"batch-1000", "batch-10000"})


def _clients() -> tuple[Client, ...]:
    def awaited(name: str, title: str, place: str, *arguments: str) -> Client:
        return Client(name=name, title=title, way=Way.TASKS, place=place, arguments=arguments, loads=_ASYNC)

    def blocking(name: str, title: str, place: str, *arguments: str, loads: frozenset[str]) -> Client:
        return Client(name=name, title=title, way=Way.THREADS, place=place, arguments=arguments, loads=loads)

    return (
        Client(
            name="limit",
            title="asyncio.BufferedProtocol, prepared bytes, callbacks (the limit)",
            way=Way.CALLBACKS,
            place="bare:Limit",
            loads=_ASYNC,
        ),
        awaited("floor", "the same, awaited, with JSON (the floor)", "bare:Floor"),
        awaited("transport", "countermand's transport alone", "transport:Direct"),
        awaited("apex", "**countermand**, APEX", "countermanded:Async", "apex"),
        awaited("autoshares", "**countermand**, AutoShares", "countermanded:Async", "autoshares"),
        awaited("aiohttp", "aiohttp", "with_aiohttp:Session"),
        awaited("ccxt", "ccxt async, `ndax.cancel_order`", "with_ccxt:Async"),
        awaited("httpx", "httpx.AsyncClient", "with_httpx:Async"),
        blocking("apex-sync", "**countermand**, APEX, sync", "countermanded:Sync", "apex", loads=_THREADED),
        blocking(
            "autoshares-sync",
            "**countermand**, AutoShares, sync",
            "countermanded:Sync",
            "autoshares",
            loads=_THREADED,
        ),
        blocking("httpx-sync", "httpx.Client (sync)", "with_httpx:Sync", loads=_SYNC),
        blocking("ccxt-sync", "ccxt sync, `ndax.cancel_order`", "with_ccxt:Sync", loads=_SYNC),
        Client(
            name="apex-batch",
            title="**countermand**, APEX, `cancel_many`",
            way=Way.BATCHES,
            place="countermanded:Batches",
            arguments=("apex",),
            loads=_BATCHES,
        ),
        Client(
            name="autoshares-batch",
            title="**countermand**, AutoShares, `cancel_many`",
            way=Way.BATCHES,
            place="countermanded:Batches",
            arguments=("autoshares",),
            loads=_BATCHES,
        ),
    )


CLIENTS: dict[str, Client] = {client.name: client for client in _clients()}
