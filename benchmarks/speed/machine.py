"""Where it was measured, and of what."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PEERS = ("countermand", "httptools", "h11", "httpx", "httpcore", "aiohttp", "ccxt", "requests")
_HERE = Path(__file__).parent


def about(command: str, client_core: int, server_core: int, rounds: int) -> dict[str, str]:
    """Say all that figures depend on."""
    return {
        "command": f"`{command}`",
        "commit": _commit(),
        "machine": f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}",
        "pinning": f"each client on core {client_core}, the server on core {server_core}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "versions": ", ".join(f"{name} {_version(name)}" for name in _PEERS),
        "rounds": f"{rounds}, interleaved; medians of them",
        "load average": ", ".join(f"{one:.2f}" for one in os.getloadavg()),
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def _commit() -> str:
    git = shutil.which("git")
    if git is None:
        return "not known"
    words = [git, "-C", str(_HERE), "describe", "--always", "--dirty"]
    ran = subprocess.run(words, check=False, capture_output=True, text=True)  # noqa: S603 - words of our own
    return ran.stdout.strip() or "not known"
