"""Which call of a venue leads where: a table of routes, looked up segment by segment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import unquote

import attrs

from countermand._http import HttpResponse
from countermand.testing._ask import Ask
from countermand.testing._fault import CALLS
from countermand.testing._reply import Reply

#: What answers a call: a function of the simulator, the call and the time; a refusal it raises.
Handler = Callable[[Any, Ask, float], Reply | HttpResponse]
#: What a route can be called, besides nothing.
NAMES = frozenset({*CALLS, "log-out"})


@attrs.frozen
class Route:
    """A call of the venue's; raises `ValueError` for one that no request could take.

    `method` may be several, with a blank between them. In `path` a segment in braces, such as `{account}`,
    stands for any that is not empty, under that name.
    """

    method: str
    path: str
    answer: Handler = attrs.field(kw_only=True)
    #: One of `CALLS`, or "log-out", or a function that tells it by the query or the body; None never breaks.
    call: str | Callable[[Ask], str | None] | None = attrs.field(default=None, kw_only=True)
    #: Whether it needs no session.
    public: bool = attrs.field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if not self.method.split() or not self.path.startswith("/"):
            raise ValueError(f"a route has a method and a path from / on, got {self.method!r} {self.path!r}")
        if isinstance(self.call, str) and self.call not in NAMES:
            raise ValueError(f"no call {self.call!r}; there are: {', '.join((*CALLS, 'log-out'))}")

    def call_of(self, ask: Ask) -> str | None:
        """Name the call that a request on this route is."""
        return self.call(ask) if callable(self.call) else self.call


@attrs.frozen(kw_only=True)
class Place:
    """Where a path leads: the routes by method, and which of its segments bears which name."""

    routes: dict[str, Route]
    names: tuple[tuple[str, int], ...]


@attrs.define
class _Node:
    literals: dict[str, _Node] = attrs.Factory(dict)
    named: _Node | None = None
    place: Place | None = None

    def find(self, parts: Sequence[str], at: int) -> Place | None:
        if at == len(parts):
            return self.place
        literal = self.literals.get(parts[at])
        found = None if literal is None else literal.find(parts, at + 1)
        if found is None and self.named is not None and parts[at]:
            found = self.named.find(parts, at + 1)
        return found


class Routes:
    """The routes of a venue; `lenient` paths are read in any case, and with a slash at their end.

    Where a literal segment and a named one both fit, the literal one is meant. Raises `ValueError` for two
    routes that the same request would take.
    """

    def __init__(self, routes: Iterable[Route], prefixes: Iterable[str] = ("",), *, lenient: bool) -> None:
        self._lenient = lenient
        self._root = _Node()
        for prefix in prefixes:
            for route in routes:
                self._add(route, prefix + route.path)

    def find(self, path: str) -> tuple[Place, list[str]] | None:
        """Return where a path without its query leads, and its segments unquoted; None for nowhere."""
        parts = path.split("/")
        if self._lenient and not parts[-1]:
            parts.pop()
        if "%" in path:
            parts = list(map(unquote, parts))
        place = self._root.find([part.lower() for part in parts] if self._lenient else parts, 0)
        return None if place is None else (place, parts)

    def _add(self, route: Route, path: str) -> None:
        node, names = self._root, []
        for number, part in enumerate(path.split("/")):
            if part.startswith("{") and part.endswith("}"):
                names.append((part[1:-1], number))
                node.named = node = node.named or _Node()
            else:
                node = node.literals.setdefault(part.lower() if self._lenient else part, _Node())
        if node.place is None:
            node.place = Place(routes={}, names=tuple(names))
        for method in route.method.split():
            if method in node.place.routes or node.place.names != tuple(names):
                raise ValueError(f"two routes for {method} {path}")
            node.place.routes[method] = route
