"""`countermand check`: what it finds, at simulators of both venues, and that it touches no order."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from countermand.testing import Fault, FaultKind, LiveSimulator

pytest_plugins = ["countermand.testing.fixtures"]

Run = Callable[..., Any]

#: What a venue's simulator is asked by a check that goes well, as its routes name the calls.
_ASKED = {
    "apex": ["/AP/GetUserAccounts", "/AP/GetOpenOrders"],
    "autoshares": ["/v1.0/users/@me/accounts", "/v1.0/accounts/9/orders"],
}
PASSWORDS = {
    "apex": '[venues.apex]\nplugin = "apex"\nbase_url = "{url}"\naccounts = {accounts}\n'
    'auth = {{kind = "password", username = "router", password = {{env = "PASSWORD"}}}}\n',
    "autoshares": '[venues.autoshares]\nplugin = "autoshares"\nbase_url = "{url}"\naccounts = {accounts}\n'
    'app_key = {{env = "APP_KEY"}}\n'
    'auth = {{kind = "password", username = "router", password = {{env = "PASSWORD"}}}}\n',
}


@pytest.fixture(params=sorted(PASSWORDS))
def guest(
    request: pytest.FixtureRequest,
    simulators: Callable[..., LiveSimulator],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> LiveSimulator:
    """Serve a venue that is logged in at by password, from the environment."""
    live = simulators(request.param)
    configure(live, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PASSWORD", live.simulator.credentials.password)
    monkeypatch.setenv("APP_KEY", live.simulator.credentials.app_key)
    return live


def configure(live: LiveSimulator, where: Path, accounts: str = '["9"]') -> None:
    text = PASSWORDS[live.simulator.name].format(url=live.base_url, accounts=accounts)
    (where / "countermand.toml").write_text(text)


def checked(run: Run, *words: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Run a check of one venue and return its findings by what they are about."""
    ran = run("check", *words, "--json")
    told = json.loads(ran.out)
    assert (told["schema"], ran.err, told["well"]) == (1, "", ran.code == 0)
    (venue,) = told["venues"]
    return ran.code, {finding["about"]: finding for finding in venue["findings"]}


def test_healthy_venue_is_told_in_full(guest: LiveSimulator, run: Run) -> None:
    """Whatever a kill needs is looked at, and passes."""
    guest.call(partial(guest.simulator.place, order_id="7001"))
    code, found = checked(run)
    assert code == 0
    marks = {about: finding["mark"] for about, finding in found.items()}
    assert marks.pop("clock") == "skipped"  # the simulators date no answer
    assert set(marks.values()) == {"pass"}
    assert list(marks) == [
        *(
            "configuration",
            "plugin",
            "declarations",
            "secrets",
            "name look-up",
            "connection",
            "TLS",
            "log-in",
        ),
        *("accounts", "account 9", "cancels by", "mass cancel", "listing", "reads", "limits"),
    ]
    assert found["account 9"]["found"].startswith("1 open order, complete, in 0.")
    assert "a session was had; " in found["log-in"]["found"]
    assert "auth.password from the environment variable PASSWORD" in found["secrets"]["found"]


def test_no_order_is_touched(guest: LiveSimulator, run: Run) -> None:
    """What is sent is a log-in, the accounts, a listing and a log-out, and nothing else."""
    guest.call(partial(guest.simulator.place, order_id="7001"))
    run("check")
    asked = guest.call(lambda _now: list(guest.simulator.requests))
    log_in, *reads, log_out = [one.path.partition("?")[0] for one in asked]
    assert (log_in, log_out) in {("/AP/Authenticate", "/AP/LogOut"), ("/token", "/logout")}
    assert reads == _ASKED[guest.simulator.name]
    assert all(one.method != "DELETE" for one in asked)
    (order,) = guest.call(lambda _now: guest.simulator.book.orders())
    assert order.canceled_by is None
    assert not order.dead


def test_words_for_people(guest: LiveSimulator, run: Run) -> None:
    """Without `--json` each finding is a line, and what is to be done about it is the next one."""
    ran = run("check")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == guest.simulator.name
    clock = lines.index("  skipped clock          no answer of the venue had a date")
    assert lines[clock + 1].strip() == "what to do: compare this machine's clock with NTP"
    assert lines[-1] == "WELL: 15 pass, 1 skipped"


