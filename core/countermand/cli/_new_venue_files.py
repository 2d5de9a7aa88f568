"""The files of a new venue's package: those of an invented venue, Acme, in the new one's name."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

from countermand.cli._new_venue_name import VenueName
from countermand.errors import ConfigurationError

#: The files end in this, so that nobody takes them for code of this package.
_SUFFIX = ".txt"


def write_package(venue: VenueName, directory: Path) -> Path:
    """Write a package into a new folder and return that; raises `ConfigurationError` if it cannot be."""
    home = directory / venue.package
    try:
        home.mkdir()
    except OSError as error:
        raise ConfigurationError(f"{home}: cannot be made: {error.strerror}") from error
    try:
        for path, text in package_files(venue):
            (home / path).parent.mkdir(parents=True, exist_ok=True)
            (home / path).write_text(text, encoding="utf-8")
    except OSError as error:
        shutil.rmtree(home, ignore_errors=True)  # half a package could not be made anew
        raise ConfigurationError(f"{home}: cannot be written: {error.strerror}") from error
    return home


def package_files(venue: VenueName) -> Iterator[tuple[PurePosixPath, str]]:
    """Give the path and the text of each file."""
    for path, text in _found(files("countermand.cli") / "new_venue", PurePosixPath()):
        yield PurePosixPath(_named(str(path), venue)), _named(text, venue)


def _found(folder: Traversable, path: PurePosixPath) -> Iterator[tuple[PurePosixPath, str]]:
    for part in sorted(folder.iterdir(), key=lambda one: one.name):
        if part.is_dir():
            yield from _found(part, path / part.name)
        else:
            yield path / part.name.removesuffix(_SUFFIX), part.read_text(encoding="utf-8")


def _named(text: str, venue: VenueName) -> str:
    words = {"countermand-acme": venue.distribution, "acme": venue.value, "Acme": venue.title}
    # All in one go, for the new name may have one of these words in it.
    return re.sub("|".join(words), lambda found: words[found[0]], text)
