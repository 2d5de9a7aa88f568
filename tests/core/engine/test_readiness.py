"""A venue is ready only if its plugin can be asked for all that a cancel needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
import httpx
import pytest

from countermand import AsyncClient

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Peer


class Breaks:
    """A venue that breaks with whoever asks it for something it declares."""

    def __init__(self, venue: Pebble, name: str, error: BaseException) -> None:
        self._venue = venue
        self._name = name
        self._error = error

    def __getattr__(self, name: str) -> Any:
        if name == self._name:
            raise self._error
        return getattr(self._venue, name)


@pytest.mark.parametrize("error", [LookupError("oh"), SystemExit("oh"), GeneratorExit("oh")], ids=repr)
@pytest.mark.parametrize("declared", ["base_url", "renewable", "capabilities"])
def test_a_venue_that_breaks_with_what_it_declares_is_not_ready(
    virtually: Callable[..., Any], peer: Peer, pebble: Pebble, declared: str, error: BaseException
) -> None:
    """Also where no call is known that would ask for it; the other one is ready."""
    venues: Any = [Breaks(pebble, declared, error), attrs.evolve(pebble, name="good")]

    async def main() -> None:
        async with AsyncClient(venues, transport=httpx.MockTransport(peer)) as client:
            bad, good = await client.ready()
            assert (bad.ready, good.ready, good.error) == (False, True, None)
            told = f"the venue 'pebble' ({__name__}.Breaks): {declared} raised {type(error).__name__}: oh"
            assert bad.error == told

    virtually(main())
    assert peer.heard == []
