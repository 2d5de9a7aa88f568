"""The same request for another order, whose id stands in its path, its query or its body."""

from __future__ import annotations

import json
from decimal import Decimal
from urllib.parse import parse_qsl, quote, urlencode

import attrs

from countermand._http import HttpRequest
from countermand.testing._reply import json_text


def naming_other(request: HttpRequest, segment: int | None, name: str, order_id: str) -> HttpRequest:
    """Return a request that names another order: in that segment of its path, or else by that name.

    A body keeps the type of its ids; one that is no JSON object stays as it is.
    """
    path, mark, query = request.path.partition("?")
    if segment is not None:
        parts = path.split("/")
        parts[segment] = quote(order_id, safe="")
        return attrs.evolve(request, path="/".join(parts) + mark + query)
    asked = parse_qsl(query)
    if any(key.lower() == name.lower() for key, _ in asked):
        named = [(key, order_id if key.lower() == name.lower() else value) for key, value in asked]
        return attrs.evolve(request, path=f"{path}?{urlencode(named)}")
    return attrs.evolve(request, content=_body_naming(request.content, name, order_id))


def _body_naming(content: bytes, name: str, order_id: str) -> bytes:
    try:
        body = json.loads(content.strip() or b"{}", parse_float=Decimal)
    except (ValueError, RecursionError):
        return content
    if not isinstance(body, dict):
        return content
    key = next((one for one in body if one.lower() == name.lower()), name)
    is_number = type(body.get(key)) is int and order_id.isdecimal()
    return json_text({**body, key: int(order_id) if is_number else order_id}).encode()
