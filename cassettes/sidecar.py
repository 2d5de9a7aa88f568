"""What stands beside a cassette: where it comes from, what was asked, and what must come of it."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import attrs
import cattrs

from countermand import (
    Assurance,
    CancelAck,
    CancelCause,
    CanceledBy,
    CancelRequest,
    ClientOrderId,
    OrderId,
    OrderStatus,
    Outcome,
    Reason,
    Sent,
)
from countermand.venue import Plugin, Venue, load_venue
from tape import PLACEHOLDER

CASSETTES = Path(__file__).parent

#: Who somebody is says nothing to a reader either.
_NAMES = {"username": PLACEHOLDER, "user_id": "1"}
_ORDER_IDS = {"order_id": OrderId, "client_order_id": ClientOrderId}


@attrs.frozen(kw_only=True)
class Expected:
    """What an ack must say, as far as no clock is in it."""

    outcome: Outcome
    reason: Reason | None = None
    order_id: str | None = "6500"
    status: OrderStatus | None = None
    filled: str | None = None
    canceled_by: CanceledBy | None = None
    successor: str | None = None
    also_canceled: tuple[str, ...] = ()
    sent: Sent = Sent.YES

    @classmethod
    def of(cls, ack: CancelAck) -> Self:
        """Take it from an ack."""
        return cls(
            outcome=ack.outcome,
            reason=ack.reason,
            order_id=None if ack.order_id is None else ack.order_id.value,
            status=None if ack.order is None else ack.order.status,
            filled=None if ack.order is None else str(ack.order.filled_quantity),
            canceled_by=ack.canceled_by,
            successor=None if ack.successor is None else ack.successor.value,
            also_canceled=tuple(order.value for order in ack.also_canceled),
            sent=ack.sent,
        )


@attrs.frozen(kw_only=True)
class Sidecar:
    """One recorded behaviour."""

    #: "simulator" or "sandbox".
    source: str
    recorded: str
    plugin: str
    #: The venue's settings, secrets as placeholders.
    venue: dict[str, Any]
    #: Cancels that the same client made before, so that it had a session.
    earlier: list[dict[str, Any]]
    request: dict[str, Any]
    #: Whether time is in the answer: reads are repeated until it is up, so answers may be played again.
    polls: bool
    expected: Expected

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(cattrs.unstructure(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote."""
        return cattrs.structure(json.loads(path.read_text(encoding="utf-8")), cls)

    def requests(self) -> list[CancelRequest]:
        """Give the cancels to make, in order; the last one is the one that is told of."""
        return [read_request(request) for request in (*self.earlier, self.request)]

    def build(self) -> Venue:
        """Build the venue that was asked, with worthless credentials."""
        plugin = _loaded(self.plugin)
        auth = {key: value for key, value in self.venue["auth"].items() if key != "kind"}
        if "code" in auth:
            auth["code"] = lambda: PLACEHOLDER
        credential = plugin.credentials[self.venue["auth"]["kind"]](**auth)
        venue: Venue = plugin.venue(**{**self.venue, "auth": credential})
        return venue


@functools.cache
def _loaded(plugin: str) -> Plugin:
    return load_venue(plugin)


def describe(venue: Venue, plugin: Plugin, host: str) -> dict[str, Any]:
    """Write a venue's settings down, without its host and its secrets."""
    path = "/".join(venue.base_url.split("/")[3:])
    values = _plain(venue) | {"base_url": f"{host}/{path}".rstrip("/")}
    kinds = {shape: kind for kind, shape in plugin.credentials.items()}
    credential: Any = getattr(venue, "auth")  # noqa: B009 - the contract knows no credential
    return values | {"auth": {"kind": kinds[type(credential)], **_plain(credential)}}


def _plain(value: Any) -> dict[str, Any]:
    fields = {field.alias: field for field in attrs.fields(type(value)) if field.init}
    told = {name: _NAMES.get(name, getattr(value, field.name)) for name, field in fields.items()}
    return {
        name: PLACEHOLDER if fields[name].repr is False else setting
        for name, setting in told.items()
        if setting is not None
    }


def write_request(request: CancelRequest) -> dict[str, Any]:
    """Write a request's fields as JSON values, without those that say nothing."""
    fields = attrs.asdict(request, recurse=False, filter=lambda field, value: value != field.default)
    kind = "order_id" if isinstance(request.order, OrderId) else "client_order_id"
    plain = {name: _value(value) for name, value in fields.items()}
    return plain | {"order": {kind: request.order.value}}


def read_request(data: Mapping[str, Any]) -> CancelRequest:
    """Read what `write_request` wrote."""
    ((kind, value),) = data["order"].items()
    shapes = {"assurance": Assurance, "cause": CancelCause, "client_order": ClientOrderId}
    fields: dict[str, Any] = {
        name: shapes[name](text) if name in shapes else text for name, text in data.items()
    }
    return CancelRequest(**{**fields, "order": _ORDER_IDS[kind](value)})


def _value(value: Any) -> Any:
    return getattr(value, "value", value)
