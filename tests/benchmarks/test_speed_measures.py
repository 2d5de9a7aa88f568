"""What is measured beside the comparison: how its figures are made of what was seen."""

from __future__ import annotations

import asyncio
import importlib.util
import json
from pathlib import Path
from types import CodeType, ModuleType, SimpleNamespace
from typing import Any, cast

import pytest

from countermand.venue import HttpResponse, ListingVerdict, Page
from speed import heartbeat, layers, memory, startup
from speed.canned import (
    ACCOUNT,
    NOWHERE,
    PAGE_ROWS,
    RECEIPTS,
    Replies,
    Reply,
    apex,
    apex_listing,
    autoshares,
    autoshares_listing,
    reply_to,
)

BENCHMARKS = Path(heartbeat.__file__).parents[1]


def listed(replies: Replies) -> list[ListingVerdict]:
    """Read all that is answered to a listing."""
    venue = apex(NOWHERE) if any(target.startswith("/AP/") for target in replies) else autoshares(NOWHERE)
    return [
        venue.list_open(ACCOUNT, page).read(HttpResponse(status=reply.status, content=reply.content))
        for page, reply in enumerate(replies.values())
    ]


@pytest.mark.parametrize("short", [False, True])
def test_an_apex_listing_is_as_long_as_it_shall_be(short: bool) -> None:
    """And of orders that are all open, each once, the newest first."""
    replies = apex_listing(50_000, short=short)
    (reply,) = replies.values()
    assert 49_000 <= len(reply.content) <= 52_000
    (page,) = listed(replies)
    assert isinstance(page, Page)
    numbers = [int(row.order_id.value) for row in page.rows]
    assert numbers == sorted(set(numbers), reverse=True)
    assert len(numbers) == len(json.loads(reply.content))


def test_an_autoshares_listing_ends_after_its_pages() -> None:
    """All pages but the last are full; of one that holds all rows the next one is empty."""
    pages = listed(autoshares_listing(200_000))
    assert all(isinstance(page, Page) for page in pages)
    rows = [len(list(cast("Page", page).rows)) for page in pages]
    assert set(rows[:-2]) == {PAGE_ROWS}
    assert [cast("Page", page).next_page is None for page in pages][-1]
    one, end = listed(autoshares_listing(200_000, paged=False))
    assert isinstance(one, Page)
    assert isinstance(end, Page)
    assert (len(list(one.rows)), list(end.rows)) == (sum(rows), [])


def test_a_request_is_answered_by_the_end_of_its_target() -> None:
    """A path or a query; else by what is said to everything, or by nothing."""
    assert reply_to("/AP/CancelOrder", RECEIPTS).status == 200
    assert reply_to("/v1.0/accounts/9/orders/7", RECEIPTS).status == 204
    assert reply_to("/orders?page=1", {"page=1": Reply(status=200)}).status == 200
    assert reply_to("/orders?page=2", {"page=1": Reply(status=200)}).status == 404
    assert Reply(status=204, content=b"{}").written.endswith(b"Content-Length: 2\r\n\r\n{}")


def test_a_heart_tells_what_held_it_up() -> None:
    """By the wall's clock and by its thread's own, and no less than that took."""

    async def work() -> None:
        await asyncio.sleep(0.002)
        loop = asyncio.get_running_loop()
        until = loop.time() + 0.01
        while loop.time() < until:
            pass

    told = asyncio.run(heartbeat.beaten(work()))
    assert told["longest_block_ms"] >= 10.0
    assert told["longest_block_cpu_ms"] > 0.0


def test_start_up_is_told_without_that_of_an_interpreter() -> None:
    """Medians, of which that of nothing is taken off."""
    times = {"nothing": [1, 10, 10], "import_httpx": [30, 30, 99], "import_countermand": [40, 0, 40]}
    told = startup.summed_up(cast("dict[str, list[float]]", {**times, "first_client": [60.0]}))
    assert told == {
        "import_httpx_ms": 20,
        "import_countermand_ms": 30,
        "first_client_ms": 50,
        "ratio": 1.5,
    }


def test_memory_grows_from_the_first_cancels_on() -> None:
    """The most may have come in between."""
    assert memory.summed_up([10.0, 17.0, 12.0]) == {
        "first_mb": 10,
        "most_mb": 17,
        "last_mb": 12,
        "growth_mb": 2,
        "most_growth_mb": 7,
    }
    assert memory.resident_mb() > 1


