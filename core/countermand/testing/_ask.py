"""A request to a simulated venue, taken apart as leniently as routers in the field need it."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import attrs

from countermand._http import HttpRequest, HttpResponse
from countermand.testing._answers import RefusalError

if TYPE_CHECKING:
    from countermand.testing._route import Route

_DECODER = json.JSONDecoder(parse_float=Decimal)


@attrs.frozen(kw_only=True)
class Ask:
    """One call on its route; names of headers, of the query and of the fields of the body are lower case."""

    route: Route
    request: HttpRequest
    #: Without the query.
    path: str
    #: What the path names, such as an account.
    named: Mapping[str, str]
    #: What is answered to a body that cannot be read.
    invalid: HttpResponse = attrs.field(repr=False)

    @property
    def call(self) -> str | None:
        """Which call it is; may raise `RefusalError`."""
        return self.route.call_of(self)

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """The headers."""
        return {name.lower(): value for name, value in self.request.headers.items()}

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The query; of a name that comes twice the last value."""
        _, _, query = self.request.path.partition("?")
        return {name.lower(): value for name, value in parse_qsl(query)} if query else {}

    @cached_property
    def body(self) -> object:
        """The JSON of the body, None without one; raises `RefusalError` for no JSON."""
        content = self.request.content
        if not content.strip():
            return None
        try:
            return _DECODER.decode(content.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise RefusalError(self.invalid) from error

    @cached_property
    def fields(self) -> Mapping[str, object]:
        """The query and the fields of the body; raises `RefusalError` for neither an object nor rows."""
        if self.body is None or self.rows:
            return self.query
        return {**self.query, **self._fields_of(self.body)}

    @cached_property
    def rows(self) -> tuple[Mapping[str, object], ...]:
        """The fields of each object of a body that is a list; raises `RefusalError` for other rows."""
        return tuple(map(self._fields_of, self.body)) if isinstance(self.body, list) else ()

    @property
    def bearer(self) -> str | None:
        """The token of the Authorization header; None without one."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else None

    @property
    def basic(self) -> tuple[str, str] | None:
        """The user and the password of the Authorization header; None without them."""
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        try:
            user, colon, password = b64decode(value, validate=True).decode().partition(":")
        except ValueError:
            return None
        return (user, password) if scheme.lower() == "basic" and colon else None

    def text(self, name: str) -> str:
        """Return what the path, the body or the query names so; empty if none does, or if it is null."""
        if name in self.named:
            return self.named[name]
        value = self.fields.get(name.lower())
        return "" if value is None else str(value)

    def _fields_of(self, row: object) -> Mapping[str, object]:
        if not isinstance(row, dict):
            raise RefusalError(self.invalid)
        return {name.lower(): value for name, value in row.items()}
