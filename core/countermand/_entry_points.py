"""How an entry-point group is searched for the one entry that is asked for, and no other is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from countermand.errors import PluginError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint, EntryPoints


def _entries(group: str, name: str | None = None) -> EntryPoints:
    from importlib.metadata import entry_points  # noqa: PLC0415 - who names its venues itself looks for none

    found = entry_points(group=group)
    return found if name is None else found.select(name=name)


def installed(group: str) -> tuple[str, ...]:
    """Name what is installed in a group, sorted."""
    return tuple(sorted({point.name for point in _entries(group)}))


def sources(group: str, package: str) -> tuple[str, ...]:
    """Say by which entries of a group that top package is installed, and of which distributions."""
    points = _entries(group)
    return tuple(_source(point) for point in points if point.module.partition(".")[0] == package)


def title(group: str, name: str, noun: str) -> str:
    """Say what the entries of that name are called in messages."""
    found = ", ".join(_source(point) for point in _entries(group, name=name))
    return f"the {noun} {name!r} ({found})"


def load(group: str, name: str, noun: str) -> tuple[Any, str]:
    """Load the one entry of that name; return it and, for messages, what it is called.

    Raises `PluginError` for none, two, or one that cannot be imported, with a list of what is installed.
    """
    found = tuple(_entries(group, name=name))
    listing = f"installed are: {', '.join(installed(group)) or 'none'}"
    if len(found) != 1:
        count = f"no {noun}" if not found else f"{len(found)} {noun}s"
        whence = f" ({', '.join(_source(point) for point in found)})" if found else ""
        raise PluginError(f"{count} named {name!r}{whence}; {listing}")
    (point,) = found
    told = title(group, name, noun)
    try:
        return point.load(), told
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # an import may break in any way, and must end no program
        raise PluginError(f"{told} cannot be loaded: {type(error).__name__}: {error}; {listing}") from error


def _source(point: EntryPoint) -> str:
    distribution = (
        f"{point.dist.name} {point.dist.version}" if point.dist is not None else "unknown distribution"
    )
    return f"{point.value} of {distribution}"
