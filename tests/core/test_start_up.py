"""What is not needed yet is not loaded yet."""

from __future__ import annotations

import subprocess
import sys

import pytest

#: The clients, and what they are built from only when one is built.
IMPORTED = "import countermand"
#: A plugin of one's own brings no library along.
CONTRACT = "import countermand.venue"
BUILT = "import countermand; countermand.AsyncClient([])"
#: Loads httpx, and the adapter's own cattrs, but nothing for a failure.
CANCELED = """
import asyncio, httpx
from countermand import *
from countermand_apex import Apex, SessionToken
async def main():
    receipt = httpx.Response(200, json={"result": True, "errorcode": 0})
    venue = Apex("http://127.0.0.1:1", auth=SessionToken("token"))
    async with AsyncClient([venue], transport=httpx.MockTransport(lambda _: receipt)) as client:
        ack = await client.cancel(
            CancelRequest(venue="apex", account="9", order=OrderId("7"), assurance=Assurance.RECEIVED)
        )
        assert ack.outcome is Outcome.PENDING
asyncio.run(main())
"""

#: What is done, and what is not loaded by then.
NOT_LOADED: dict[str, tuple[str, set[str]]] = {
    "importing it": (
        IMPORTED,
        {
            "countermand.venue",
            "countermand.cli",
            "countermand.testing",
            "countermand._case",
            "countermand._config",
            "countermand._engine._engine",
            "countermand._wire",
            "countermand_apex",
            "countermand_autoshares",
            "cattrs",
            "h11",
            "httptools",
            "httpx",
            "importlib.metadata",
            "rich",
            "tenacity",
            "tomllib",
        },
    ),
    "importing the contract": (CONTRACT, {"cattrs", "httpx", "tenacity", "importlib.metadata"}),
    "building a client": (
        BUILT,
        {"cattrs", "countermand.cli", "countermand.testing", "countermand_apex", "tenacity", "tomllib"},
    ),
    "a cancel that was received": (CANCELED, {"countermand.cli", "countermand.testing", "tenacity"}),
}


@pytest.mark.parametrize(("script", "names"), NOT_LOADED.values(), ids=NOT_LOADED.keys())
def test_what_is_not_needed_yet_is_not_loaded(script: str, names: set[str]) -> None:
    """Neither a venue nor the command line, nor a library that the next step may do without."""
    told = f"{script}\nimport sys; print(*sorted({names} & set(sys.modules)))"
    # Isolated: what is installed for the tests loads things of its own.
    done = subprocess.run([sys.executable, "-I", "-c", told], capture_output=True, check=True, text=True)  # noqa: S603 - our own words
    assert done.stdout.split() == []
