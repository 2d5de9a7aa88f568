"""Whether what the venue cannot have is refused before anything is sent."""

from __future__ import annotations

from functools import partial

import attrs

from countermand import CancelRequest, OrderId, Scope
from countermand.testing.contract.asking import target_of
from countermand.testing.contract.examples import Examples
from countermand.testing.contract.requirement import one_line, refuses, require
from countermand.testing.contract.settings import changed_setting

#: Fields of a request that a venue may require.
_MAY_BE_REQUIRED = ("instrument", "client_order")


class RequestsCases(Examples):
    """The examples, legal and illegal."""

    def test_every_example_is_legal(self) -> None:
        """What is legal is not refused."""
        venue = self.venue()
        require(self.requests(), "Give the contract one legal request at least: `requests` is empty.")
        for request in self.requests():
            require(
                not refuses(partial(venue.check, request)),
                f"Let `check` accept what `requests` calls legal: it refuses order {request.order}"
                f" of account {request.account}.",
            )
            if isinstance(request.order, OrderId):
                require(
                    not refuses(partial(venue.cancel, target_of(request))),
                    f"Let `cancel` make a call for a legal request: it refuses order {request.order}.",
                )

    def test_illegal_requests_are_refused(self) -> None:
        """By `check`, which the core asks before anything else."""
        illegal = self._illegal_requests()
        require(illegal, "Give the contract one request at least that the venue cannot have, in `illegal`.")
        for request in illegal:
            require(
                refuses(partial(self.venue().check, request)),
                "Let `check` raise InvalidRequestError for what the venue cannot have: it takes order"
                f" {one_line(request.order)} of account {request.account}, instrument {request.instrument}.",
            )

    def test_no_call_is_made_of_an_illegal_request(self) -> None:
        """Whoever asks for it."""
        venue = self.venue()
        for request in self._illegal_requests():
            bare = attrs.evolve(request, instrument=self.request.instrument, client_order=None)
            if not refuses(partial(venue.check, bare)):
                continue  # what is illegal about it is in no call
            require(
                refuses(partial(venue.cancel, target_of(bare))),
                "Let `cancel` raise InvalidRequestError, too, for what the venue cannot have: it makes a call"
                f" for order {one_line(request.order)} of account {request.account}.",
            )

    def test_no_read_is_made_of_an_illegal_request(self) -> None:
        """An id that is no id would name something else."""
        venue = self.venue()
        for request in self._illegal_requests():
            bare = attrs.evolve(request, instrument=self.request.instrument, client_order=None)
            if not isinstance(bare.order, OrderId) or not refuses(partial(venue.check, bare)):
                continue
            require(
                refuses(partial(venue.read_order, bare.account, bare.order)),
                "Let `read_order` raise InvalidRequestError for what the venue cannot have: it makes a call"
                f" for order {bare.order} of account {bare.account}.",
            )

    def test_illegal_scopes_are_refused(self) -> None:
        """By `check_scope`, before a single order of it is listed."""
        scopes = [one for one in self.illegal() if isinstance(one, Scope)]
        require(scopes, "Give the contract one scope at least that the venue cannot have, in `illegal`.")
        for scope in scopes:
            require(
                refuses(partial(self.venue().check_scope, scope)),
                "Let `check_scope` raise InvalidRequestError for what the venue cannot have: it takes"
                f" {scope}.",
            )

    def test_a_scope_of_a_legal_request_is_legal(self) -> None:
        """Its account and its order, as a mass cancel names them."""
        request = self.request
        name = self.venue().name
        for scope in (
            Scope.account(name, request.account),
            Scope.orders(name, request.account, [OrderId(str(request.order))]),
        ):
            require(
                not refuses(partial(self.venue().check_scope, scope)),
                f"Let `check_scope` accept the account and order of a legal request: it refuses {scope}.",
            )

    def test_what_a_cancel_requires_is_asked_for(self) -> None:
        """A request without it is refused."""
        for name in self.venue().capabilities.requires:
            require(
                name in _MAY_BE_REQUIRED,
                f"Require only what a request can leave out ({', '.join(_MAY_BE_REQUIRED)}), not {name!r}.",
            )
            without = changed_setting(self.request, **{name: None})
            require(
                refuses(partial(self.venue().check, without)),
                f"Let `check` raise InvalidRequestError without {name!r}: the venue declares to require it.",
            )

    def _illegal_requests(self) -> list[CancelRequest]:
        return [one for one in self.illegal() if isinstance(one, CancelRequest)]
