"""What all tests share."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How fast a shared machine draws examples says nothing about the code: speed is measured in benchmarks.
settings.register_profile(
    "shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
settings.load_profile("shared machine")


@pytest.fixture
def installed_in_place() -> Callable[[Path], dict[str, str]]:
    """Leave beside a package what its installation in place leaves, and return where a process finds it."""
    return _install_in_place


def _install_in_place(package: Path) -> dict[str, str]:
    project = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    info = package.parent / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    metadata = {"Metadata-Version": "2.1", "Name": project["name"], "Version": project["version"]}
    (info / "METADATA").write_text("".join(f"{key}: {value}\n" for key, value in metadata.items()))
    groups = (
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
        for group, points in project["entry-points"].items()
    )
    (info / "entry_points.txt").write_text("".join(groups))
    # Its tests need no plugins of pytest, and none of the options that these tests here are run with.
    own = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    path = os.pathsep.join(map(str, (package.parent, package / "src")))
    return {**own, "PYTHONPATH": path, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
