"""A request to the simulated venue, taken apart as leniently as routers in the field need it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote

import attrs

from countermand.venue import HttpRequest
from countermand_autoshares._wire import LARGEST_ID
from countermand_autoshares.simulator._answers import Refusal, RefusalError

#: AutoShares API description (Swagger), info: version "1.0.0"; the vendor's examples write v1.0.
VERSIONS = ("1", "1.0")

_BASE = r"(?:/api)?"  # ETNA's own hosts have it, those of AutoShares have not
_ACCOUNT = rf"{_BASE}/v(?P<version>[^/]+)/accounts/(?P<account>[^/]+)/(?P<collection>orders|syncorders)"

#: Name of a resource to its path; the names of its calls are those names with a method before them.
_RESOURCES = {
    "token": rf"{_BASE}/token",
    "logout": rf"{_BASE}/logout",
    "accounts": rf"{_BASE}/v(?P<version>[^/]+)/users/(?:@me|[0-9]+)/accounts",
    "orders": _ACCOUNT,
    "order": rf"{_ACCOUNT}/(?P<order_id>[^/]+)",
    "details": rf"{_ACCOUNT}/(?P<order_id>[^/]+)/details",
}
_PATHS = {name: re.compile(rf"{path}/?", re.IGNORECASE) for name, path in _RESOURCES.items()}


@attrs.frozen(kw_only=True)
class Ask:
    """One call: header names, and the keys of its query, in lower case."""

    #: A method and the name of a resource, such as "DELETE order".
    call: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    content: bytes
    #: As they stand in the path; None where it has none.
    account: str | None = None
    order_id: str | None = None
    #: Under syncorders: checked with, or straight from, the execution venue.
    sync: bool = False

    @property
    def bearer(self) -> str | None:
        """The token of the Authorization header; None without one."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else None


def read_ask(request: HttpRequest) -> Ask:
    """Take a request apart; raises `RefusalError` for a path that leads nowhere."""
    path, _, query = request.path.partition("?")
    resource, named = _resource_at(unquote(path))
    return Ask(
        call=f"{request.method} {resource}",
        path=path,
        headers={key.lower(): value for key, value in request.headers.items()},
        query={key.lower(): value for key, value in parse_qsl(query)},
        content=request.content,
        account=_number(named.get("account")),
        order_id=_number(named.get("order_id")),
        sync=(named.get("collection") or "").lower() == "syncorders",
    )


def _resource_at(path: str) -> tuple[str, Mapping[str, str | None]]:
    for resource, pattern in _PATHS.items():
        if found := pattern.fullmatch(path):
            if found.groupdict().get("version") not in (None, *VERSIONS):
                raise RefusalError(Refusal.VERSION)
            return resource, found.groupdict()
    raise RefusalError(Refusal.ROUTE)


def _number(text: str | None) -> str | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > LARGEST_ID:
        raise RefusalError(Refusal.INVALID)
    return str(int(text))
