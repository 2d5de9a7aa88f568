"""What a venue plugin is: pure functions from questions to calls."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from countermand._http import HttpRequest, HttpResponse
from countermand._ids import OrderId
from countermand._maker import maker
from countermand._request import CancelRequest
from countermand._scope import Scope
from countermand.errors import InvalidRequestError
from countermand.venue._call import Call, CallKind, CancelTarget
from countermand.venue._capabilities import Capabilities
from countermand.venue._log_in import LogIn
from countermand.venue._shapes import Ids
from countermand.venue._verdicts import (
    AccountsVerdict,
    CancelVerdict,
    Cursor,
    ListingVerdict,
    LogOutVerdict,
    MassCancelVerdict,
    ReadVerdict,
    Session,
    TrailVerdict,
)
from countermand.venue.credentials import Credential

V = TypeVar("V")

_call = maker(Call)


class Venue(ABC):
    """A venue as the core sees it: it knows no clock and no socket, and decides nothing.

    A plugin subclasses it as a frozen attrs class: it says what its ids look like and what it can do,
    and makes calls. What has a body here is overridden only by a venue that has more, or has it otherwise.
    """

    __slots__ = ()

    #: The name by which requests and configuration speak of this instance.
    name: str
    #: Where its calls go: scheme, host, port and a path prefix, without a slash at the end.
    base_url: str
    #: Who calls.
    auth: Credential

    @property
    @abstractmethod
    def ids(self) -> Ids:
        """What its ids look like; what may hold more than letters and digits must be quoted in paths."""

    @property
    @abstractmethod
    def capabilities(self) -> Capabilities:
        """What it declares about itself."""

    @property
    def renewable(self) -> bool:
        """Whether a refused session can be had anew: false for a static token or key."""
        return self.auth.renewable

    def check(self, request: CancelRequest) -> None:
        """Raise `InvalidRequestError` for a request this venue cannot have."""
        self.ids.check_request(request)

    def check_scope(self, scope: Scope) -> None:
        """Raise `InvalidRequestError` for a scope this venue cannot have."""
        self.ids.check_scope(scope)

    @abstractmethod
    def cancel(self, target: CancelTarget) -> Call[CancelVerdict]:
        """Cancel one order."""

    @abstractmethod
    def read_order(self, account: str, order_id: OrderId) -> Call[ReadVerdict]:
        """Read one order."""

    @abstractmethod
    def list_open(self, account: str, page: Cursor | None = None) -> Call[ListingVerdict]:
        """List the open orders of an account, from the first page or the one `Page.next_page` named."""

    def cancel_all(self, scope: Scope) -> Call[MassCancelVerdict]:
        """Cancel a scope's orders in one call; asked only for a kind that is in `capabilities.scopes`.

        Raises `InvalidRequestError` for a scope that it could not honour exactly.
        """
        raise self._has_no("call that cancels several orders")

    def cancel_list(self, targets: Sequence[CancelTarget]) -> Call[MassCancelVerdict]:
        """Cancel up to `capabilities.cancel_list_size` orders in one call.

        Asked only where that size is not 0; raises `InvalidRequestError` for what cannot be one list.
        """
        raise self._has_no("call that cancels several orders")

    def read_trail(self, account: str, order_id: OrderId) -> Call[TrailVerdict]:
        """Read an order's changes; asked only where `capabilities.has_trail`."""
        raise self._has_no("call for an order's changes")

    def list_history(self, account: str, page: Cursor | None = None) -> Call[ListingVerdict]:
        """List orders of any state, newest first; asked only where `capabilities.has_history`."""
        raise self._has_no("listing of dead orders")

    def list_accounts(self) -> Call[AccountsVerdict]:
        """List the accounts that the credential reaches; asked only where `capabilities.lists_accounts`."""
        raise self._has_no("call for its accounts")

    def log_in(self) -> LogIn | None:
        """Begin a log-in; None where calls need no session."""
        return self.auth.log_in()

    def log_out(self, session: Session) -> Call[LogOutVerdict] | None:
        """Give back a session that a log-in gave; None where the venue has no such call."""
        return None

    def call(
        self, kind: CallKind, name: str, request: HttpRequest, read: Callable[[HttpResponse], V]
    ) -> Call[V]:
        """Make a call of a request that the credential signs anew for each attempt; for subclasses."""
        return _call(kind=kind, name=name, sign=partial(self.auth.sign, request), read=read)

    def _has_no(self, what: str) -> InvalidRequestError:
        return InvalidRequestError(f"{type(self).__name__} has no {what}")
