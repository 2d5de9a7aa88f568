"""Which request meets which fault: by script, or by a seeded chance."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Collection, Sequence

import attrs

from countermand.errors import ConfigurationError
from countermand.testing._fault import CALLS, EVERY_FAULT, Fault, FaultKind

#: The kinds that a connection meets, before there is a request.
AT_THE_DOOR = frozenset({FaultKind.REFUSED, FaultKind.TLS})


@attrs.frozen(kw_only=True)
class Rate:
    """A chance of meeting one of some faults, by call."""

    rate: float
    seed: int
    choices: dict[str, tuple[Fault, ...]]
    _chance: random.Random = attrs.field(repr=False)

    def draw(self, call: str) -> Fault | None:
        """Draw for one request."""
        choices = self.choices.get(call)
        if not choices or self._chance.random() >= self.rate:
            return None
        return self._chance.choice(choices)


class Faults:
    """The faults that are to come and those that were met; the same in every run of the same requests.

    A script comes before any rate. Of several rates the first that hits is met.
    """

    def __init__(self) -> None:
        self._scripts: dict[str, deque[Fault | None]] = {}
        self._rates: list[Rate] = []
        #: Who wants to know that something was scripted: the shell, since a connection comes before a call.
        self.watchers: list[Callable[[], None]] = []
        #: The number of the request (0 for one that never arrived), its call, and the fault.
        self.met: list[tuple[int, str, Fault]] = []

    def script(self, call: str, /, *faults: Fault | None) -> None:
        """Let the next requests of that call meet these, one each and in order; None is no fault.

        Raises `ConfigurationError` for a call that is not one of `CALLS`, or cannot meet such a fault.
        """
        _check_call(call)
        for fault in faults:
            if fault is not None and call not in fault.calls:
                raise ConfigurationError(
                    f"no fault {fault.word} at {call!r}; it can be met at: {_names(fault)}"
                )
        if faults:
            self._scripts.setdefault(call, deque()).extend(faults)
        for watcher in self.watchers:
            watcher()

    def at_rate(
        self,
        rate: float,
        *,
        seed: int = 0,
        calls: Collection[str] = CALLS,
        choose: Sequence[Fault] = EVERY_FAULT,
    ) -> None:
        """Let each request of those calls meet one of those faults that it can meet, with that probability.

        Raises `ConfigurationError` for a rate outside 0 to 1, an unknown call, or faults that none of the
        calls can meet.
        """
        if not is_number(rate) or not 0 <= rate <= 1:
            raise ConfigurationError(f"rate must be a number from 0 to 1, got {rate!r}")
        for call in calls:
            _check_call(call)
        choices = {
            call: tuple(fault for fault in choose if call in fault.calls) for call in sorted(set(calls))
        }
        if not any(choices.values()):
            raise ConfigurationError(f"none of these faults can be met at: {', '.join(sorted(set(calls)))}")
        # Two rates of one seed are not to hit together. A chance here needs no secrecy, but to come again.
        chance = random.Random(f"{seed} {len(self._rates)}")  # noqa: S311 - drawn from a seed, to be drawn again
        self._rates.append(Rate(rate=rate, seed=seed, choices=choices, chance=chance))

    def clear(self) -> None:
        """Let no more faults come; what was met stays known."""
        self._scripts.clear()
        self._rates.clear()

    @property
    def active(self) -> bool:
        """Whether any fault may come."""
        return bool(self._scripts or self._rates)

    @property
    def scripts(self) -> dict[str, tuple[Fault | None, ...]]:
        """What is scripted and was not met yet, by call."""
        return {call: tuple(script) for call, script in self._scripts.items()}

    @property
    def rates(self) -> tuple[Rate, ...]:
        """The rates that were given, in order."""
        return tuple(self._rates)

    def draw(self, call: str | None) -> Fault | None:
        """Tell what the next request of that call meets, and count it as asked."""
        if call is None:
            return None
        if call in self._scripts:
            return self._next(call)
        for rate in self._rates:
            if fault := rate.draw(call):
                return fault
        return None

    def take_from_door(self) -> tuple[str, Fault] | None:
        """Take the next scripted fault of a call that its connection has to meet; None if there is none."""
        for call, script in self._scripts.items():
            fault = script[0]
            if fault is not None and fault.kind in AT_THE_DOOR:
                self._next(call)
                return call, fault
        return None

    def _next(self, call: str) -> Fault | None:
        script = self._scripts[call]
        fault = script.popleft()
        if not script:
            del self._scripts[call]
        return fault


def is_number(value: object) -> bool:
    """Tell a number from whatever else a caller may give."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check_call(call: object) -> None:
    if call not in CALLS:
        raise ConfigurationError(f"no call {call!r}; there are: {', '.join(CALLS)}")


def _names(fault: Fault) -> str:
    return ", ".join(call for call in CALLS if call in fault.calls)
