"""Faults as the control interface and the command line speak of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from countermand.errors import ConfigurationError
from countermand.testing._fault import CALLS, EVERY_FAULT, POSSIBLE, Fault, FaultKind, Point
from countermand.testing._faults import Faults, Rate

_KINDS = {kind.value: kind for kind in FaultKind}
_POINTS = {point.value: point for point in Point}


def fault_from_word(word: str, call: str | None = None) -> Fault:
    """Read `KIND` or `KIND:POINT`, the point being the first that can be (at that call) unless it is given.

    Raises `ConfigurationError` with what there is.
    """
    kind, _, point = word.partition(":")
    return _fault({"kind": kind, **({"point": point} if point else {})}, call)


def faults_to_json(faults: Faults) -> dict[str, object]:
    """Render what is to come and what was met."""
    return {
        "script": {call: [_written(one) for one in script] for call, script in faults.scripts.items()},
        "rates": [_rate_written(rate) for rate in faults.rates],
        "met": [
            {"number": number, "call": call, "fault": _written(fault)} for number, call, fault in faults.met
        ],
    }


def set_faults(faults: Faults, body: Mapping[str, object]) -> None:
    """Let exactly these faults come from now on; raises `ConfigurationError`, and then changes nothing.

    `script` is an object of call to a list of faults, null being none; `rates` a list of objects with
    `rate`, and `seed`, `calls` and `faults` if they are wanted. A fault is a word or an object.
    """
    for name in body:
        if name not in ("script", "rates"):
            raise ConfigurationError(f"no field {name!r}; there are: script, rates")
    scripts = {
        call: _script(script, call) for call, script in _object(body.get("script", {}), "script").items()
    }
    rates = [_rate(rate) for rate in _list(body.get("rates", []), "rates")]
    trial = Faults()
    for wanted in (trial, faults):
        wanted.clear()
        for rate in rates:
            wanted.at_rate(**rate)
        for call, script in scripts.items():
            wanted.script(call, *script)


def _script(value: object, call: str) -> list[Fault | None]:
    return [None if one is None else _read(one, call) for one in _list(value, "a script")]


def _rate(value: object) -> dict[str, Any]:
    given = _object(value, "a rate")
    for name in given:
        if name not in ("rate", "seed", "calls", "faults"):
            raise ConfigurationError(f"no field {name!r} of a rate; there are: rate, seed, calls, faults")
    seed = given.get("seed", 0)
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise ConfigurationError(f"seed must be a whole number, got {seed!r}")
    chosen = [_read(one) for one in _list(given["faults"], "faults")] if "faults" in given else EVERY_FAULT
    calls = _list(given.get("calls", list(CALLS)), "calls")
    return {"rate": given.get("rate"), "seed": seed, "calls": calls, "choose": chosen}


def _read(value: object, call: str | None = None) -> Fault:
    return fault_from_word(value, call) if isinstance(value, str) else _fault(_object(value, "a fault"), call)


def _fault(given: Mapping[str, object], call: str | None) -> Fault:
    known = [field.name for field in attrs.fields(Fault)]
    for name in given:
        if name not in known:
            raise ConfigurationError(f"no field {name!r} of a fault; there are: {', '.join(known)}")
    kind = _member(given.get("kind"), _KINDS, "kind")
    point = _member(given["point"], _POINTS, "point") if "point" in given else _first_point(kind, call)
    fields: dict[str, Any] = {**given, "kind": kind, "point": point}
    return Fault(**fields)


def _first_point(kind: FaultKind, call: str | None) -> Point:
    points = [point for point in Point if (kind, point) in POSSIBLE]
    return next((point for point in points if call in POSSIBLE[kind, point]), points[0])


def _written(fault: Fault | None) -> object:
    if fault is None:
        return None
    return {**attrs.asdict(fault), "kind": fault.kind.value, "point": fault.point.value}


def _rate_written(rate: Rate) -> dict[str, object]:
    faults = {fault: None for choices in rate.choices.values() for fault in choices}
    return {
        "rate": rate.rate,
        "seed": rate.seed,
        "calls": list(rate.choices),
        "faults": [_written(fault) for fault in faults],
    }


def _member(value: object, members: Mapping[str, Any], what: str) -> Any:
    if not isinstance(value, str) or value not in members:
        raise ConfigurationError(f"{what} must be one of {', '.join(members)}, got {value!r}")
    return members[value]


def _object(value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ConfigurationError(f"{what} must be an object, got {value!r}")
    return value


def _list(value: object, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise ConfigurationError(f"{what} must be a list, got {value!r}")
    return value
