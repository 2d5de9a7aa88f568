"""What the tests of the commands share: a command run in process, and its output."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from countermand.__main__ import main
from countermand.testing import LiveSimulator

COMMON = 'read_lag_s = 0.1\naccounts = ["9"]\n'
CONFIGURATIONS = {
    "apex": '[venues.apex]\nplugin = "apex"\nbase_url = "{url}"\n{common}'
    'auth = {{kind = "session-token", token = {{env = "TOKEN"}}}}\n',
    "autoshares": '[venues.autoshares]\nplugin = "autoshares"\nbase_url = "{url}"\n{common}'
    'app_key = "{app_key}"\nauth = {{kind = "access-token", token = {{env = "TOKEN"}}}}\n',
}


@attrs.frozen
class Ran:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Run `countermand WORDS…` on a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")

    def command(*words: str) -> Ran:
        code = main(words)
        written = capsys.readouterr()
        return Ran(code, written.out, written.err)

    return command


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lay down what an installed distribution leaves: modules and entry points."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def lay_down(entry_points: str, **modules: str) -> None:
        for name, text in modules.items():
            (tmp_path / f"{name}.py").write_text(text)
        info = tmp_path / "third_party-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: third-party\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(entry_points)

    return lay_down


@pytest.fixture(params=sorted(CONFIGURATIONS))
def venue(
    request: pytest.FixtureRequest,
    simulators: Callable[..., LiveSimulator],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> LiveSimulator:
    """Serve a venue, and configure it in the working directory."""
    live = simulators(request.param)
    credentials = live.simulator.credentials
    configuration = CONFIGURATIONS[request.param].format(
        url=live.base_url, app_key=credentials.app_key, common=COMMON
    )
    (tmp_path / "countermand.toml").write_text(configuration)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOKEN", credentials.session_token)
    return live
