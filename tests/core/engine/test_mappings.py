"""A mapping of a plugin's own is its code: whatever it does there is its fault, and ends nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs
import httpx
import pytest

from countermand import AsyncClient, CancelRequest, OrderId, Outcome, Reason, Scope, ScopeKind, Sent
from countermand._engine._guard import Guard
from countermand._engine._guarded_call import Calls
from countermand._engine._watch import Watch
from countermand.venue import CallKind, Capabilities, HttpRequest, PerOrder, Receipt, Session, Stamp
from countermand.venue.credentials import Credential

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Peer

Ask = Callable[..., CancelRequest]
Virtually = Callable[..., Any]
RECEIPT = {"say": "receipt"}
CANCELED = {"say": "order", "id": "7", "status": "CANCELED"}
SOURCE = f"the venue 'pebble' ({__name__}.Own): "
ERRORS = [RuntimeError("boom"), SystemExit(3), GeneratorExit("boom"), asyncio.CancelledError("boom")]


class Breaks(Mapping[Any, Any]):
    """Has one key, and breaks with whoever looks for it."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def __getitem__(self, key: Any) -> Any:
        raise self._error

    def __iter__(self) -> Iterator[Any]:
        raise self._error

    def __len__(self) -> int:
        return 1


class Own:
    """A venue whose requests bear its own mapping of headers, and whose answers its own one of orders."""

    def __init__(self, venue: Pebble, headers: Any = None, orders: Any = None) -> None:
        self._venue = venue
        self._headers = headers
        self._orders = orders
        scopes = frozenset({ScopeKind.ACCOUNT}) if orders is not None else frozenset()
        self.capabilities = Capabilities(read_lag_s=0.0, scopes=scopes)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._venue, name)

    def cancel(self, target: Any) -> Any:
        """Cancel one order."""
        call = self._venue.cancel(target)
        if self._headers is None:
            return call
        request = HttpRequest(method="POST", path="/cancel/7", headers=self._headers)
        return attrs.evolve(call, sign=lambda *_: request)

    def cancel_all(self, _scope: Scope) -> Any:
        """Cancel all of them."""
        call = self._venue.ask(CallKind.MASS_CANCEL, "cancel-list", "all")
        return attrs.evolve(call, read=lambda _: PerOrder(orders=self._orders))


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_headers_that_break(
    virtually: Virtually, peer: Peer, pebble: Pebble, ask: Ask, error: BaseException
) -> None:
    """Nothing was sent, and the ack names the plugin; another venue's cancel is confirmed beside it."""
    peer.on("cancel", RECEIPT).on("order", CANCELED)
    venues: Any = [Own(pebble, headers=Breaks(error)), attrs.evolve(pebble, name="good")]

    async def main() -> None:
        async with AsyncClient(venues, transport=httpx.MockTransport(peer)) as one:
            broken, good = await asyncio.gather(
                one.cancel(ask()), one.cancel(attrs.evolve(ask(), venue="good"))
            )
            assert (broken.outcome, broken.reason, broken.sent) == (
                Outcome.REJECTED,
                Reason.NOT_SENT,
                Sent.NO,
            )
            told = f"{SOURCE}the sign of its cancel call raised {type(error).__name__}"
            assert (broken.error or "").startswith(told)
            assert good.outcome is Outcome.CANCELED

    virtually(main())


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_answers_for_many_that_break(
    virtually: Virtually,
    client: Callable[..., AsyncClient],
    peer: Peer,
    pebble: Pebble,
    error: BaseException,
) -> None:
    """They are as good as unreadable: the orders are canceled one by one, and the report names the plugin."""
    peer.on("open", {"say": "rows", "rows": [{"id": "7", "status": "NEW"}]}, {"say": "rows", "rows": []})
    peer.on("cancel-list", RECEIPT).on("cancel", RECEIPT).on("order", CANCELED)

    async def main() -> None:
        async with client(Own(pebble, orders=Breaks(error))) as one:
            report = await one.kill([Scope.account("pebble", "9")], timeout_s=10.0)
            assert report.proved
            native = report.reports[0].native
            assert native is not None
            told = f"{SOURCE}the read of its cancel_all call raised {type(error).__name__}"
            assert (native.text or "").startswith(told)

    virtually(main())


@attrs.frozen
class Keeps(Credential):
    """Bears the same headers again and again, and tells in them how often."""

    kept: dict[str, str] = attrs.field(factory=dict)

    def headers(self, session: Session | None, stamp: Stamp) -> dict[str, str]:
        """Return the headers that it keeps."""
        self.kept["nonce"] = str(stamp.nonce)
        return self.kept


class Signs(Keeps):
    """Makes its requests itself."""

    def sign(self, request: HttpRequest, session: Session | None, stamp: Stamp) -> HttpRequest:
        """Return a request with the very headers that it keeps."""
        return attrs.evolve(request, headers=self.headers(session, stamp))


@pytest.mark.parametrize("credential", [Keeps, Signs])
def test_headers_that_are_kept(pebble: Pebble, credential: type[Keeps]) -> None:
    """A signed request stays as it is, whatever becomes of the headers that it was signed with."""
    auth, request = credential(), HttpRequest(method="POST", path="/cancel/7")
    call = attrs.evolve(pebble.ask(CallKind.CANCEL, "cancel", "7"), sign=partial(auth.sign, request))
    signed = Calls(Guard("pebble", pebble, Watch(None)), pebble, "cancel").guarded(call).sign
    first, second = signed(None, Stamp(nonce=1)), signed(None, Stamp(nonce=2))
    auth.kept["nonce"] = "3"
    assert [one.headers for one in (first, second)] == [{"nonce": "1"}, {"nonce": "2"}]


def test_mappings_that_are_no_dicts(
    virtually: Virtually, client: Callable[..., AsyncClient], peer: Peer, pebble: Pebble, ask: Ask
) -> None:
    """They do as well."""
    peer.on("open", {"say": "rows", "rows": [{"id": "7", "status": "NEW"}]}, {"say": "rows", "rows": []})
    peer.on("cancel-list", RECEIPT).on("cancel", RECEIPT).on("order", CANCELED)
    odd = Own(
        pebble,
        headers=MappingProxyType({"colour": "grey"}),
        orders=MappingProxyType({OrderId("7"): Receipt(text="off it goes")}),
    )

    async def main() -> None:
        async with client(odd) as one:
            assert (await one.cancel(ask())).outcome is Outcome.CANCELED
            assert peer.headers("cancel", "colour") == ["grey"]
            report = await one.kill([Scope.account("pebble", "9")], timeout_s=10.0)
            assert report.proved
            assert report.reports[0].native is not None
            assert report.reports[0].native.text == "1 of 1 orders received"

    virtually(main())
