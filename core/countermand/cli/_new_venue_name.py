"""What a new venue may be called, so that its package, its class and its distribution can be."""

from __future__ import annotations

import keyword
import re
from importlib.util import find_spec

import attrs

import countermand
from countermand import testing, venue
from countermand.errors import ConfigurationError
from countermand.testing import simulators
from countermand.venue import venues

_EXPECTED = "1 to 40 lower-case letters, digits and single underscores, beginning with a letter, such as acme"
_SHAPE = re.compile(r"(?=.{1,40}\Z)[a-z][a-z0-9]*(_[a-z0-9]+)*")
#: `countermand simulate all` serves every venue.
_MEANS_MORE = frozenset({"all"})
#: What the classes of a package must not be called, for its modules import or define these.
_TAKEN_TITLES = frozenset({*countermand.__all__, *venue.__all__, *testing.__all__, "AccessToken", "Decimal"})


def _is_free(_instance: object, _attribute: object, name: str) -> None:
    if not _SHAPE.fullmatch(name):
        raise ConfigurationError(f"a venue's name must be {_EXPECTED}; got {name!r}")
    title = _title(name)
    if keyword.iskeyword(title) or title in _TAKEN_TITLES or name in _MEANS_MORE:
        raise ConfigurationError(f"a venue cannot be named {name!r}: {title!r} means something else here")
    if name in (*venues(), *simulators()):
        raise ConfigurationError(f"there is a plugin named {name!r} already: `countermand venues` lists them")
    if find_spec(f"countermand_{name}") is not None:
        raise ConfigurationError(f"there is a package named 'countermand_{name}' already")


def _title(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


@attrs.frozen
class VenueName:
    """The name of a venue that is not there yet; raises `ConfigurationError` for one that cannot be."""

    value: str = attrs.field(validator=_is_free)

    @property
    def title(self) -> str:
        """What its class is called, such as `Acme`."""
        return _title(self.value)

    @property
    def package(self) -> str:
        """What its package and the folder of that are called, such as `countermand_acme`."""
        return f"countermand_{self.value}"

    @property
    def distribution(self) -> str:
        """What its distribution is called, such as `countermand-acme`."""
        return self.package.replace("_", "-")
