"""Whether secrets stay where they belong: in the headers and bodies of requests, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import attrs

from countermand import ClientOrderId, OrderId, Scope
from countermand.testing.contract.asking import SESSION, STAMP, log_in_calls, target_of
from countermand.testing.contract.examples import Examples
from countermand.testing.contract.requirement import require
from countermand.testing.contract.settings import changed_setting, hidden_settings, values_in
from countermand.venue import CodeWanted, LoggedIn

#: A text that no credential can be, and no message may repeat.
_CANARY = "canary-1f6c\r\nX-Injected: yes"


class SecretsCases(Examples):
    """Reprs, names, paths, errors."""

    def test_no_repr_of_the_venue_shows_a_secret(self) -> None:
        """Nor that of any value it is made of."""
        venue = self.venue()
        for value in values_in(venue):
            self._check(repr(value), f"the repr of {type(value).__name__}")

    def test_no_call_shows_a_secret(self) -> None:
        """Its name and repr stand in acks and logs, and so may the path of its request."""
        for calls in self.every_call().values():
            for call in calls:
                request = call.sign(SESSION, STAMP)
                for text in (call.name, repr(call), repr(request), request.path):
                    self._check(text, f"the call {call.name.split()[0][:20]!r}, or the path of its request")

    def test_no_verdict_shows_a_token(self) -> None:
        """A session is shown by nobody, though every verdict may be."""
        for _, call, _, verdict in self.read_samples():
            if isinstance(verdict, LoggedIn):
                token, place = verdict.session.token, repr(verdict)
            elif isinstance(verdict, CodeWanted):
                token, place = verdict.interim, repr(verdict)
            else:
                continue
            told = (place, *(getattr(verdict, name, None) or "" for name in ("code", "text")))
            require(
                all(token not in text for text in told),
                f"Show no token in a verdict: that of {call.name!r} is in its {type(verdict).__name__}.",
            )

    def test_no_error_shows_a_secret(self) -> None:
        """What is wrong with a credential is said without it."""
        for holder, name in hidden_settings(self.venue()):
            try:
                changed_setting(holder, **{name: _CANARY})
            except Exception as error:  # noqa: BLE001 - whichever error it is, it is shown
                require(
                    _CANARY[:11] not in f"{error} {error!r} {error.__cause__!r}",
                    f"Leave the value out of the error that refuses {name!r} of {type(holder).__name__}.",
                )

    def test_no_refusal_shows_a_secret(self) -> None:
        """Of a request, a scope or an order that the venue cannot have: it stands in acks and logs."""
        for what, ask in self._illegal():
            try:
                ask()
            except Exception as error:  # noqa: BLE001 - whichever error it is, it is shown
                for secret in (*self.secrets(), SESSION.token):
                    require(
                        secret not in f"{error} {error!r} {error.__cause__!r}",
                        f"Keep secrets out of what `{what}` raises: it says what is wrong by the id alone.",
                    )

    def test_no_credential_breaks_a_header(self) -> None:
        """A line break in one would be a header of its own: it is refused, or never in a header."""
        venue = self.venue()
        for holder, name in hidden_settings(venue):
            try:
                changed = changed_setting(holder, **{name: _CANARY})
                broken = changed if holder is venue else changed_setting(venue, auth=changed)
                requests = [
                    call.sign(SESSION, STAMP) for calls in self.every_call(broken).values() for call in calls
                ]
            except Exception:  # noqa: BLE001, S112 - refused, which is right
                continue
            values = [value for request in requests for value in request.headers.values()]
            require(
                all("\n" not in value and "\r" not in value for value in values),
                f"Refuse a {name!r} of {type(holder).__name__} that no header can bear: see"
                " check_header_value.",
            )

    def test_no_code_breaks_a_header(self) -> None:
        """What a user types as second factor is a text like any other."""
        for call in log_in_calls(self.venue(), "1\r\nX-Injected: yes"):
            headers = call.sign(None, STAMP).headers.values()
            require(
                all("\n" not in value and "\r" not in value for value in headers),
                f"Refuse a code that no header can bear before {call.name!r} bears it.",
            )

    def _illegal(self) -> Iterator[tuple[str, Callable[[], object]]]:
        venue, request = self.venue(), self.request
        by_client = attrs.evolve(request, order=ClientOrderId(str(request.order)))
        for one in (*self.illegal(), by_client):
            if isinstance(one, Scope):
                yield "check_scope", partial(venue.check_scope, one)
                yield "cancel_all", partial(venue.cancel_all, one)
                continue
            yield "check", partial(venue.check, one)
            yield "cancel", partial(venue.cancel, target_of(one))
            yield "cancel_list", partial(venue.cancel_list, [target_of(one)])
            yield "read_order", partial(venue.read_order, one.account, OrderId(str(one.order)))
            yield "list_open", partial(venue.list_open, one.account)
        for scope in self.scopes:
            yield "cancel_all", partial(venue.cancel_all, scope)

    def _check(self, text: str, where: str) -> None:
        for secret in (*self.secrets(), SESSION.token):
            require(secret not in text, f"Keep secrets out of {where}: give the field `repr=False`.")
