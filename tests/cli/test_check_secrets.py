"""Secrets under a check: named, told where they come from, and shown nowhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from countermand.cli._checkup._blotter import blotter_of
from countermand.cli._checkup._configuration import Table
from countermand.cli._checkup._findings import Mark, failed, passed
from countermand.cli._checkup._secrets import check_secrets, credentials
from countermand.venue import load_venue

Run = Callable[..., Any]

ADDRESS = "http://127.0.0.1:1"


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Table]:
    """Make the table of a venue, in a file that its owner alone can read."""
    path = tmp_path / "countermand.toml"
    path.touch(mode=0o600)

    def make(**raw: Any) -> Table:
        return Table(
            path=path, name="autoshares", raw=raw, venue=None, finding=passed("configuration", "well")
        )

    return make


PASSWORD = {"kind": "password", "username": "router", "password": {"env": "PLANTED"}}


@pytest.mark.parametrize(
    ("auth", "mark", "found"),
    [
        pytest.param(
            PASSWORD,
            Mark.PASS,
            "app_key from the environment variable PLANTED, auth.username from the file itself,"
            " auth.password from the environment variable PLANTED",
            id="environment",
        ),
        pytest.param(
            PASSWORD | {"password": "planted-secret"},
            Mark.WARN,
            "app_key from the environment variable PLANTED, auth.username from the file itself,"
            " auth.password from the file itself; secret of these: auth.password",
            id="written",
        ),
        pytest.param(
            PASSWORD | {"password": {"env": "NOWHERE"}},
            Mark.FAIL,
            "not set, or empty: the environment variable NOWHERE; "
            "app_key from the environment variable PLANTED, auth.username from the file itself,"
            " auth.password from the environment variable NOWHERE",
            id="unset",
        ),
        pytest.param(
            PASSWORD | {"username": {"env": "EMPTY"}},
            Mark.FAIL,
            "not set, or empty: the environment variable EMPTY; "
            "app_key from the environment variable PLANTED,"
            " auth.username from the environment variable EMPTY,"
            " auth.password from the environment variable PLANTED",
            id="empty",
        ),
        pytest.param(
            "planted-secret",
            Mark.WARN,
            "app_key from the environment variable PLANTED, auth from the file itself; secret of these: auth",
            id="no table",
        ),
    ],
)
def test_origin_is_told(
    table: Callable[..., Table], monkeypatch: pytest.MonkeyPatch, auth: Any, mark: Mark, found: str
) -> None:
    """Each credential is named with where it comes from; a secret in the file is a warning."""
    monkeypatch.setenv("PLANTED", "planted-secret")
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.delenv("NOWHERE", raising=False)
    sheet = table(base_url=ADDRESS, app_key={"env": "PLANTED"}, auth=auth, apikey="planted-in-a-slip")
    finding = check_secrets(sheet, load_venue("autoshares"))
    assert (finding.mark, finding.found) == (mark, found)
    assert "planted" not in repr((sheet, finding, credentials(sheet, None)))


def test_file_that_others_can_read(table: Callable[..., Table]) -> None:
    """A file that holds a secret must be its owner's alone."""
    sheet = table(base_url=ADDRESS, auth={"kind": "access-token", "token": "planted-secret"})
    plugin = load_venue("autoshares")
    closed = check_secrets(sheet, plugin)
    assert closed.advice == 'write token = {env = "NAME"} and set that environment variable'
    sheet.path.chmod(0o640)
    shut = check_secrets(sheet, plugin)
    assert shut.found == f"{closed.found}; others than its owner can read the file"
    assert shut.advice == f"{closed.advice}; until then: chmod 600 {sheet.path}"
    sheet.path.chmod(0o644)
    free = check_secrets(table(auth={"kind": "access-token", "token": {"env": "PATH"}}), plugin)
    assert free.mark is Mark.PASS


def test_nothing_to_tell(table: Callable[..., Table]) -> None:
    """A table without a credential says so."""
    assert check_secrets(table(), None).mark is Mark.SKIPPED


SPELLED = 'pl "ä\\nted  + /secret'


@pytest.mark.parametrize(
    ("told", "blotted"),
    [
        pytest.param(f"sent {SPELLED}.", "sent [redacted].", id="plain"),
        pytest.param(f"sent {json.dumps(SPELLED)}.", 'sent "[redacted]".', id="json"),
        pytest.param(f"sent {SPELLED!r}.", "sent '[redacted]'.", id="repr"),
        pytest.param("sent pl%20%22%C3%A4%5Cnted%20%20%2B%20%2Fsecret.", "sent [redacted].", id="quoted"),
        pytest.param("user name:sesame at", "user [redacted] at", id="user information"),
        pytest.param("password sesame of", "password [redacted] of", id="its password"),
        pytest.param("number 12345678", "number [redacted]", id="number"),
        pytest.param("a slip: planted-slip", "a slip: [redacted]", id="unknown key"),
        pytest.param("abc is short", "abc is short", id="short"),
        pytest.param("router", "router", id="no secret"),
    ],
)
def test_secret_is_blotted(table: Callable[..., Table], told: str, blotted: str) -> None:
    """However a secret is spelled, it is not told."""
    sheet = table(
        base_url="https://name:sesame@venue.example",
        app_key=12345678,
        slip="planted-slip",
        short="abc",
        listed=["planted"],
        auth={"kind": "password", "username": "router", "password": SPELLED},
    )
    finding = blotter_of(sheet, load_venue("autoshares")).finding(failed("log-in", told, told))
    assert (finding.found, finding.advice) == (blotted, blotted)


TOKEN = 'auth = {kind = "access-token", '
SLIPS = {
    "no table": 'auth = "planted-secret"',
    "slip in the key": TOKEN + 'tokn = "planted-secret"}',
    "kind": 'auth = {kind = "planted-secret"}',
    "unfit": TOKEN + 'token = "planted-secret\\n"}',
    "both": TOKEN + 'token = {env = "PLANTED", file = "planted-secret"}}',
    "wrong place": 'token = "planted-secret"\n' + TOKEN + 'token = "x"}',
    "unfit variable": TOKEN + 'token = {env = "PLANTED"}}',
    "other key": 'auth = {kind = "password", username = "a\\n", password = "planted-secret"}',
}
URLS = [ADDRESS, "ftp://planted:planted-secret@venue.example", "https://u:planted@h"]


@pytest.mark.parametrize("text", SLIPS.values(), ids=SLIPS)
@pytest.mark.parametrize("url", URLS)
def test_no_mistake_shows_a_secret(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, url: str
) -> None:
    """Whatever is wrong with a table, no secret in it is told."""
    monkeypatch.setenv("PLANTED", "planted\nsecret")
    (tmp_path / "countermand.toml").write_text(
        f'[venues.a]\nplugin = "autoshares"\nbase_url = "{url}"\napp_key = "planted-key"\n{text}\n'
    )
    for words in (("--json",), ()):
        ran = run("check", "--config", str(tmp_path / "countermand.toml"), *words)
        assert ran.code == 1
        assert "planted" not in (ran.out + ran.err).replace(str(tmp_path), "")


def test_no_half_of_a_secret(table: Callable[..., Table]) -> None:
    """What is too long to be told is cut after it was blotted."""
    sheet = table(auth={"kind": "access-token", "token": "planted-secret"})
    told = blotter_of(sheet, load_venue("autoshares")).text("x" * 995 + "planted-secret" + "y" * 99)
    assert told == "x" * 995 + "[reda ..."
