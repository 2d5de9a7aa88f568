"""Where a cancel's time goes: a profile by layers, and what can be timed by itself."""

from __future__ import annotations

import asyncio
import os
import time
from _lsprof import Profiler, profiler_entry
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from resource import RUSAGE_SELF, getrusage, struct_rusage
from types import CodeType

import attrs
import httpx

from countermand import AsyncClient, CancelRequest, OrderId, Outcome
from countermand._wire._transport import Transport
from countermand.venue import CancelTarget, HttpResponse, Session, Stamp
from speed.canned import ACCOUNT, FIRST_ID, NOWHERE, RECEIPTS, Instant, apex, received, reply_to

#: Layers by what stands in the file's name, or in that of attrs' generated code; the first that fits.
LAYERS: tuple[tuple[str, str], ...] = (
    ("countermand/_case/", "case"),
    ("countermand._case", "case"),
    ("countermand/_wire/", "transport"),
    ("countermand._wire", "transport"),
    ("countermand/_engine/", "engine"),
    ("countermand._engine", "engine"),
    ("countermand/_limits/", "engine"),
    ("countermand._limits", "engine"),
    ("countermand/_async_client", "engine"),
    ("countermand/_batch", "engine"),
    ("countermand/venue/", "adapter"),
    ("countermand.venue", "adapter"),
    ("countermand_apex", "adapter"),
    ("cattrs", "adapter"),
    ("/json/", "adapter"),
    ("countermand", "model"),
    ("httpx", "transport"),
    ("h11", "transport"),
    ("httptools", "transport"),
    ("/asyncio/", "event loop"),
    ("selectors.py", "event loop"),
    ("speed/", "benchmark"),
)
#: Calls into the kernel, by the names that a profile gives them.
_KERNEL = ("_socket.socket", "select.epoll")
#: The layers, in the order in which a cancel goes down.
ORDER = ("model", "adapter", "case", "engine", "transport", "event loop", "kernel", "benchmark", "other")


def layer_of(code: CodeType | str) -> str | None:
    """Put a function into its layer; None for one of no layer, which belongs to whoever calls it."""
    if isinstance(code, str):
        return "kernel" if any(word in code for word in _KERNEL) else None
    path = code.co_filename.replace(os.sep, "/")
    return next((layer for part, layer in LAYERS if part in path), None)


def by_layer(entries: Iterable[profiler_entry]) -> dict[str, float]:
    """Sum up own times by layers, in seconds; what is of no layer counts for those who call it."""
    found: defaultdict[str, float] = defaultdict(float)
    for entry in entries:
        layer = layer_of(entry.code)
        if layer is not None:
            found[layer] += entry.inlinetime
        for called in entry.calls or ():
            if layer_of(called.code) is None:
                found[layer or "other"] += called.inlinetime
    return dict(found)


@attrs.frozen(kw_only=True)
class Cost:
    """What a cancel costs, in µs of this process's time."""

    user_us: float
    system_us: float

    @property
    def whole_us(self) -> float:
        """Both together."""
        return self.user_us + self.system_us


@attrs.frozen(kw_only=True)
class Profiled:
    """A load without and with the profiler, and where the time went in the latter."""

    plain: Cost
    profiled: Cost
    #: What the profiler saw of each layer, in µs a cancel.
    seen_us: Mapping[str, float]

    def rows(self) -> Iterator[tuple[str, float, float]]:
        """Give each layer, its µs a cancel, and its share.

        The kernel's are measured without the profiler; the rest is shared as the profiler saw it.
        """
        seen = {name: self.seen_us.get(name, 0.0) for name in ORDER if name != "kernel"}
        whole_us = sum(seen.values()) or 1.0
        told = {name: self.plain.user_us * each_us / whole_us for name, each_us in seen.items()}
        told["kernel"] = self.plain.system_us
        for name in ORDER:
            yield name, told[name], told[name] / self.plain.whole_us


async def cancel_all(client: AsyncClient, requests: Iterator[CancelRequest], in_flight: int) -> None:
    """Cancel so many at once, each as soon as there is a place for it."""

    async def work() -> None:
        for request in requests:
            ack = await client.cancel(request)
            assert ack.outcome is Outcome.PENDING, ack  # noqa: S101 - a benchmark of nothing would be a fast one

    await asyncio.gather(*(work() for _ in range(in_flight)))


