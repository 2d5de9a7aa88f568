"""One recording: cancels performed by a client, taped, and told in a sidecar."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import attrs
import httpx

from countermand import Assurance, AsyncClient, CancelAck, CancelRequest, ClientOrderId, Outcome, Reason
from countermand.venue import Venue, load_venue
from sidecar import Expected, Sidecar, describe, write_request
from tape import Tape

#: What stands for the host: of a simulator, and of any other venue.
HOSTS = {"simulator": "http://127.0.0.1", "sandbox": "https://venue.invalid"}
#: How long reads that are still under way after the last ack get to end, in seconds.
_LINGER_S = 0.2


class RecordingError(Exception):
    """A recording that cannot be kept."""


@attrs.frozen(kw_only=True)
class Recording:
    """What is to be recorded, and where."""

    #: The path of its files, without their endings.
    stem: Path
    #: "simulator" or "sandbox".
    source: str
    plugin: str
    venue: Venue
    #: Makes the client over the transport that is taped.
    client: Callable[[httpx.AsyncBaseTransport], AsyncClient]
    requests: Sequence[CancelRequest]
    #: What happens before all requests but the first.
    between: Callable[[], object] = lambda: None

    def record(self) -> Sidecar:
        """Perform and save it; raises `RecordingError` where nothing may be kept."""
        cassette, beside = (self.stem.with_suffix(suffix) for suffix in (".yaml", ".json"))
        self.stem.parent.mkdir(parents=True, exist_ok=True)
        cassette.unlink(missing_ok=True)
        tape = Tape(path=cassette, base_url=HOSTS[self.source])
        acks: list[CancelAck] = []
        with tape.recording(polls=lambda: _polls(acks[-1])):
            acks += asyncio.run(self._performed())
        sidecar = self._told(acks[-1])
        sidecar.write(beside)
        if any(tape.leaks(path.read_text(encoding="utf-8")) for path in (cassette, beside)):
            cassette.unlink()
            beside.unlink()
            raise RecordingError(f"{self.stem}: a secret stands in an unexpected place; nothing is kept")
        return sidecar

    async def _performed(self) -> list[CancelAck]:
        acks: list[CancelAck] = []
        # httpx's own transport by name, since that is what vcrpy records.
        async with httpx.AsyncHTTPTransport(trust_env=False) as transport, self.client(transport) as client:
            for request in self.requests:
                if acks:
                    self.between()
                acks.append(await client.cancel(request))
            await asyncio.sleep(_LINGER_S)
        if acks[-1].error is not None:
            raise RecordingError(f"{self.stem}: {acks[-1].error}")
        return acks

    def _told(self, ack: CancelAck) -> Sidecar:
        return Sidecar(
            source=self.source,
            recorded=datetime.now(UTC).date().isoformat(),
            plugin=self.plugin,
            venue=describe(self.venue, load_venue(self.plugin), HOSTS[self.source]),
            earlier=[write_request(request) for request in self.requests[:-1]],
            request=write_request(self.requests[-1]),
            polls=_polls(ack),
            expected=Expected.of(ack),
        )


def _polls(ack: CancelAck) -> bool:
    # Only time settles these: how often is read until then differs from run to run.
    if ack.reason in (Reason.NOT_FOUND, Reason.UNKNOWN_ORDER):
        return True
    if isinstance(ack.request.order, ClientOrderId) and ack.reason is Reason.TOO_LATE:
        return True  # a dead order is what a client's id means only if no open one comes to light
    waited = ack.request.assurance is Assurance.CONFIRMED
    return ack.outcome is Outcome.UNKNOWN or (ack.outcome is Outcome.PENDING and waited)
