"""Orders as the control interface speaks of them: ids and quantities as strings, FIX status names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation

import attrs

from countermand._order import OrderStatus
from countermand.testing._order import SimulatedOrder


def order_to_json(order: SimulatedOrder) -> dict[str, object]:
    """Render an order as plain JSON values; what it has not is null."""
    values = attrs.asdict(order, recurse=False) | {"remaining": order.remaining}
    return {name: _write(value) for name, value in values.items()}


def order_from_json(
    body: Mapping[str, object], known: Mapping[str, Callable[[object], object]]
) -> dict[str, object]:
    """Read an order's fields, null as left out; raises `ValueError` with the key and what was expected."""
    for name in body:
        if name not in known:
            raise ValueError(f"no field {name!r}; there are: {', '.join(known)}")
    given = {name: value for name, value in body.items() if value is not None}
    return {name: _read(name, value, known[name]) for name, value in given.items()}


def _write(value: object) -> object:
    match value:
        case Decimal():
            return format(value, "f")
        case OrderStatus():
            return value.value
        case tuple():
            return list(value)
        case _:
            return value


def _read(name: str, value: object, reader: Callable[[object], object]) -> object:
    try:
        return reader(value)
    except ValueError as error:
        raise ValueError(f"{name} must be {error}, got {value!r}") from error


def _text(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value:
        raise ValueError("a string that is not empty")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("a list of order ids")
    return tuple(map(_text, value))


def _number(value: object) -> Decimal:
    try:
        if not isinstance(value, str | int | Decimal) or isinstance(value, bool):
            raise InvalidOperation
        number = Decimal(value)
        if not number.is_finite():
            raise InvalidOperation
    except InvalidOperation:
        raise ValueError("a number, as a string or as it is") from None
    return number


def _status(value: object) -> OrderStatus:
    names = {status.value: status for status in OrderStatus}
    if not isinstance(value, str) or value not in names:
        raise ValueError(f"one of {', '.join(names)}")
    return names[value]


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


#: What `POST /orders` takes.
PLACE_FIELDS: Mapping[str, Callable[[object], object]] = {
    "account": _text,
    "order_id": _text,
    "client_order_id": _text,
    "entered_by": _text,
    "instrument": _text,
    "quantity": _number,
    "filled": _number,
    "price": _number,
    "average_price": _number,
    "status": _status,
    "replaces": _text,
    "linked": _texts,
    "parent": _text,
}

#: What a replacement may differ in, as part of `PUT /orders/{id}` with `replace`.
REPLACE_FIELDS = {name: PLACE_FIELDS[name] for name in ("order_id", "client_order_id", "quantity", "price")}

#: What `PUT /orders/{id}` takes.
CHANGE_FIELDS = {"filled": _number, "status": _status, "replace": _flag, **REPLACE_FIELDS}