def code_of(file: str) -> CodeType:
    """Make the code of a function that stands in that file."""
    return compile("0", file, "eval")


PLACES: dict[str, tuple[str, str | None]] = {
    "a value": ("/x/core/countermand/_ack.py", "model"),
    "a value's own code": ("<attrs generated methods countermand._request.CancelRequest>", "model"),
    "the contract": ("/x/core/countermand/venue/wire.py", "adapter"),
    "an adapter": ("/x/adapters/countermand_apex/_wire.py", "adapter"),
    "a case": ("/x/core/countermand/_case/_plan.py", "case"),
    "a case's own code": ("<attrs generated methods countermand._case._facts.Began>", "case"),
    "the engine": ("/x/core/countermand/_engine/_flow.py", "engine"),
    "a limit": ("/x/core/countermand/_limits/_gate.py", "engine"),
    "the client": ("/x/core/countermand/_async_client.py", "engine"),
    "the wire": ("/x/core/countermand/_wire/_pool.py", "transport"),
    "its parser": ("/x/site-packages/h11/_events.py", "transport"),
    "the loop": ("/x/lib/python3.11/asyncio/events.py", "event loop"),
    "the benchmark": ("/x/benchmarks/speed/layers.py", "benchmark"),
    "anything": ("/x/lib/python3.11/enum.py", None),
}


@pytest.mark.parametrize(("file", "layer"), PLACES.values(), ids=PLACES.keys())
def test_a_function_is_of_the_layer_of_its_file(file: str, layer: str | None) -> None:
    """What is of no layer belongs to whoever calls it."""
    assert layers.layer_of(code_of(file)) == layer
    assert layer is None or layer in layers.ORDER


def test_what_is_in_c_is_of_its_caller_but_for_the_kernel() -> None:
    """Sends and polls are the kernel's, whoever calls them; nothing is lost or counted twice."""
    assert layers.layer_of("<method 'send' of '_socket.socket' objects>") == "kernel"
    assert layers.layer_of("<built-in method builtins.len>") is None

    def entry(code: Any, own_s: float, *calls: Any) -> Any:
        return SimpleNamespace(code=code, inlinetime=own_s, calls=list(calls) or None)

    enum, length = code_of("/x/enum.py"), "<built-in method builtins.len>"
    send = "<method 'send' of '_socket.socket' objects>"
    found = layers.by_layer(
        [
            entry(code_of("/x/countermand/_case/_plan.py"), 1.0, entry(length, 0.5), entry(enum, 2.0)),
            entry(code_of("/x/asyncio/events.py"), 4.0, entry(send, 8.0), entry(length, 0.25)),
            entry(enum, 2.0, entry(length, 0.125)),
            entry(length, 0.875),
            entry(send, 8.0),
        ]
    )
    assert found == {"case": 3.5, "event loop": 4.25, "kernel": 8.0, "other": 0.125}


def told_of(**seen_us: float) -> layers.Profiled:
    """Make what was seen of a load."""
    return layers.Profiled(
        plain=layers.Cost(user_us=80.0, system_us=20.0),
        profiled=layers.Cost(user_us=200.0, system_us=20.0),
        seen_us=seen_us,
    )


def test_shares_add_up_to_what_was_measured() -> None:
    """The kernel's is measured; the others share the rest as the profiler saw them."""
    rows = {
        name: (each_us, share) for name, each_us, share in told_of(case=1.0, engine=3.0, kernel=9.0).rows()
    }
    assert (rows["case"], rows["engine"], rows["kernel"]) == ((20.0, 0.2), (60.0, 0.6), (20.0, 0.2))
    assert sum(each_us for each_us, _ in rows.values()) == pytest.approx(100.0)


def profile() -> ModuleType:
    """Load the script: by its file, for by its name it is the standard library's."""
    spec = importlib.util.spec_from_file_location("profile_of_a_cancel", BENCHMARKS / "profile.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_of_a_profile_is_checked_against_the_whole() -> None:
    """Its sum stands below, and so does what the profiler cost."""
    text = "\n".join(profile().table(64, told_of(case=1.0, engine=3.0)))
    assert "| engine | 60.0 | 60% |" in text
    assert "| sum | 100.0 | 100% |" in text
    assert "100.0 µs (80.0 in the process, 20.0 in the kernel); under it 220.0 µs, 2.2 times" in text
