"""What a plugin signs, taken over as a plain request, and what is wrong with one that cannot be sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from countermand._engine._guard import kind_of
from countermand._http import HttpRequest, http_request

#: A segment that says "here" or "above", also where a server takes "%2e" for a dot, or "\\" for a slash: a
#: cancel of the order "." would become one of all orders.
_DOTS = re.compile(r"[/\\](?:\.|%2e){1,2}(?:[/\\]|$)", re.IGNORECASE)
_OTHER_PARTS = "an HttpRequest with parts of other types than it has"


def plain(mapping: Any) -> Any:
    """Take what a mapping holds, in a dict; what is none stays what it is."""
    return dict(mapping) if isinstance(mapping, (dict, Mapping)) else mapping


def plain_request(request: object) -> object:
    """Take over a request with what its headers hold; what is none stays what it is."""
    if not isinstance(request, HttpRequest):
        return request
    return http_request(
        method=request.method,
        path=request.path,
        headers=plain(request.headers),
        content=request.content,
    )


def flaw_of(request: object) -> str | None:
    """Say what is wrong with a plain request; None where it can be sent. What it bears is not shown."""
    if type(request) is not HttpRequest:
        return f"{kind_of(request)}, expected an HttpRequest"
    path, headers = request.path, request.headers
    if (
        type(path) is not str
        or type(headers) is not dict
        or type(request.method) is not str
        or type(request.content) is not bytes
    ):
        return _OTHER_PARTS
    for name, value in headers.items():
        if type(name) is not str or type(value) is not str:
            return _OTHER_PARTS
    if not path.startswith("/"):
        # The base URL ends at its host: whatever follows there without a slash is another host.
        return "an HttpRequest whose path does not begin with a slash"
    if ("/." in path or "%" in path or "\\" in path) and _DOTS.search(path.partition("?")[0]):
        return "an HttpRequest whose path has a segment of dots, which may name what is above it"
    if "#" in path:
        return "an HttpRequest whose path has a fragment, which is never sent"
    return None
