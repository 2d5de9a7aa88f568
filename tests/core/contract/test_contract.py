"""The contract: what a venue has that says no more than it must."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
import pytest

from countermand import CancelRequest, OrderId, Scope
from countermand.errors import InvalidRequestError
from countermand.venue import (
    Call,
    CallKind,
    CancelTarget,
    Capabilities,
    Cursor,
    HttpRequest,
    HttpResponse,
    Ids,
    Receipt,
    Session,
    Stamp,
    Venue,
    whole_number,
)
from countermand.venue.credentials import Credential, GivenToken

SESSION = Session(token="t0k3n")
STAMP = Stamp(nonce=1)


@attrs.frozen
class Plain(Venue):
    """A venue with nothing that it need not have."""

    ids: ClassVar[Ids] = Ids(account=whole_number(9))
    capabilities: ClassVar[Capabilities] = Capabilities()

    base_url: str = "http://127.0.0.1:9"
    auth: Credential = attrs.field(factory=lambda: GivenToken("t0k3n"), kw_only=True)
    name: str = attrs.field(default="plain", kw_only=True)

    def cancel(self, target: CancelTarget) -> Call[Any]:
        return self.call(CallKind.CANCEL, "DELETE order", self.at(target.order), read)

    def read_order(self, account: str, order_id: OrderId) -> Call[Any]:
        return self.call(CallKind.READ, "GET order", self.at(order_id), read)

    def list_open(self, account: str, page: Cursor | None = None) -> Call[Any]:
        return self.call(CallKind.LISTING, "GET orders", self.at(page), read)

    def at(self, what: object) -> HttpRequest:
        return HttpRequest(method="GET", path=f"/{what}", headers={"accept": "any"})


def read(_response: HttpResponse) -> Receipt:
    return Receipt()


VENUE = Plain()


def test_a_call_is_signed_by_the_credential() -> None:
    """Anew for each attempt, for which the session and the stamp may be others."""
    call = VENUE.cancel(CancelTarget(account="1", order=OrderId("7")))
    assert (call.kind, call.name, call.read(HttpResponse(status=204))) == (
        CallKind.CANCEL,
        "DELETE order",
        Receipt(),
    )
    signed = call.sign(SESSION, STAMP)
    assert (signed.path, signed.headers) == ("/7", {"accept": "any", "Authorization": "Bearer t0k3n"})
    assert call.sign(None, STAMP).headers == {"accept": "any"}


def test_requests_and_scopes_are_checked_by_the_ids() -> None:
    """Without a word of the plugin's."""
    VENUE.check(CancelRequest(venue="plain", account="9", order=OrderId("7")))
    VENUE.check_scope(Scope.account("plain", "9"))
    with pytest.raises(InvalidRequestError, match="an account at 'plain' must be"):
        VENUE.check(CancelRequest(venue="plain", account="10", order=OrderId("7")))
    with pytest.raises(InvalidRequestError, match="an account at 'plain' must be"):
        VENUE.check_scope(Scope.account("plain", "x"))


def test_who_calls_tells_the_way_in() -> None:
    """A log-in and its renewal are matters of the credential; most venues have no log-out."""
    assert VENUE.log_in() is not None
    assert not VENUE.renewable
    assert Plain(auth=Credential()).log_in() is None
    assert Plain(auth=Credential()).renewable
    assert VENUE.log_out(SESSION) is None


LACKS: dict[str, tuple[Any, str]] = {
    "mass cancel": (lambda: VENUE.cancel_all(Scope.account("plain", "1")), "cancels several orders"),
    "cancel list": (lambda: VENUE.cancel_list([]), "cancels several orders"),
    "trail": (lambda: VENUE.read_trail("1", OrderId("7")), "an order's changes"),
    "history": (lambda: VENUE.list_history("1"), "dead orders"),
    "accounts": (VENUE.list_accounts, "its accounts"),
}


@pytest.mark.parametrize(("asked", "words"), LACKS.values(), ids=LACKS)
def test_what_a_venue_does_not_have_is_refused(asked: Any, words: str) -> None:
    """Whoever asks nevertheless is told so, by the name of the venue's class."""
    with pytest.raises(InvalidRequestError, match=f"Plain has no .*{words}"):
        asked()


def test_a_venue_must_say_what_everything_rests_on() -> None:
    """Its ids, what it can do, and its three calls."""
    assert Venue.__abstractmethods__ == {"ids", "capabilities", "cancel", "read_order", "list_open"}
