"""Acks and reports as plain JSON values, so that a journal or another process can read them: schema 1."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar, get_origin

import attrs
from cattrs import Converter, transform_error
from cattrs.cols import homogenous_tuple_structure_factory
from cattrs.errors import BaseValidationError, ForbiddenExtraKeysError
from cattrs.gen import make_dict_unstructure_fn, override
from cattrs.v import format_exception

from countermand._ids import ClientOrderId, OrderId
from countermand.errors import ConfigurationError

T = TypeVar("T")

SCHEMA = 1
_ID_TYPES: dict[str, Callable[[str], OrderId | ClientOrderId]] = {
    "order_id": OrderId,
    "client_order_id": ClientOrderId,
}


def to_dict(value: Any) -> dict[str, Any]:
    """Render an ack or a report as plain JSON values; decimals and times are strings."""
    return {"schema": SCHEMA, **_CONVERTER.unstructure(value)}


def from_dict(data: object, shape: type[T]) -> T:
    """Restore what `to_dict` gave; raises `ConfigurationError` that says where it does not fit."""
    found = data.get("schema") if isinstance(data, dict) else type(data).__name__
    if not isinstance(data, dict) or type(found) is not int or found != SCHEMA:
        raise ConfigurationError(f"expected an object with schema {SCHEMA}, got {found!r}")
    body = {key: value for key, value in data.items() if key != "schema"}
    try:
        return _CONVERTER.structure(body, shape)
    except BaseValidationError as error:
        raise ConfigurationError("; ".join(transform_error(error, format_exception=_told))) from error


def _told(error: BaseException, kind: type | None) -> str:
    if isinstance(error, ForbiddenExtraKeysError):
        return f"unknown keys {', '.join(sorted(map(repr, error.extra_fields)))}"
    return str(error) if isinstance(error, ValueError) else format_exception(error, kind)


def _id_to_dict(value: OrderId | ClientOrderId) -> dict[str, str]:
    return {"order_id" if isinstance(value, OrderId) else "client_order_id": value.value}


def _id_from_dict(value: Any, _: Any) -> OrderId | ClientOrderId:
    ((key, text),) = value.items()
    return _ID_TYPES[key](text)


def _optional_id_from_dict(value: Any, kind: Any) -> OrderId | ClientOrderId | None:
    return None if value is None else _id_from_dict(value, kind)


def _strictly(kind: Any) -> Any:
    def check(value: Any, _: Any) -> Any:
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise TypeError(f"got {value!r}")
        return value

    return check


_text = _strictly(str)


def _decimal(value: Any, _: Any) -> Decimal:
    try:
        return Decimal(_text(value, _))
    except InvalidOperation:
        raise ValueError(f"expected a number, got {value!r}") from None


def _is_tuple(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _tuple_hook(kind: Any, converter: Converter) -> Any:
    hook = homogenous_tuple_structure_factory(kind, converter)

    def from_list(value: Any, shape: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise TypeError(f"got {value!r}")  # a text or an object can be iterated, too
        return hook(value, shape)

    return from_list


_CONVERTER = Converter(forbid_extra_keys=True, prefer_attrib_converters=True)
for _kind in (bool, int, str):
    _CONVERTER.register_structure_hook(_kind, _strictly(_kind))
_CONVERTER.register_structure_hook(float, _strictly((int, float)))
_CONVERTER.register_unstructure_hook(Decimal, str)
_CONVERTER.register_structure_hook(Decimal, _decimal)
_CONVERTER.register_unstructure_hook(datetime, datetime.isoformat)
_CONVERTER.register_structure_hook(datetime, lambda value, _: datetime.fromisoformat(value))
_CONVERTER.register_structure_hook_factory(_is_tuple, _tuple_hook)
for _identity in (OrderId, ClientOrderId):
    _CONVERTER.register_unstructure_hook(_identity, lambda value: value.value)
    _CONVERTER.register_structure_hook(_identity, lambda value, kind: kind(value))
_CONVERTER.register_unstructure_hook(OrderId | ClientOrderId, _id_to_dict)
_CONVERTER.register_structure_hook(OrderId | ClientOrderId, _id_from_dict)
_CONVERTER.register_unstructure_hook(
    OrderId | ClientOrderId | None, lambda value: None if value is None else _id_to_dict(value)
)
_CONVERTER.register_structure_hook(OrderId | ClientOrderId | None, _optional_id_from_dict)


def _says_more(kind: Any) -> bool:
    return attrs.has(kind) and hasattr(kind, "TOLD_BESIDES")


def _saying_more(kind: Any, converter: Converter) -> Any:
    """Render what a report says of itself, too, and leave out what has no other form than itself."""
    omitted = {field.name: override(omit=True) for field in attrs.fields(kind) if "no_json" in field.metadata}
    plain = make_dict_unstructure_fn(kind, converter, **omitted)  # type: ignore[arg-type]  # names at run time
    besides = kind.TOLD_BESIDES
    return lambda value: (
        plain(value) | {name: converter.unstructure(getattr(value, name)) for name in besides}
    )


_CONVERTER.register_unstructure_hook_factory(_says_more, _saying_more)
