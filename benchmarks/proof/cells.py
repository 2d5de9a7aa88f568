"""The cells of the proof, how often each was met, and which comes next: the one that was met least."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterator

import attrs

from countermand.testing import POSSIBLE, Fault, FaultKind, Point
from proof.scripts import Stratum

VENUES = ("apex", "autoshares")
CLIENTS = ("async", "sync")
IDENTITIES = ("order id", "client id", "native client id")
ASSURANCES = ("received", "confirmed")
#: How often each reachable cell shall have been met in the long run.
OFTEN = 200
#: How many of the least-met faults a world prefers, and how much.
_PREFERRED, _PREFERENCE = 8, 12

#: Venues that have no native cancel by a client's id.
_NO_NATIVE = frozenset({"autoshares"})


#: In process there are no connections on which a second answer could lie.
NOT_IN_PROCESS = frozenset({"two-answers"})
#: Without TLS there is none that could fail.
NOT_PLAINLY = frozenset({"tls"})


@attrs.frozen(kw_only=True)
class Cell:
    """Who cancels where and how, and what goes wrong at which point."""

    stratum: Stratum
    fault: str
    point: str

    @property
    def key(self) -> str:
        """Its name in a file."""
        one = self.stratum
        who = f"{one.venue}|{one.client}|{one.identity}|{one.assurance}"
        return f"{who}|{self.fault}|{self.point}"


def strata() -> Iterator[Stratum]:
    """List every stratum, reachable or not."""
    for venue in VENUES:
        for client in CLIENTS:
            for identity in IDENTITIES:
                for assurance in ASSURANCES:
                    yield Stratum(venue=venue, client=client, identity=identity, assurance=assurance)


def cells() -> Iterator[Cell]:
    """List every cell, reachable or not."""
    for stratum in strata():
        for kind in FaultKind:
            for point in Point:
                yield Cell(stratum=stratum, fault=kind.value, point=point.value)


def unreachable(cell: Cell) -> str | None:
    """Say why a cell cannot be met; None for one that can."""
    if cell.stratum.identity == "native client id" and cell.stratum.venue in _NO_NATIVE:
        return f"{cell.stratum.venue} cancels by order id only"
    kind, point = FaultKind(cell.fault), Point(cell.point)
    if (kind, point) in POSSIBLE:
        listings_only = cell.stratum.identity == "native client id" and kind is FaultKind.OTHER_ORDER
        return "an order named by its client's id is looked for in listings only" if listings_only else None
    return _WHY_NOT.get(kind, _NO_MIDDLE)


_K = FaultKind
_NO_MIDDLE = "a whole answer in the place of the true one has no middle"
_NOT_ACTED = "who refuses a session, or cannot be reached, has not acted"
_TRUE = "a whole true answer says that the venue acted, and when"
_READ = "it is a true answer to another question, and only to a read"
_HALF = "what comes of a true answer in part is one in its middle"

#: Why a kind of fault comes at some points only.
_WHY_NOT: dict[FaultKind, str] = {
    _K.UNAUTHORIZED: _NOT_ACTED, _K.REFUSED: _NOT_ACTED, _K.TLS: _NOT_ACTED,
    _K.DRIBBLE: _TRUE, _K.LATE: _TRUE, _K.TWO_ANSWERS: _TRUE,
    _K.CACHED: _READ, _K.OTHER_ORDER: _READ,
    _K.HALF: _HALF, _K.TRUNCATED: _HALF,
}  # fmt: skip


@attrs.define(kw_only=True)
class Plan:
    """Which cells there are for those clients, and how often each was met."""

    met: Counter[str] = attrs.field(factory=Counter)
    _reachable: tuple[Cell, ...] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._reachable = tuple(cell for cell in cells() if unreachable(cell) is None)

    def next(
        self, chance: random.Random, *, clients: Collection[str], without: Collection[str]
    ) -> tuple[Stratum, tuple[Fault, ...]]:
        """Draw the stratum of the least-met cell of those clients, and the faults for its world.

        All faults that are possible, `without` some kinds, are among them, those that were met least in that
        stratum most often.
        """
        open_cells = [
            cell for cell in self._reachable if cell.stratum.client in clients and cell.fault not in without
        ]
        fewest = min(self.met[cell.key] for cell in open_cells)
        stratum = chance.choice([cell for cell in open_cells if self.met[cell.key] == fewest]).stratum
        own = [cell for cell in open_cells if cell.stratum == stratum]
        chance.shuffle(own)
        least = sorted(own, key=lambda cell: self.met[cell.key])[:_PREFERRED]
        return stratum, tuple(_fault(cell) for cell in (*own, *least * _PREFERENCE))


def _fault(cell: Cell) -> Fault:
    kind = FaultKind(cell.fault)
    wait = 1.0 if kind is FaultKind.THROTTLED_UNTIL else None
    return Fault(kind=kind, point=Point(cell.point), retry_after_s=wait)
