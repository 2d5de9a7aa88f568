"""Whether the venue can do what it declares, and refuses what it does not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial

import attrs

from countermand import CancelRequest, ClientOrderId, OrderId
from countermand.testing.contract.asking import target_of
from countermand.testing.contract.examples import Examples
from countermand.testing.contract.requirement import made, refuses, require
from countermand.venue import Call, CancelTarget, Identity, Venue


class CapabilitiesCases(Examples):
    """What is declared, against what is there."""

    def test_what_is_declared_can_be_asked(self) -> None:
        """The core asks for whatever is declared."""
        venue = self.venue()
        for declared, what, make in _optional(venue, self.request):
            if declared:
                call = made(make, what)
                require(isinstance(call, Call), f"Let the venue make {what}, or do not declare it.")

    def test_what_is_not_declared_is_refused(self) -> None:
        """So that nobody takes a call for one that the venue has."""
        venue = self.venue()
        for declared, what, make in _optional(venue, self.request):
            require(
                declared or refuses(make),
                f"Let the venue raise InvalidRequestError for {what}, or declare it in `capabilities`.",
            )

    def test_declared_scopes_make_a_call(self) -> None:
        """The core sends a native mass cancel for each kind that is declared."""
        venue = self.venue()
        for scope in self.scopes:
            if scope.kind in venue.capabilities.scopes:
                call = made(partial(venue.cancel_all, scope), f"a mass cancel of the scope {scope}")
                require(isinstance(call, Call), f"Let `cancel_all` make a Call for the scope {scope}.")

    def test_scopes_that_are_not_declared_are_refused(self) -> None:
        """What a call would not honour exactly is listed, and canceled by id."""
        venue = self.venue()
        for scope in self.scopes:
            require(
                scope.kind in venue.capabilities.scopes or refuses(partial(venue.cancel_all, scope)),
                "Let `cancel_all` raise InvalidRequestError for a scope of a kind that is not declared:"
                f" it makes a call for {scope}.",
            )

    def test_a_cancel_list_holds_what_is_declared(self) -> None:
        """From one order to that many, and not one more."""
        venue = self.venue()
        size = venue.capabilities.cancel_list_size
        target = target_of(self.request)
        if size:
            made(partial(venue.cancel_list, _targets(target, size)), f"a cancel list of {size} orders")
        for count in (0, size + 1):
            require(
                refuses(partial(venue.cancel_list, _targets(target, count))),
                f"Let `cancel_list` raise InvalidRequestError for {count} orders: it declares 1 to {size}.",
            )

    def test_declared_identities_make_a_call(self) -> None:
        """A cancel names its order by any identity that is declared."""
        venue = self.venue()
        identities = venue.capabilities.identities
        require(Identity.ORDER_ID in identities, "Declare Identity.ORDER_ID: cancels are pinned to it.")
        if Identity.CLIENT_ORDER_ID in identities:
            target = attrs.evolve(target_of(self.request), order=ClientOrderId(str(self.request.order)))
            made(partial(venue.cancel, target), "a cancel by a ClientOrderId")

    def test_the_read_lag_is_a_time(self) -> None:
        """The core waits for so long before it believes that an order is still alive."""
        lag_s: object = self.venue().capabilities.read_lag_s
        require(
            isinstance(lag_s, int | float) and math.isfinite(lag_s) and lag_s <= 600,  # noqa: PLR2004 - ten minutes
            f"Declare a `read_lag_s` in seconds: {lag_s!r} would hold every refusal up.",
        )


def _optional(venue: Venue, request: CancelRequest) -> Iterator[tuple[bool, str, Callable[[], object]]]:
    declared, account = venue.capabilities, request.account
    order_id = OrderId(str(request.order))
    yield declared.has_history, "`list_history`", partial(venue.list_history, account)
    yield declared.has_trail, "`read_trail`", partial(venue.read_trail, account, order_id)
    yield declared.lists_accounts, "`list_accounts`", venue.list_accounts


def _targets(target: CancelTarget, count: int) -> list[CancelTarget]:
    return [target] * count
