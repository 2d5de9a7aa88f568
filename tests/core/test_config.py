"""A configuration file that cannot be used says which key, where, and what was expected."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from countermand import AsyncClient, Client, RetryPolicy
from countermand._config import load_configuration
from countermand.errors import ConfigurationError
from countermand.venue import CallKind, Limit, LimitScope

BOTH = """
[client]
max_in_flight = 4
reply_bytes = 2_000_000
listing_bytes = 9_000_000

[venues.apex]
plugin = "apex"
base_url = "https://api.venue.example:8443"
oms_id = 1
auth = {kind = "session-token", token = {env = "APEX_TOKEN"}}
accounts = ["9", "10"]

[venues.second-apex]
plugin = "apex"
base_url = {env = "SECOND_URL"}
client_order_ids_unique = true
auth = {kind = "password", username = "trader", password = {env = "APEX_PASSWORD"}}

[venues.autoshares]
plugin = "autoshares"
base_url = "https://api.shares.example"
app_key = {env = "APP_KEY"}
read_lag_s = 2.5
auth = {kind = "access-token", token = "t0k3n"}
"""
SECRETS = {
    "APEX_TOKEN": "s3cret-token",
    "APEX_PASSWORD": "s3cret-password",
    "APP_KEY": "s3cret-key",
    "SECOND_URL": "http://127.0.0.1:8080",
}


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str | bytes], Path]:
    """Write a configuration file, in an environment with the secrets."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("MISSING", raising=False)

    def to_file(text: str | bytes) -> Path:
        path = tmp_path / "countermand.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return to_file


Write = Callable[[str | bytes], Path]


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_file_for_both_venues(write: Write, kind: type[Client | AsyncClient]) -> None:
    """Venues are built by their plugins, named by their tables, with secrets from the environment."""
    client = kind.from_config(str(write(BOTH)))
    apex, second, shares = client.venues
    assert [venue.name for venue in client.venues] == ["apex", "second-apex", "autoshares"]
    assert (apex.base_url, second.base_url) == ("https://api.venue.example:8443", "http://127.0.0.1:8080")
    assert shares.capabilities.read_lag_s == 2.5
    assert client.accounts == {"apex": ("9", "10"), "second-apex": (), "autoshares": ()}
    assert "s3cret" not in repr(client.venues)
    configuration = load_configuration(write(BOTH))
    assert configuration.client == {
        "max_in_flight": 4,
        "reply_bytes": 2_000_000,
        "listing_bytes": 9_000_000,
    }


def test_the_secrets_arrive(write: Write) -> None:
    """What the environment holds is what the plugin is given."""
    apex: Any = Client.from_config(write(BOTH)).venues[0]
    assert apex.auth.token == "s3cret-token"


def test_a_client_needs_no_table_of_its_own(write: Write) -> None:
    """Without a table [client] the defaults hold."""
    assert load_configuration(write(BOTH[BOTH.index("[venues.apex]") :])).client == {}


@pytest.mark.parametrize(
    ("table", "policy"),
    [
        ("{}", RetryPolicy()),
        ("{most_attempts = 2, first_wait_s = 0.5}", RetryPolicy(most_attempts=2, first_wait_s=0.5)),
        ('{budget = "unlimited"}', RetryPolicy(budget=None)),
        ("{budget = 0, longest_wait_s = 9}", RetryPolicy(budget=0, longest_wait_s=9)),
    ],
)
def test_how_cancels_are_repeated(write: Write, table: str, policy: RetryPolicy) -> None:
    """The file can say all that a `RetryPolicy` says."""
    assert load_configuration(write(f"[client]\nretry = {table}" + APEX)).client == {"retry": policy}


APEX = """
[venues.apex]
plugin = "apex"
base_url = "https://api.venue.example"
auth = {kind = "session-token", token = "t0k3n"}
"""


def replaced(old: str, new: str) -> str:
    assert old in APEX
    return APEX.replace(old, new)


LIMITED = (
    APEX
    + """
[[venues.apex.limits]]
per = "venue"
kinds = ["cancel", "read"]
rate = 0.8
burst = 50
"""
)


def limited(old: str, new: str) -> str:
    assert old in LIMITED
    return LIMITED.replace(old, new)