def test_given_token_is_tried(venue: LiveSimulator, run: Run) -> None:
    """A session that is given in the configuration needs no log-in, and its use shows whether it holds."""
    _, found = checked(run)
    assert (found["log-in"]["mark"], found["log-in"]["found"]) == (
        "pass",
        "none is needed: the session is given",
    )


def test_token_that_the_venue_refuses(
    venue: LiveSimulator, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A given session that is refused is a log-in that failed, with the venue's own words."""
    monkeypatch.setenv("TOKEN", "stale-token-of-yesterday")
    code, found = checked(run)
    assert (code, found["log-in"]["mark"], found["accounts"]["mark"]) == (1, "fail", "skipped")
    assert "refused by the venue: " in found["log-in"]["found"]
    assert "account 9" not in found


def test_wrong_password_is_told_in_the_venues_words(
    guest: LiveSimulator, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log-in that is refused is tried once, told, and never shows what was tried."""
    monkeypatch.setenv("PASSWORD", "a-wrong-password")
    code, found = checked(run)
    assert (code, found["log-in"]["mark"]) == (1, "fail")
    assert found["log-in"]["found"].startswith("refused: ")
    assert len(guest.call(lambda _now: list(guest.simulator.requests))) == 1
    assert "a-wrong-password" not in json.dumps(found)


def test_second_factor_is_told(guest: LiveSimulator, run: Run) -> None:
    """Where the venue wants a code, nobody is asked for one, and what follows is left out."""
    guest.call(lambda _now: guest.simulator.switch(second_factor=True))
    code, found = checked(run)
    assert (code, found["log-in"]["mark"], found["accounts"]["mark"]) == (0, "skipped", "skipped")
    assert "second factor" in found["log-in"]["found"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param(FaultKind.THROTTLED, "throttled: ", id="throttled"),
        pytest.param(FaultKind.SERVER_ERROR, "", id="500"),
        pytest.param(FaultKind.GARBAGE, "", id="garbage"),
    ],
)
def test_log_in_that_breaks(guest: LiveSimulator, run: Run, fault: FaultKind, words: str) -> None:
    """A log-in that the venue does not answer properly is a failure that may pass."""
    guest.call(lambda _now: guest.simulator.faults.script("log-in", Fault(kind=fault)))
    code, found = checked(run)
    assert (code, found["log-in"]["mark"]) == (1, "fail")
    assert found["log-in"]["found"].startswith(words)
    assert "try again later" in found["log-in"]["advice"]


def test_venue_that_never_answers(guest: LiveSimulator, run: Run) -> None:
    """A venue that says nothing costs the time given, and not more."""
    stalled = [Fault(kind=FaultKind.STALL)]
    guest.call(lambda _now: guest.simulator.faults.at_rate(1.0, choose=stalled))
    began_at = time.monotonic()
    code, found = checked(run, "--timeout", "1.5")
    assert time.monotonic() - began_at < 10
    assert (code, found["log-in"]["mark"], found["connection"]["mark"]) == (1, "fail", "pass")


def test_accounts_that_cannot_be_asked_for(guest: LiveSimulator, run: Run) -> None:
    """A session that is good, and a call that fails: the listing is tried all the same."""
    broken = [Fault(kind=FaultKind.SERVER_ERROR)]
    guest.call(lambda _now: guest.simulator.faults.at_rate(1.0, calls=["accounts"], choose=broken))
    code, found = checked(run)
    assert (code, found["log-in"]["mark"]) == (1, "pass")
    assert (found["accounts"]["mark"], found["account 9"]["mark"]) == ("fail", "pass")


def test_listing_that_fails(guest: LiveSimulator, run: Run) -> None:
    """An account whose orders cannot be listed cannot be proved empty, either."""
    broken = [Fault(kind=FaultKind.SERVER_ERROR)]
    guest.call(lambda _now: guest.simulator.faults.at_rate(1.0, calls=["open", "history"], choose=broken))
    code, found = checked(run, "--timeout", "1")
    assert (code, found["accounts"]["mark"], found["account 9"]["mark"]) == (1, "pass", "fail")
    assert "cannot be listed: " in found["account 9"]["found"]


@pytest.mark.parametrize(
    ("accounts", "further", "mark", "words"),
    [
        pytest.param(
            "[]", [], "warn", "a kill without scopes does nothing here; the venue tells of 9", id="none"
        ),
        pytest.param('["9", "10"]', [], "warn", "the venue does not tell of 10; it tells of 9", id="untold"),
        pytest.param('["9"]', ["12"], "warn", "the venue also tells of 12", id="unnamed"),
        pytest.param('["9", "12"]', ["12"], "pass", "9, 12: all that the venue tells of", id="all"),
    ],
)
def test_accounts_are_compared(
    guest: LiveSimulator, run: Run, tmp_path: Path, accounts: str, further: list[str], mark: str, words: str
) -> None:
    """What the configuration names is held against what the venue tells."""
    configure(guest, tmp_path, accounts)
    guest.call(lambda _now: guest.simulator.switch(further_accounts=further))
    _, found = checked(run)
    assert found["accounts"]["mark"] == mark
    assert words in found["accounts"]["found"]
    assert found["account 9"]["mark"] == "pass"


def test_many_accounts_are_not_all_listed(guest: LiveSimulator, run: Run, tmp_path: Path) -> None:
    """Where the configuration names none, the first ten that the venue tells of are listed."""
    configure(guest, tmp_path, "[]")
    guest.call(lambda _now: guest.simulator.switch(further_accounts=[str(100 + one) for one in range(11)]))
    _, found = checked(run)
    assert found["accounts"]["found"].endswith("; the first 10 are listed")
    assert sum(about.startswith("account ") for about in found) == 10


def test_nobody_listens(guest: LiveSimulator, run: Run, tmp_path: Path) -> None:
    """Where no connection comes about, all that needs one is left out."""
    text = (tmp_path / "countermand.toml").read_text()
    (tmp_path / "countermand.toml").write_text(text.replace(guest.base_url, "http://127.0.0.1:1"))
    code, found = checked(run)
    marks = [
        found[about]["mark"] for about in ("name look-up", "connection", "TLS", "log-in", "clock", "accounts")
    ]
    assert (code, marks) == (1, ["pass", "fail", "skipped", "skipped", "skipped", "skipped"])
    assert found["cancels by"]["mark"] == "pass"


def test_broken_table_keeps_back_no_other(
    venue: LiveSimulator, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One table that cannot be used is told with its key, and the others are checked."""
    name = venue.simulator.name
    with (tmp_path / "countermand.toml").open("a") as file:
        file.write('[venues.other]\nplugin = "nonesuch"\n[venues.last]\nplugin = 7\nauth = {token = "x"}\n')
    ran = run("check", "--json")
    told = {one["venue"]: {f["about"]: f for f in one["findings"]} for one in json.loads(ran.out)["venues"]}
    assert (ran.code, list(told)) == (1, [name, "other", "last"])
    assert told[name]["account 9"]["mark"] == "pass"
    assert "venues.other.plugin: no plugin named 'nonesuch'" in told["other"]["configuration"]["found"]
    assert told["other"]["plugin"]["mark"] == "fail"
    assert [told["last"][about]["mark"] for about in ("configuration", "plugin", "log-in")] == [
        *("fail", "skipped", "skipped")
    ]
    alone = run("check", name)
    assert (alone.code, "nonesuch" in alone.out) == (0, False)


def test_example_where_there_is_no_file(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has no configuration is shown one that is TOML and takes its secrets from the environment."""
    monkeypatch.chdir(tmp_path)
    ran = run("check")
    head, _, example = ran.out.partition("\n\n")
    assert (ran.code, "countermand.toml: there is no such file" in head) == (1, True)
    tables = tomllib.loads(example)["venues"]
    assert tables["autoshares"]["app_key"] == {"env": "AUTOSHARES_APP_KEY"}
    assert tables["apex"]["auth"]["kind"] == "api-key"
    told = json.loads(run("check", "--json").out)
    assert (told["well"], told["venues"], tomllib.loads(told["example"])["venues"]) == (False, [], tables)


def test_example_can_be_used(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its gaps filled in, the example is a configuration."""
    monkeypatch.chdir(tmp_path)
    text = run("check").out.partition("\n\n")[2].replace('"..."', '"81"')
    (tmp_path / "countermand.toml").write_text(
        text.replace("https://api.venue.example", "http://127.0.0.1:1")
    )
    for name in ("APEX_KEY", "APEX_SECRET", "AUTOSHARES_APP_KEY", "AUTOSHARES_TOKEN"):
        monkeypatch.setenv(name, "something-secret")
    for name in ("apex", "autoshares"):
        code, found = checked(run, name)
        assert (code, found["configuration"]["mark"], found["secrets"]["mark"]) == (1, "pass", "pass")


ODD = """
from countermand.venue import CONTRACT, Plugin
class Unlisted(type):
    __signature__ = 7
class Strange(metaclass=Unlisted): pass
PLUGIN = Plugin(contract=CONTRACT, venue=Strange, summary="odd", credentials={"any": lambda **more: more})
"""


def test_example_of_odd_plugins(
    run: Run, install: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plugin that cannot be loaded, or whose settings cannot be listed, spoils no example."""
    install("[countermand.venues]\nbroken = no_such_module:PLUGIN\nstrange = odd:PLUGIN\n", odd=ODD)
    monkeypatch.chdir(tmp_path)
    example = run("check").out.partition("\n\n")[2]
    assert "# the plugin 'broken' (no_such_module:PLUGIN of third-party 1.0) cannot be loaded" in example
    assert tomllib.loads(example)["venues"]["strange"] == {
        "plugin": "strange",
        "base_url": "https://api.venue.example",
        "accounts": ["9"],
        "auth": {"kind": "any"},
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("venues = [", "not TOML", id="toml"),
        pytest.param("[venues]\n", "expected at least one table", id="no venue"),
        pytest.param("[client]\nspeed = 1\n[venues.a]\n", "client: unknown key 'speed'", id="client"),
        pytest.param("[client]\nmax_in_flight = 0\n[venues.a]\n", "client: max_in_flight must be", id="size"),
    ],
)
def test_file_that_cannot_be_used(run: Run, tmp_path: Path, text: str, words: str) -> None:
    """What is wrong with the file as a whole is told with its place."""
    (tmp_path / "mine.toml").write_text(text)
    ran = run("check", "--config", str(tmp_path / "mine.toml"), "--json")
    (finding,) = json.loads(ran.out)["findings"]
    assert (ran.code, finding["mark"]) == (1, "fail")
    assert finding["found"].startswith(f"{tmp_path / 'mine.toml'}: ")
    assert words in finding["found"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(("elsewhere",), "no venue named 'elsewhere' is configured", id="venue"),
        pytest.param(("--timeout", "0"), "--timeout must be a positive", id="timeout"),
    ],
)
def test_mistake_is_told(venue: LiveSimulator, run: Run, words: tuple[str, ...], told: str) -> None:
    """A mistake in usage ends with 2, and nothing is sent."""
    ran = run("check", *words)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert venue.call(lambda _now: venue.simulator.requests) == []


def test_certificates_that_are_not_there(
    venue: LiveSimulator, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable that names no certificates is a mistake that is told."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nowhere.pem"))
    ran = run("check")
    assert (ran.code, ran.err.startswith("countermand: SSL_CERT_FILE, SSL_CERT_DIR: ")) == (2, True)


def test_interrupt_is_told(guest: LiveSimulator, run: Run) -> None:
    """Whoever interrupts a check is told that it canceled nothing."""
    stalled = [Fault(kind=FaultKind.STALL)]
    guest.call(lambda _now: guest.simulator.faults.at_rate(1.0, choose=stalled))

    def interrupt_when_asked() -> None:
        while not guest.call(lambda _now: guest.simulator.requests):
            pass
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt_when_asked).start()
    ran = run("check")
    assert (ran.code, ran.out) == (130, "")
    assert ran.err == "countermand: interrupted; no cancel was sent\n"


def test_help_names_it(run: Run) -> None:
    """The help has it among the commands."""
    assert "│ check " in run("--help").out


def test_an_account_that_the_venue_cannot_have_is_a_fault_of_the_file(
    guest: LiveSimulator, run: Run, tmp_path: Path
) -> None:
    """It is told by the key; the venue is not asked for it, and all else is looked at."""
    configure(guest, tmp_path, '["9", "main"]')
    code, found = checked(run)
    assert code == 1
    told = found["configuration"]
    assert told["mark"] == "fail"
    assert f"venues.{guest.simulator.name}.accounts: " in told["found"]
    assert "got 'main'" in told["found"]
    assert "account main" not in found
    assert (found["account 9"]["mark"], found["log-in"]["mark"]) == ("pass", "pass")
