"""Whether ids are exact: as sent, as read, and in their place."""

from __future__ import annotations

import json
import re
from functools import partial

import attrs
import httpx

from countermand import CancelRequest, ClientOrderId, OrderId
from countermand.errors import InvalidRequestError
from countermand.testing.contract.asking import SESSION, STAMP, target_of
from countermand.testing.contract.examples import Examples
from countermand.testing.contract.requirement import made, reading, refuses, require
from countermand.testing.contract.settings import changed_setting
from countermand.testing.contract.worlds import book_of, performed, session_of
from countermand.venue import Call, HttpRequest, OrderRead

#: Ids that lose digits in a float, or are the last of a range.
_LONG = (
    "9007199254740993",
    "9223372036854775807",
    "18446744073709551615",
    "2147483647",
    "999999999999999999",
)
#: Ids that would mean something to a path, a query or a body.
_SHARP = (
    ".",
    "..",
    "1/2",
    "../1",
    "1?a=b",
    "1&a=b",
    "1#a",
    "1%2F2",
    '1"',
    "1}",
    "*",
    "0",
    "-1",
    "1;2",
    "1.0",
    "1e3",
    "all",
)
_STRUCTURE = "/?#&=;"
#: RFC 3986, 6.2.2.2: a quoted dot is a dot.
_DOT = re.compile("%2e", re.IGNORECASE)


class IdsCases(Examples):
    """Every digit of an id counts, and an id is nothing but an id."""

    def test_ids_are_sent_digit_by_digit(self) -> None:
        """Order and account stand in the request as they were given."""
        long = self._long_ones()
        several = len({request.account for request in long}) > 1
        for request in long:
            call = made(
                partial(self.venue().cancel, target_of(request)), f"a cancel of order {request.order}"
            )
            # A venue whose credential is bound to one account need not send it.
            for value in (request.order.value, request.account) if several else (request.order.value,):
                require(
                    _bears(call, value),
                    f"Send ids digit by digit, never through a float: {call.name!r} does not bear {value}.",
                )

    def test_ids_are_read_digit_by_digit(self) -> None:
        """Order and account come back as the venue wrote them."""
        for request in self._long_ones():
            order_id, account = request.order.value, request.account
            call = self.venue().read_order(account, OrderId(order_id))
            verdict = reading(call, self.order_answer(order_id, account, self.first_word))
            require(
                isinstance(verdict, OrderRead)
                and verdict.report.order_id.value == order_id
                and verdict.report.account in (None, account),
                f"Read ids digit by digit, never through a float: order {order_id} of account {account}"
                " comes back as another.",
            )

    def test_no_id_changes_the_shape_of_a_call(self) -> None:
        """What a path or a query would take for its own is refused, or quoted."""
        plain = self.request
        for value in _SHARP:
            for field in ("order", "account"):
                sharp = changed_setting(plain, **{field: OrderId(value) if field == "order" else value})
                try:
                    self.venue().check(sharp)
                    shape = _shape(self.venue().cancel(target_of(sharp)))
                except InvalidRequestError:
                    continue
                require(
                    shape == _shape(self.venue().cancel(target_of(plain))),
                    f"Refuse an {field} id such as {value!r} in `check`, or quote it: it changes the call.",
                )

    def test_an_id_of_a_client_is_never_taken_for_an_order_id(self) -> None:
        """Its digits may be those of somebody's order."""
        simulator = self.new_simulator()
        order = simulator.place(0.0)
        venue = self.simulated(simulator)
        before = book_of(simulator)
        target = target_of(
            attrs.evolve(self.request, account=order.account, order=ClientOrderId(order.order_id))
        )
        if not refuses(partial(venue.cancel, target)):
            performed(simulator, venue.cancel(target), session_of(simulator, venue))
        require(
            book_of(simulator) == before,
            "Refuse a ClientOrderId in `cancel`, or send it as one: it canceled the order with that OrderId.",
        )

    def _long_ones(self) -> list[CancelRequest]:
        long = [attrs.evolve(self.request, order=OrderId(value)) for value in _LONG]
        long += [attrs.evolve(self.request, account=value) for value in _LONG]
        venue = self.venue()
        accepted = [one for one in long if not refuses(partial(venue.check, one))]
        return [*(one for one in self.requests() if isinstance(one.order, OrderId)), *accepted]


def _signed(call: Call[object]) -> HttpRequest:
    return call.sign(SESSION, STAMP)


def _bears(call: Call[object], value: str) -> bool:
    request = _signed(call)
    return value in request.path or value.encode() in request.content or value in request.headers.values()


def _shape(call: Call[object]) -> tuple[str, object]:
    request = _signed(call)
    structure = "".join(char for char in _as_sent(request.path) if char in _STRUCTURE)
    try:
        body = json.loads(request.content or b"null")
    except ValueError:
        return structure, "no JSON"
    return structure, sorted(body) if isinstance(body, dict) else type(body).__name__


def _as_sent(path: str) -> str:
    """Return what is left of a path on its way: dot segments are taken out of it, quoted or not."""
    return httpx.URL("http://venue" + _DOT.sub(".", path)).raw_path.decode()
