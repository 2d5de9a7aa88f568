"""Everything that is counted of mass cancels, as plain numbers that add up over shards."""

from __future__ import annotations

from collections import Counter
from typing import Any

import attrs

from proof.mass.judge import lies
from proof.mass.measures import calls, measure
from proof.mass.told import MassPlayed, MassTold, MassTrial

#: How many examples of a lie are kept.
_KEPT = 5


@attrs.define(kw_only=True)
class MassTally:
    """What was seen so far."""

    worlds: int = 0
    #: Mass cancels: each scope of a kill is one.
    asked: int = 0
    seconds: float = 0.0
    lies: Counter[str] = attrs.field(factory=Counter)
    #: Reports by kind of scope, by venue, by what becomes of later orders, by state; and sums of measures.
    counts: Counter[str] = attrs.field(factory=Counter)
    faults: Counter[str] = attrs.field(factory=Counter)
    examples: list[dict[str, Any]] = attrs.field(factory=list)

    @property
    def lied(self) -> int:
        """How many lies there were."""
        return sum(self.lies.values())

    def add(self, played: MassPlayed) -> None:
        """Judge a world and count it."""
        self.worlds += 1
        self.asked += len(played.script.wishes)
        for name, told, order_id in lies(played):
            self.lies[name] += 1
            if sum(one["what"] == name for one in self.examples) < _KEPT:
                self.examples.append(_example(name, played, told, order_id))
        for told in played.told:
            if told.report is not None:
                self._add_report(MassTrial(told=told, played=played))
        self._add_truth(played)

    def _add_report(self, trial: MassTrial) -> None:
        script, report, measured = trial.played.script, trial.report, measure(trial)
        how = f"{script.venue}|{trial.told.wish.word}|{script.placed_after}"
        self.counts[f"report|{how}|{report['state']}"] += 1
        self.counts["native"] += report["native"] is not None
        for ack in report["acks"]:
            self.counts[f"ack|{ack['outcome']}|{ack['reason']}"] += 1
        for left in report["residual"]:
            self.counts[f"residual|{left['cause']}|{left['order'] is not None}"] += 1
        self.counts["acks"] += len(report["acks"])
        for name in ("reachable", "canceled", "targets", "taken", "unseen"):
            self.counts[name] += getattr(measured, name)
            self.counts[f"{name}|{script.timeout_s}"] += getattr(measured, name)
        self.counts["provable"] += measured.provable
        self.counts["provable, proved"] += measured.provable and measured.proved
        self.counts["proved"] += measured.proved

    def _add_truth(self, played: MassPlayed) -> None:
        trials = [MassTrial(told=told, played=played) for told in played.told if told.report is not None]
        ledger = played.ledger
        numbers = {one.number for one in ledger.arrivals if one.at <= played.told_at}
        self.counts[f"by the client: {played.script.client}"] += len(played.script.wishes)
        self.counts["requests"] += len(numbers) + len(ledger.turned_away)
        self.counts["faults"] += len(ledger.faults)
        for fault in ledger.faults:
            self.faults[fault.word] += 1
        if trials:
            self.counts["calls"] += calls(trials[0])
            self.counts["off the book"] += sum(
                ledger.taken_by(record) is not None for record in ledger.records.values()
            )

    def merge(self, other: MassTally) -> None:
        """Add what another shard saw."""
        for field in attrs.fields(MassTally):
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            if isinstance(mine, Counter):
                mine.update(theirs)
            else:
                setattr(self, field.name, mine + theirs)


def _example(name: str, played: MassPlayed, told: MassTold, order_id: str | None) -> dict[str, Any]:
    script, records = played.script, played.ledger.records
    report = dict(told.report or {})
    own = [ack for ack in report.pop("acks", ()) if ack["request"]["order"]["order_id"] == order_id]
    return {
        "what": name,
        "seed": script.seed,
        "order": order_id,
        "wish": repr(told.wish),
        "placed_after": script.placed_after,
        "asked_at": played.asked_at,
        "told_at": played.told_at,
        "deadline": played.deadline,
        "error": told.error,
        "report": report,
        "ack": own,
        "book": [repr(one) for one in played.ledger.chain(order_id)] if order_id in records else [],
        "arrivals": [
            f"{one.number} at {one.at:.3f}: {one.call} {one.account} {one.fault.word if one.fault else ''}"
            for one in played.ledger.arrivals
            if one.order_id == order_id or one.call in ("listing", "mass cancel", "log-in")
        ],
    }