# (file, what the error says after its path)
BAD: dict[str, tuple[str | bytes, str]] = {
    "not TOML": ("[venues", "not TOML: "),
    "no text": (b"\xff\xfe", "not TOML: "),
    "an unknown table": ("[venue.apex]", "unknown key 'venue'; known are client, venues"),
    "nothing": ("", "venues: expected a table, got nothing"),
    "venues no table": ("venues = 3", "venues: expected a table, got int"),
    "no venue": ("[venues]", "venues: expected at least one table [venues.NAME]"),
    "a venue no table": ("[venues]\napex = 'x'", "venues: apex: expected a table, got str"),
    "client no table": ("client = 3" + APEX, "client: expected a table, got int"),
    "an unknown option": (
        "[client]\nmax = 3" + APEX,
        "client: unknown key 'max'; known are listing_bytes, max_in_flight, most_unsettled, ",
    ),
    "an option of another type": (
        "[client]\nmax_in_flight = '16'" + APEX,
        "max_in_flight must be a whole number, 1 or more, got '16'",
    ),
    "repeats no table": ("[client]\nretry = 5" + APEX, "client: retry: expected a table, got int"),
    "an unknown key of repeats": (
        "[client]\nretry = {times = 5}" + APEX,
        "client.retry: unknown key 'times'; known are budget, first_wait_s, longest_wait_s, most_attempts",
    ),
    "too many attempts": (
        "[client]\nretry = {most_attempts = 6}" + APEX,
        "client.retry: most_attempts must be a whole number from 1 to 5, got 6",
    ),
    "a budget of words": (
        "[client]\nretry = {budget = 'much'}" + APEX,
        "client.retry: budget must be a whole number or None, got 'much'",
    ),
    "no plugin": (
        replaced('plugin = "apex"', ""),
        "venues.apex.plugin: expected the name of a plugin, got None",
    ),
    "a plugin no text": (
        replaced('"apex"', "3"),
        "venues.apex.plugin: expected the name of a plugin, got 3",
    ),
    "an unknown plugin": (
        replaced('"apex"', '"apx"'),
        "venues.apex.plugin: no plugin named 'apx'; installed are: apex, autoshares",
    ),
    "a name of its own": (
        APEX + 'name = "other"',
        "venues.apex.name: is not to be set: the venue is named by its table, 'apex'",
    ),
    "an unknown setting": (APEX + "oms = 1", "venues.apex: unknown key 'oms'; known are auth, base_url,"),
    "a missing setting": (replaced("base_url", "#"), "venues.apex.base_url: is missing"),
    "a bad setting": (replaced("https", "ftp"), "venues.apex: base_url must begin with https://"),
    "a setting of another type": (APEX + "oms_id = '1'", "venues.apex: 'oms_id' of Apex must be"),
    "a name that is none": (
        APEX.replace("[venues.apex]", '[venues."a b"]'),
        "venues.a b: 'name' of Apex must be 1 to 128 printable ASCII characters",
    ),
    "no auth": (replaced("auth", "#"), "venues.apex: auth: expected a table, got nothing"),
    "auth no table": (
        APEX[: APEX.index("auth")] + "auth = 's3cret'",
        "venues.apex: auth: expected a table, got str",
    ),
    "no kind of auth": (
        replaced('kind = "session-token", ', ""),
        "venues.apex.auth.kind: expected one of api-key, password, session-token",
    ),
    "an unknown kind of auth": (
        replaced('"session-token"', '"token"'),
        "venues.apex.auth.kind: expected one of api-key, password, session-token",
    ),
    "a kind of auth no text": (
        replaced('"session-token"', "['token']"),
        "venues.apex.auth.kind: expected one of api-key, password, session-token",
    ),
    "an unknown key of auth": (
        replaced("token =", "tokn ="),
        "venues.apex.auth: unknown key 'tokn'; known are token",
    ),
    "a missing key of auth": (replaced(', token = "t0k3n"', ""), "venues.apex.auth.token: is missing"),
    "a bad credential": (
        replaced('"t0k3n"', '" s3cret"'),
        "venues.apex.auth: token must be a non-empty text of printable ASCII characters",
    ),
    "an environment variable that is missing": (
        replaced('"t0k3n"', '{env = "MISSING"}'),
        "venues.apex.auth.token: the environment variable MISSING is not set",
    ),
    "a secret from elsewhere": (
        replaced('"t0k3n"', '{file = "s3cret"}'),
        'venues.apex.auth.token: expected a value or {env = "NAME"}',
    ),
    "a secret with more": (
        replaced('"t0k3n"', '{env = "APEX_TOKEN", default = "s3cret"}'),
        'venues.apex.auth.token: expected a value or {env = "NAME"}',
    ),
    "a variable without a name": (
        replaced('"t0k3n"', "{env = 3}"),
        'venues.apex.auth.token: expected a value or {env = "NAME"}',
    ),
    "limits no list": (APEX + "limits = 3", "venues.apex.limits: expected a list of tables, got int"),
    "a limit no table": (
        APEX + "limits = [3]",
        "venues.apex.limits[0]: expected a table of burst, kinds, per, rate, got none",
    ),
    "a limit that lacks a key": (
        limited('per = "venue"', ""),
        "venues.apex.limits[0]: expected a table of burst, kinds, per, rate, got burst, kinds, rate",
    ),
    "a limit with another key": (
        limited("rate = 0.8", "rate = 0.8\na_minute = 50"),
        "venues.apex.limits[0]: expected a table of burst, kinds, per, rate, got a_minute, burst,",
    ),
    "a limit per what": (
        limited('"venue"', '"user"'),
        "venues.apex.limits[0].per: expected one of account, venue, credential, got 'user'",
    ),
    "a limit of what": (
        limited('"read"', '"write"'),
        "venues.apex.limits[0].kinds: expected one of cancel, read, listing, log in, mass cancel, got",
    ),
    "a limit of a number": (
        limited('"read"', "3"),
        "venues.apex.limits[0].kinds: expected one of cancel, read, listing, log in, mass cancel, got 3",
    ),
    "a limit of nothing": (
        limited('["cancel", "read"]', "[]"),
        "venues.apex.limits[0]: 'kinds' of Limit must be a frozenset of one CallKind or more",
    ),
    "a rate of nothing": (
        limited("0.8", "0"),
        "venues.apex.limits[0]: 'rate' of Limit must be a number of calls a second, above 0, got 0",
    ),
    "a rate that is none": (
        limited("0.8", "true"),
        "venues.apex.limits[0]: 'rate' of Limit must be a number of calls a second, above 0, got True",
    ),
    "a burst of a half": (
        limited("50", "0.5"),
        "venues.apex.limits[0]: 'burst' of Limit must be a whole number, 1 or more, got 0.5",
    ),
    "accounts no list": (APEX + 'accounts = "9"', "venues.apex.accounts: expected a list of texts"),
    "accounts no texts": (APEX + "accounts = [9]", "venues.apex.accounts: expected a list of texts"),
}


