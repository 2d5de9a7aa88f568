"""What a venue plugin is: pure functions from questions to calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import Any, Protocol

import attrs

from countermand._ids import OrderId
from countermand._request import CancelRequest
from countermand._scope import Scope
from countermand.venue._call import Call, CancelTarget
from countermand.venue._capabilities import Capabilities
from countermand.venue._verdicts import (
    AccountsVerdict,
    CancelVerdict,
    ListingVerdict,
    LogInVerdict,
    LogOutVerdict,
    ReadVerdict,
    Refused,
    Session,
    Throttled,
    TrailVerdict,
    Unreadable,
)

#: A text, or a callable that gives one, blocking or awaitable: a token, a second factor.
Secret = str | Callable[[], "str | Awaitable[str]"]


@attrs.frozen(kw_only=True)
class NeedCode:
    """Asks the engine to call `source` off the loop, inside the deadline, and to send its text back."""

    source: Callable[[], str | Awaitable[str]] = attrs.field(repr=False)
    what: str = "verification code"


LogInFailure = Refused | Throttled | Unreadable
#: A log-in, as a conversation: yields calls and needs, is sent verdicts and texts, returns its end.
LogIn = Generator["Call[LogInVerdict] | NeedCode", Any, "Session | LogInFailure"]


class Venue(Protocol):
    """A venue as the core sees it: it knows no clock and no socket, and decides nothing."""

    @property
    def name(self) -> str:
        """The name by which requests and configuration speak of this instance."""
        ...

    @property
    def base_url(self) -> str:
        """Where its calls go: scheme, host, port and a path prefix, without a slash at the end."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it declares about itself."""
        ...

    @property
    def renewable(self) -> bool:
        """Whether a refused session can be had anew: false for a static token or key."""
        ...

    def check(self, request: CancelRequest) -> None:
        """Raise `InvalidRequestError` for a request this venue cannot have: ranges, what it requires."""
        ...

    def check_scope(self, scope: Scope) -> None:
        """Raise `InvalidRequestError` for a scope with ids that this venue cannot have."""
        ...

    def cancel(self, target: CancelTarget) -> Call[CancelVerdict]:
        """Cancel one order."""
        ...

    def cancel_all(self, scope: Scope) -> Call[CancelVerdict]:
        """Cancel a scope's orders in one call; asked only for a kind that is in `capabilities.scopes`.

        Raises `InvalidRequestError` for a scope that it could not honour exactly.
        """
        ...

    def cancel_list(self, targets: Sequence[CancelTarget]) -> Call[CancelVerdict]:
        """Cancel up to `capabilities.cancel_list_size` orders in one call, with one answer for all of them.

        Asked only where that size is not 0; raises `InvalidRequestError` for what cannot be one list.
        """
        ...

    def read_order(self, account: str, order_id: OrderId) -> Call[ReadVerdict]:
        """Read one order."""
        ...

    def read_trail(self, account: str, order_id: OrderId) -> Call[TrailVerdict]:
        """Read an order's changes; asked only where `capabilities.has_trail`."""
        ...

    def list_open(self, account: str, page: int | None = None) -> Call[ListingVerdict]:
        """List the open orders of an account, from the first page or the one `Page.next_page` named."""
        ...

    def list_history(self, account: str, page: int | None = None) -> Call[ListingVerdict]:
        """List orders of any state, newest first; asked only where `capabilities.has_history`."""
        ...

    def list_accounts(self) -> Call[AccountsVerdict]:
        """List the accounts that the credential reaches; asked only where `capabilities.lists_accounts`."""
        ...

    def log_in(self) -> LogIn | None:
        """Begin a log-in; None where calls need no session."""
        ...

    def log_out(self, session: Session) -> Call[LogOutVerdict] | None:
        """Give a session back; None where the venue has no such call."""
        ...
