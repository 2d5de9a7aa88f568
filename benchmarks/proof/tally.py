"""Everything that is counted, as plain numbers that add up over shards and survive a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Self

import attrs

from proof.cells import Cell
from proof.judge import lies
from proof.scripts import Script
from proof.told import Played, Told, Trial
from proof.undecided import knowable, undecided

#: How many lies and undecided acks are kept in full, to be looked at.
_KEPT = 20


@attrs.define(kw_only=True)
class Tally:
    """What was seen so far."""

    worlds: int = 0
    cancels: int = 0
    orders: int = 0
    sockets: int = 0
    #: Real time it took, in seconds.
    seconds: float = 0.0
    #: Acks by outcome and reason, by client and where they ran; lies by name; cells by key.
    acks: Counter[str] = attrs.field(factory=Counter)
    ran: Counter[str] = attrs.field(factory=Counter)
    lies: Counter[str] = attrs.field(factory=Counter)
    met: Counter[str] = attrs.field(factory=Counter)
    #: Confirmed cancels, those that were knowable in time, final ones among each, and so on.
    counts: Counter[str] = attrs.field(factory=Counter)
    #: How many orders were sent so many cancels.
    cancels_per_order: Counter[str] = attrs.field(factory=Counter)
    examples: list[dict[str, Any]] = attrs.field(factory=list)

    def add(self, played: Played) -> None:
        """Judge a world and count it."""
        script = played.script
        self.worlds += 1
        self.cancels += script.cancels
        self.sockets += script.cancels if script.sockets else 0
        self.counts["under TLS"] += script.cancels if script.tls else 0
        where = "sockets" if script.sockets else "in process"
        self.ran[f"{script.stratum.venue}|{script.stratum.client}|{where}"] += script.cancels
        for told in played.told:
            self._add_ack(played, told)
        for first, told in played.settled:
            self.counts["settled"] += 1
            self.counts["settled, final"] += told.final
            trial = Trial(told=told, first=first, played=played)
            if not told.final and trial.dead_since(first.at):
                self.counts["settled, owed of dead orders"] += 1
                self._keep("owed of a dead order", played, told)
            self.acks[f"settled|{first.outcome}|{told.name}"] += 1
        for name, told in lies(played):
            self.lies[name] += 1
            self._keep(name, played, told)
        self._add_truth(played)

    def _add_ack(self, played: Played, told: Told) -> None:
        trial = Trial(told=told, first=told, played=played)
        self.acks[f"first|{told.ask.assurance}|{told.name}"] += 1
        self.counts["final"] += told.final
        if told.ask.assurance == "confirmed":
            self.counts["confirmed"] += 1
            self.counts["confirmed, final"] += told.final
        if knowable(trial):
            self.counts["knowable"] += 1
            self.counts["knowable, final"] += told.final
        if undecided(trial):
            self.counts["undecided"] += 1
            self._keep("undecided", played, told)

    def _add_truth(self, played: Played) -> None:
        ledger = played.ledger
        end = max(told.at for told in played.told)
        self.counts["requests"] += sum(one.at <= end for one in ledger.arrivals) + len(ledger.turned_away)
        self.counts["faults"] += len(ledger.faults)
        for fault in ledger.faults:
            stratum = played.script.stratum
            self.met[Cell(stratum=stratum, fault=fault.kind.value, point=fault.point.value).key] += 1
        asked = {order.order_id for order in played.script.orders if order.asks}
        for order_id in asked & ledger.records.keys():
            self.orders += 1
            self.cancels_per_order[str(len(ledger.cancels(ledger.records[order_id])))] += 1

    def _keep(self, name: str, played: Played, told: Told) -> None:
        if sum(one["what"] == name for one in self.examples) < _KEPT:
            self.examples.append(_example(name, played, told))

    def merge(self, other: Tally) -> None:
        """Add what another shard saw."""
        for field in attrs.fields(Tally):
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            if isinstance(mine, Counter):
                mine.update(theirs)
            else:
                setattr(self, field.name, mine + theirs)

    def to_dict(self) -> dict[str, Any]:
        """Render as plain JSON values."""
        return attrs.asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Restore what `to_dict` gave."""
        tally = cls()
        for name, value in data.items():
            setattr(tally, name, Counter(value) if isinstance(value, dict) else value)
        return tally

    @property
    def lied(self) -> int:
        """How many lies there were."""
        return sum(self.lies.values())


def _example(name: str, played: Played, told: Told) -> dict[str, Any]:
    script: Script = played.script
    ids = {told.order.order_id, (told.ack or {}).get("order_id")} - {None}
    records = [one for root in sorted(map(str, ids)) for one in played.ledger.chain(root)]
    return {
        "what": name,
        "seed": script.seed,
        "sockets": script.sockets,
        "stratum": attrs.asdict(script.stratum),
        "behaviour": {key: repr(value) for key, value in script.behaviour.items()},
        "order": repr(told.order),
        "asked_at": told.asked_at,
        "told_at": told.at,
        "deadline": told.deadline,
        "error": told.error,
        "ack": told.ack,
        "book": [repr(one) for one in dict.fromkeys(records)],
        "arrivals": [
            f"{one.number} at {one.at:.3f}: {one.call} {_of(one.fault)}"
            for one in played.ledger.arrivals
            if one.order_id in ids
            or (one.call == "listing" and one.account == told.order.account)
            or one.client_order_id == told.order.client_order_id
            or one.call == "log-in"
        ],
    }


def _of(fault: Any) -> str:
    return (
        ""
        if fault is None
        else f"{fault.kind.value}:{fault.point.value} {fault.delay_s} {fault.retry_after_s}"
    )