@pytest.mark.parametrize(("text", "words"), BAD.values(), ids=BAD.keys())
def test_a_file_that_cannot_be_used(write: Write, text: str | bytes, words: str) -> None:
    """Every mistake is told with the file, the key and what was expected, and no secret is shown."""
    path = write(text)
    with pytest.raises(ConfigurationError) as raised:
        Client.from_config(path)
    assert str(raised.value).startswith(f"{path}: {words}")
    assert "s3cret" not in str(raised.value)


def test_limits_replace_what_the_venue_declares(write: Write) -> None:
    """A venue's limits can be told in tables, one after the other or in line; an empty list is no limit."""
    assert load_configuration(write(APEX)).limits == {}
    assert load_configuration(write(APEX + "limits = []")).limits == {"apex": ()}
    of_both = Limit(
        per=LimitScope.VENUE, kinds=frozenset({CallKind.CANCEL, CallKind.READ}), rate=0.8, burst=50
    )
    of_log_ins = Limit(per=LimitScope.CREDENTIAL, kinds=frozenset({CallKind.LOG_IN}), rate=1, burst=1)
    in_line = 'limits = [{per = "credential", kinds = "log in", rate = 1, burst = 1}]'
    assert load_configuration(write(LIMITED)).limits == {"apex": (of_both,)}
    assert load_configuration(write(APEX + in_line)).limits == {"apex": (of_log_ins,)}
    assert Client.from_config(write(LIMITED)).venues[0].capabilities.limits == ()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A missing file is named."""
    with pytest.raises(ConfigurationError, match=r"nothing\.toml: cannot be read: No such file"):
        Client.from_config(tmp_path / "nothing.toml")


PLUGIN = """
from countermand.venue import Plugin

class Token:
    def __init__(self, text="none"):
        self.text = text

class Gravel:
    def __init__(self, name, depth, auth):
        if depth < 0:
            raise ValueError("depth must be 0 or more")
        self.name, self.depth, self.auth = name, depth, auth

PLUGIN = Plugin(contract=1, venue=Gravel, summary="gravel", credentials={"token": Token})
"""


def test_a_plugin_of_plain_classes(write: Write, install: Callable[..., None]) -> None:
    """A plugin may be built of any classes: their parameters are its keys."""
    install("gravel", {"gravel": "gravel_plugin:PLUGIN"}, gravel_plugin=PLUGIN)
    table = "[venues.pit]\nplugin = 'gravel'\nauth = {kind = 'token'}\n"
    pit: Any = Client.from_config(write(table + "depth = 3")).venues[0]
    assert (pit.name, pit.depth, pit.auth.text) == ("pit", 3, "none")
    with pytest.raises(ConfigurationError, match=r"venues\.pit\.depth: is missing"):
        Client.from_config(write(table))
    with pytest.raises(ConfigurationError, match=r"venues\.pit: depth must be 0 or more"):
        Client.from_config(write(table + "depth = -1"))


@pytest.mark.parametrize(
    "line",
    [
        'oms_id = {env = "APEX_SECRET"}',
        'base_url = {env = "APEX_SECRET"}',
        'read_lag_s = {env = "APEX_SECRET"}',
        'client_order_id_key = {env = "APEX_SECRET"}',
    ],
)
def test_a_secret_in_the_wrong_key_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    """What came from the environment, or stands in auth, is in no message, and in no cause of it."""
    monkeypatch.setenv("APEX_SECRET", "hunter two")
    file = tmp_path / "countermand.toml"
    auth = 'auth = {kind = "api-key", key = "k", secret = "s", user_id = {env = "APEX_SECRET"}}'
    base = "" if line.startswith("base_url") else 'base_url = "https://x.example"\n'
    good = auth.replace('{env = "APEX_SECRET"}', '"81"')
    for text in (f"{line}\n{base}{good}", f'base_url = "https://x.example"\n{auth}'):
        file.write_text(f'[venues.apex]\nplugin = "apex"\n{text}\n')
        with pytest.raises(ConfigurationError, match=r"\[hidden\]|base_url") as raised:
            Client.from_config(file)
        assert "hunter" not in "".join(traceback.format_exception(raised.value))
