"""The control interface: how a test in any language sets up a simulator and looks into it; sans I/O."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from urllib.parse import parse_qs, unquote, urlsplit

import attrs

from countermand._http import HttpRequest, HttpResponse
from countermand._order import OrderStatus
from countermand.testing._fault_json import faults_to_json, set_faults
from countermand.testing._order import SimulatedOrder
from countermand.testing._order_json import (
    CHANGE_FIELDS,
    PLACE_FIELDS,
    REPLACE_FIELDS,
    order_from_json,
    order_to_json,
)
from countermand.testing._reply import json_response
from countermand.testing._simulator import Simulator


@attrs.frozen(kw_only=True)
class _Ask:
    """One request to the control interface, taken apart."""

    simulator: Simulator
    now: float
    content: bytes
    query: Mapping[str, list[str]]
    order_id: str = ""

    def body(self, parse_float: Callable[[str], object] = Decimal) -> dict[str, object]:
        try:
            value = json.loads(self.content or b"{}", parse_float=parse_float)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"the body must be JSON: {error}") from error
        if not isinstance(value, dict):
            raise ValueError(f"the body must be a JSON object, got {type(value).__name__}")
        return value


def control(simulator: Simulator, request: HttpRequest, now: float) -> HttpResponse:
    """Answer one request; `request.path` is what follows the control URL.

    Errors are 400, 404 and 405 with `{"error": "…"}`, which names the key and what was expected.
    """
    parts = urlsplit(request.path)
    _, _, resource = parts.path.partition("/")
    collection, _, order_id = resource.partition("/")
    routes = _ROUTES.get(f"{collection}/{{id}}" if order_id else collection)
    if routes is None:
        return _error(
            404, f"nothing at {parts.path!r}; there are: {', '.join(f'/{name}' for name in _ROUTES)}"
        )
    if request.method not in routes:
        allowed = ", ".join(routes)
        return _error(
            405, f"{request.method} is not for {parts.path!r}; it takes {allowed}", {"allow": allowed}
        )
    simulator.book.advance(now)
    ask = _Ask(
        simulator=simulator,
        now=now,
        content=request.content,
        query=parse_qs(parts.query),
        order_id=unquote(order_id),
    )
    try:
        return json_response(routes[request.method](ask))
    except LookupError as error:
        return _error(404, str(error.args[0]))
    except ValueError as error:
        return _error(400, str(error))


def _error(status: int, text: str, headers: Mapping[str, str] | None = None) -> HttpResponse:
    return json_response({"error": text}, status, headers)


def _list_orders(ask: _Ask) -> object:
    account = ask.query.get("account", [None])[0]
    return [order_to_json(order) for order in ask.simulator.book.orders(account)]


def _place_order(ask: _Ask) -> object:
    fields = order_from_json(ask.body(), PLACE_FIELDS)
    return order_to_json(ask.simulator.place(ask.now, **fields))


def _read_order(ask: _Ask) -> object:
    return order_to_json(ask.simulator.book.order(ask.order_id))


def _change_order(ask: _Ask) -> object:
    fields = order_from_json(ask.body(), CHANGE_FIELDS)
    book = ask.simulator.book
    order = book.order(ask.order_id)
    replacement = {name: fields[name] for name in fields if name in REPLACE_FIELDS}
    if replacement and not fields.get("replace"):
        raise ValueError(f'{", ".join(replacement)} can be set only along with "replace": true')
    filled = fields.get("filled")
    if isinstance(filled, Decimal) and filled != order.filled:
        order = book.fill(ask.order_id, ask.now, filled - order.filled)
    status = fields.get("status")
    if isinstance(status, OrderStatus) and status is not order.status:
        order = _give_status(ask, status)
    if fields.get("replace"):
        order = ask.simulator.replace(ask.order_id, ask.now, **replacement)
    return order_to_json(order)


def _give_status(ask: _Ask, status: OrderStatus) -> SimulatedOrder:
    book = ask.simulator.book
    if status is OrderStatus.CANCELED:
        return book.cancel(ask.order_id, ask.now)
    if status is OrderStatus.FILLED:
        return book.fill(ask.order_id, ask.now)
    return book.change(ask.order_id, ask.now, status=status)


def _read_behaviour(ask: _Ask) -> object:
    return ask.simulator.behaviour.to_dict()


def _set_behaviour(ask: _Ask) -> object:
    return ask.simulator.switch(**ask.body(float)).to_dict()


def _read_faults(ask: _Ask) -> object:
    return faults_to_json(ask.simulator.faults)


def _set_faults(ask: _Ask) -> object:
    set_faults(ask.simulator.faults, ask.body(float))
    return _read_faults(ask)


def _clear_faults(ask: _Ask) -> object:
    ask.simulator.faults.clear()
    return _read_faults(ask)


def _list_requests(ask: _Ask) -> object:
    return [attrs.asdict(request) for request in ask.simulator.requests]


def _expire_tokens(ask: _Ask) -> object:
    ask.simulator.tokens.expire()
    return {}


def _reset(ask: _Ask) -> object:
    ask.simulator.reset()
    return {}


_ROUTES: Mapping[str, Mapping[str, Callable[[_Ask], object]]] = {
    "orders": {"GET": _list_orders, "POST": _place_order},
    "orders/{id}": {"GET": _read_order, "PUT": _change_order},
    "behaviour": {"GET": _read_behaviour, "PUT": _set_behaviour},
    "faults": {"GET": _read_faults, "PUT": _set_faults, "DELETE": _clear_faults},
    "requests": {"GET": _list_requests},
    "expire-tokens": {"POST": _expire_tokens},
    "reset": {"POST": _reset},
}
