"""A simulator of an invented venue: as little of one as the machinery can be tested with."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pytest

from countermand.testing import (
    LiveSimulator,
    Reply,
    SimulatedCredentials,
    Simulator,
    json_response,
    running,
    text_response,
)
from countermand.venue import HttpRequest, HttpResponse, Venue


class ToySimulator(Simulator):
    """`DELETE /orders/ID` is answered at once, `DELETE /sync/ID` when the cancel has taken effect."""

    name = "toy"
    switches: ClassVar = {"manners": ("polite", "rude"), "speed": ("slow",)}
    instrument = "TOY"

    def route(self, request: HttpRequest, now: float) -> Reply:
        kind, _, order_id = request.path.removeprefix("/").partition("/")
        if kind == "orders":
            return self.receive_cancel(order_id, now, Reply(response=HttpResponse(status=204)))
        if kind == "sync":
            delay_s = self.behaviour.cancel_delay_s
            return self.receive_cancel(order_id, now, Reply(response=self._word(order_id), delay_s=delay_s))
        if kind == "late-fault":
            return Reply(response=self._word("no such order"), delay_s=0.001)
        if kind == "echo":
            return Reply(response=json_response({"content": request.content.decode(), **request.headers}))
        if kind == "slow-echo":
            return Reply(response=text_response(request.path, 200), delay_s=0.02)
        raise RuntimeError(f"the toy knows no {kind}")

    def _word(self, order_id: str) -> Callable[[float], HttpResponse]:
        return lambda _now: text_response(self.book.order(order_id).status.value, 200)

    def venue(
        self, base_url: str, *, credentials: SimulatedCredentials | None = None, **settings: Any
    ) -> Venue:
        raise NotImplementedError("the toy has no plugin")

    def check_order(self, fields: Any) -> None:
        super().check_order(fields)
        if not fields.get("order_id", "1").isdigit():
            raise ValueError(f"order_id must be a number, got {fields['order_id']!r}")


class Asker:
    """A plain HTTP client that keeps its connection."""

    def __init__(self, live: LiveSimulator) -> None:
        self.live = live
        self.connection = http.client.HTTPConnection(urlsplit(live.base_url).netloc, timeout=10)

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Ask the venue; JSON answers are read."""
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        self.connection.request(method, path, content)
        response = self.connection.getresponse()
        text = response.read().decode()
        is_json = response.headers.get("content-type", "").startswith("application/json")
        return response.status, json.loads(text) if is_json and text else text

    def control(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Ask the control interface."""
        return self.ask(method, "/control" + path, body)


@pytest.fixture
def toy() -> type[Simulator]:
    """Give the class of the invented venue's simulator."""
    return ToySimulator


@pytest.fixture
def serve() -> Iterator[Callable[..., Asker]]:
    """Serve a toy in a thread of its own, and give a client for it."""
    with ExitStack() as stack:

        def start(**behaviour: Any) -> Asker:
            asker = Asker(stack.enter_context(running(ToySimulator(**behaviour))))
            stack.enter_context(closing(asker.connection))
            return asker

        yield start
