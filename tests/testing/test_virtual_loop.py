"""Time that passes only where everything waits."""

from __future__ import annotations

import asyncio
import threading
import time

from countermand.testing import VirtualLoop, run_virtually


def test_an_hour_takes_no_time_and_is_an_hour() -> None:
    """Whoever waits meets the others in the right order."""
    met: list[tuple[str, float]] = []

    async def wait(name: str, seconds: float) -> None:
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(seconds)
        met.append((name, round(asyncio.get_running_loop().time() - began, 6)))

    async def main() -> str:
        await asyncio.gather(wait("long", 3600.0), wait("short", 0.5), wait("none", 0))
        return "done"

    began = time.monotonic()
    assert run_virtually(main()) == "done"
    assert met == [("none", 0.0), ("short", 0.5), ("long", 3600.0)]
    assert time.monotonic() - began < 60


def test_time_can_pass_while_nobody_looks() -> None:
    """As on a machine that was busy or asleep."""

    async def main() -> float:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        began = loop.time()
        loop.jump(5.0)
        return loop.time() - began

    assert run_virtually(main()) == 5.0


def test_a_thread_at_work_is_waited_for() -> None:
    """No time passes while the library asks somebody aside; the answer comes before the alarm."""

    async def main() -> str:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str] = loop.create_future()
        go = threading.Event()

        def work() -> None:
            go.wait()
            loop.call_soon_threadsafe(answer.set_result, "answered")

        thread = threading.Thread(target=work, name="countermand-aside")
        thread.start()
        threading.Timer(0.1, go.set).start()
        try:
            async with asyncio.timeout(3600):
                return await answer
        finally:
            thread.join()

    assert run_virtually(main()) == "answered"
