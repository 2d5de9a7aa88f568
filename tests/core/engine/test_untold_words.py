"""What a plugin raises where it deals in secrets may quote them: its type and place are told, and no more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from countermand import AsyncClient, CancelRequest, Outcome, Sent
from countermand._engine._guard import Guard, PluginFault
from countermand._engine._guarded_venue import GuardedVenue
from countermand._engine._watch import Watch
from countermand.venue import Call, CallKind, HttpRequest, HttpResponse, NeedCode, Session

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Peer, Witness

Ask = Callable[..., CancelRequest]
Virtually = Callable[..., Any]
SECRET = "S3CR3T-abc-654321"
HERE = Path(__file__).name


class Leaky:
    """A venue that quotes its secrets in what it raises, at one place."""

    def __init__(self, venue: Pebble, place: str) -> None:
        self._venue = venue
        self._place = place
        self.renewable = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._venue, name)

    def cancel(self, target: Any) -> Any:
        """Cancel, with a static key that no header can bear or a session that it does not like."""
        call = self._venue.cancel(target)
        key = SECRET

        def sign(session: Session | None, stamp: Any) -> HttpRequest:
            if self._place == "a key in a sign":
                raise ValueError(f"no header can bear {key!r}")
            if self._place == "a session in a sign" and session is not None:
                raise LookupError(f"{session.token} is over")
            return call.sign(session, stamp)

        return attrs.evolve(call, sign=sign)

    def log_in(self) -> Any:
        """Begin a log-in."""
        if self._place == "a password at the beginning of a log-in":
            raise RuntimeError(f"password {SECRET} is too long")
        return self._conversation()

    def _conversation(self) -> Any:
        if self._place == "a code in a log-in":
            code = yield NeedCode(source=lambda: SECRET)
            raise ValueError(f"code {code} has {len(code)} signs")
        if self._place == "a session in a sign":
            return Session(token=SECRET)
        if self._place == "a fresh token in a read":
            return (yield self._asked())
        return Session(token="another-one")

    def _asked(self) -> Call[Any]:
        def read(response: HttpResponse) -> Any:
            raise KeyError(response.content.decode())

        return attrs.evolve(self._venue.ask(CallKind.LOG_IN, "log-in", ""), read=read)


#: place: (which function, the type).
PLACES = {
    "a key in a sign": ("the sign of its cancel call", "ValueError"),
    "a session in a sign": ("the sign of its cancel call", "LookupError"),
    "a password at the beginning of a log-in": ("log_in", "RuntimeError"),
    "a code in a log-in": ("log_in", "ValueError"),
    "a fresh token in a read": ("the read of its log_in call", "KeyError"),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_secret_in_what_a_plugin_raises(
    virtually: Virtually,
    client: Callable[..., AsyncClient],
    peer: Peer,
    witness: Witness,
    pebble: Pebble,
    ask: Ask,
    place: str,
) -> None:
    """Neither an ack nor an observer nor a readiness tells it; the type and the line lead an author there."""
    peer.on("log-in", {"token": SECRET}).on("log-out", {"say": "receipt"})

    async def main() -> None:
        async with client(Leaky(pebble, place)) as one:
            ack = await one.cancel(ask(timeout_s=1.0))
            ready = await one.ready(1.0)
        function, kind = PLACES[place]
        assert (ack.outcome, ack.sent) == (Outcome.REJECTED, Sent.NO)
        told = f"the venue 'pebble' ({__name__}.Leaky): {function} raised {kind} in {HERE}, line "
        assert told in (ack.error or "")
        assert (ack.error or "").endswith("(what it says is not told: it may hold a secret)")
        heard = [ack, ack.to_dict(), ready, witness.log_ins, witness.answers, witness.acks]
        assert SECRET not in repr(heard)

    virtually(main())


def test_a_log_out_that_quotes_its_session(pebble: Pebble) -> None:
    """It is told in the same way, by whichever function; and the chain of errors ends there."""

    def raises(*_: Any) -> Any:
        raise ValueError(SECRET)

    def log_out(session: Session) -> Any:
        if session.token == "breaks":
            raise ValueError(SECRET)
        return attrs.evolve(pebble.ask(CallKind.LOG_IN, "log-out", ""), read=raises)

    leaky: Any = Leaky(pebble, "")
    leaky.log_out = log_out
    venue = GuardedVenue(leaky, Guard("pebble", leaky, Watch(None))).as_venue
    with pytest.raises(PluginFault) as by_itself:
        venue.log_out(Session(token="breaks"))
    call = venue.log_out(Session(token=SECRET))
    assert call is not None
    with pytest.raises(PluginFault) as by_its_read:
        call.read(HttpResponse(status=200))
    for caught in (by_itself, by_its_read):
        assert SECRET not in str(caught.value)
        assert f"raised ValueError in {HERE}" in str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__