def cost_of(before: struct_rusage, count: int) -> Cost:
    """Tell what each of so many cost since then."""
    now = getrusage(RUSAGE_SELF)
    return Cost(
        user_us=1e6 * (now.ru_utime - before.ru_utime) / count,
        system_us=1e6 * (now.ru_stime - before.ru_stime) / count,
    )


async def profiled(base_url: str, in_flight: int, count: int) -> Profiled:
    """Run a load of receipts twice, the second time under the profiler."""
    async with AsyncClient([apex(base_url)], limits={"apex": ()}, max_in_flight=in_flight) as client:
        orders = iter(range(4 * count))

        async def run(many: int) -> Cost:
            requests = [received("apex", next(orders)) for _ in range(many)]
            before = getrusage(RUSAGE_SELF)
            await cancel_all(client, iter(requests), in_flight)
            return cost_of(before, many)

        await run(count // 4)  # connections, caches
        plain = await run(count)
        # Not by cProfile, which would take the script beside us for the standard library's `profile`.
        profiler = Profiler()
        profiler.enable()
        under = await run(count)
        profiler.disable()
    seen = {name: 1e6 * own_s / count for name, own_s in by_layer(profiler.getstats()).items()}
    return Profiled(plain=plain, profiled=under, seen_us=seen)


def _each_us(work: Callable[[], object], times: int = 2000, rounds: int = 5) -> float:
    """Time a pure function, in µs: the least of some rounds, for nothing makes it faster than it is."""
    found = []
    for _ in range(rounds):
        before = time.thread_time()
        for _ in range(times):
            work()
        found.append(time.thread_time() - before)
    return 1e6 * min(found) / times


def alone() -> dict[str, float]:
    """Time by itself what is pure, in µs a cancel."""
    venue, stamp, session = apex(NOWHERE), Stamp(nonce=1), Session(token="token")  # noqa: S106 - of nowhere
    request = received("apex", 1)
    target = CancelTarget(account=ACCOUNT, order=OrderId(str(FIRST_ID)), assurance=request.assurance)
    call, reply = venue.cancel(target), reply_to("/AP/CancelOrder", RECEIPTS)
    response = HttpResponse(status=reply.status, content=reply.content)
    return {
        "model: a request is made": _each_us(lambda: received("apex", 1)),
        "adapter: a request is checked": _each_us(lambda: venue.check(request)),
        "adapter: the call is made": _each_us(lambda: venue.cancel(target)),
        "adapter: the call is signed": _each_us(lambda: call.sign(session, stamp)),
        "adapter: the answer is read": _each_us(lambda: call.read(response)),
    }


async def over_instant(in_flight: int, count: int) -> float:
    """Time the whole over a transport that answers in process, in µs a cancel."""
    venue = apex(NOWHERE)
    async with AsyncClient(
        [venue], transport=Instant(RECEIPTS), limits={"apex": ()}, max_in_flight=in_flight
    ) as client:
        requests = [received("apex", number) for number in range(count)]
        before = getrusage(RUSAGE_SELF)
        await cancel_all(client, iter(requests), in_flight)
        return cost_of(before, count).whole_us


async def transport_alone(base_url: str, in_flight: int, count: int) -> Cost:
    """Time the own transport, called directly with requests that are there already."""
    signed = apex(base_url).cancel(CancelTarget(account=ACCOUNT, order=OrderId(str(FIRST_ID))))
    asked = signed.sign(Session(token="token"), Stamp(nonce=1))  # noqa: S106 - of a venue on loopback
    url, stream = httpx.URL(base_url + asked.path), httpx.ByteStream(asked.content)
    headers = httpx.Headers(
        {"host": url.netloc.decode(), "content-length": str(len(asked.content)), **asked.headers}
    )
    left = iter(range(count))
    transport = Transport()

    async def work() -> None:
        for _ in left:
            request = httpx.Request(asked.method, url, headers=headers, stream=stream)
            response = await transport.handle_async_request(request)
            await response.aread()
            await response.aclose()

    before = getrusage(RUSAGE_SELF)
    await asyncio.gather(*(work() for _ in range(in_flight)))
    told = cost_of(before, count)
    await transport.aclose()
    return told
