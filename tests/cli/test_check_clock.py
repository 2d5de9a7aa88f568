"""The clock against a venue's: what a date tells, and how far one may be off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from countermand.cli._checkup._clock import DatedTransport, Reading, check_clock
from countermand.cli._checkup._findings import Mark
from countermand.testing import Drawn, Reply, load_simulator, running
from countermand.venue import HttpRequest

#: A whole second, as every date is.
SENT_AT = 1_700_000_000.0


def read(headers: dict[str, str], took_s: float = 1.0) -> list[Reading]:
    """Have one answer with those headers, that took so long."""
    times = iter([SENT_AT, SENT_AT + took_s])

    async def ask() -> list[Reading]:
        inner = httpx.MockTransport(lambda _request: httpx.Response(200, headers=headers))
        transport = DatedTransport(inner, lambda: next(times))
        response = await transport.handle_async_request(httpx.Request("GET", "http://127.0.0.1/"))
        assert response.status_code == 200
        await transport.aclose()
        return transport.readings

    return asyncio.run(ask())


def dated(ahead_s: float) -> str:
    return format_datetime(datetime.fromtimestamp(SENT_AT + ahead_s, UTC), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "ahead_s"),
    [
        pytest.param({"date": dated(0)}, [0.0], id="same"),  # half a second is lacking, and half a way
        pytest.param({"date": dated(5)}, [5.0], id="ahead"),
        pytest.param({"date": dated(-5)}, [-5.0], id="behind"),
        pytest.param({"date": dated(3), "age": "0"}, [3.0], id="fresh"),
        pytest.param({"date": dated(0).replace("GMT", "-0000")}, [0.0], id="no zone"),
        pytest.param({"date": dated(-5), "age": "5"}, [], id="cached"),
        pytest.param({"date": "yesterday"}, [], id="no date"),
        pytest.param({}, [], id="none"),
    ],
)
def test_date_is_read(headers: dict[str, str], ahead_s: list[float]) -> None:
    """A date is compared with the middle of the way; what is none, or another's, tells nothing."""
    assert [one.ahead_s for one in read(headers)] == pytest.approx(ahead_s)


@pytest.mark.parametrize(
    ("ahead_s", "mark", "words"),
    [
        pytest.param(0.4, Mark.PASS, "is 0.4 s ahead of this", id="well"),
        pytest.param(-2.0, Mark.PASS, "is 2.0 s behind this", id="just well"),
        pytest.param(2.1, Mark.WARN, "is 2.1 s ahead of this", id="warned"),
        pytest.param(-30.0, Mark.WARN, "is 30.0 s behind this", id="just warned"),
        pytest.param(31.0, Mark.FAIL, "is 31.0 s ahead of this", id="failed"),
        pytest.param(-3600.0, Mark.FAIL, "is 3600.0 s behind this", id="an hour"),
    ],
)
def test_skew_is_judged(ahead_s: float, mark: Mark, words: str) -> None:
    """Up to two seconds are well, and more than thirty are not."""
    finding = check_clock([Reading(ahead_s=ahead_s, took_s=0.2)])
    assert finding.mark is mark
    assert words in finding.found
    assert finding.found.endswith("give or take 0.6 s")
    assert ("by NTP" in str(finding.advice)) is (mark is not Mark.PASS)


def test_quickest_answer_counts() -> None:
    """An answer that was long on its way tells less."""
    slow, quick = Reading(ahead_s=40.0, took_s=60.0), Reading(ahead_s=1.0, took_s=0.1)
    assert check_clock([slow, quick]).mark is Mark.PASS


def test_no_date_is_no_finding() -> None:
    """Where no answer had a date, nothing is claimed."""
    assert check_clock([]).mark is Mark.SKIPPED


@pytest.mark.parametrize(("ahead_s", "code", "mark"), [(0, 0, "pass"), (-10, 0, "warn"), (3600, 1, "fail")])
def test_clock_of_a_venue(
    run: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ahead_s: float,
    code: int,
    mark: str,
) -> None:
    """The dates of a venue's answers to a check are what its clock is judged by."""
    kind: Any = load_simulator("apex")

    class Dated(kind):  # type: ignore[misc]  # which class it is, only an entry point tells
        def handle(self, request: HttpRequest, now: float, drawn: Drawn | None = None) -> Reply:
            reply: Reply = super().handle(request, now, drawn)
            date = format_datetime(datetime.fromtimestamp(now + ahead_s, UTC), usegmt=True)
            return reply.changed(
                lambda answer, _due: attrs.evolve(answer, headers={**answer.headers, "date": date})
            )

    monkeypatch.setenv("TOKEN", "simulated-session-token")
    with running(Dated()) as live:
        (tmp_path / "countermand.toml").write_text(
            f'[venues.apex]\nplugin = "apex"\nbase_url = "{live.base_url}"\naccounts = ["9"]\n'
            'auth = {kind = "session-token", token = {env = "TOKEN"}}\n'
        )
        ran = run("check", "--json", "--config", str(tmp_path / "countermand.toml"))
    found = {one["about"]: one for one in json.loads(ran.out)["venues"][0]["findings"]}
    assert (ran.code, found["clock"]["mark"]) == (code, mark)
