"""What a check found: each finding with a mark, what was found, and what to do about it."""

from __future__ import annotations

from enum import Enum
from typing import Any

import attrs

#: The longest text of a finding: what a venue says may be of any length.
_MOST = 1000


class Mark(Enum):
    """How a finding ends."""

    PASS = "pass"  # noqa: S105 - no password
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


def one_line(text: str) -> str:
    """Return a text as one printable line: a venue's words must not rule the terminal."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def shortened(text: str) -> str:
    """Return what of a text is told; after it was blotted, for no half of a secret must be left."""
    return text if len(text) <= _MOST else f"{text[:_MOST]} ..."


def _optional_line(text: str | None) -> str | None:
    return None if text is None else one_line(text)


@attrs.frozen(kw_only=True)
class Finding:
    """One thing that was looked at; raises `ValueError` if it is not well and nothing is said to do."""

    about: str
    mark: Mark
    found: str = attrs.field(converter=one_line)
    advice: str | None = attrs.field(default=None, converter=_optional_line)

    def __attrs_post_init__(self) -> None:
        if self.mark is not Mark.PASS and not self.advice:
            raise ValueError(f"{self.about}: what is not well needs an advice")

    def to_dict(self) -> dict[str, Any]:
        """Render as plain JSON values."""
        return {"about": self.about, "mark": self.mark.value, "found": self.found, "advice": self.advice}


def passed(about: str, found: str) -> Finding:
    """Find something well."""
    return Finding(about=about, mark=Mark.PASS, found=found)


def warned(about: str, found: str, advice: str) -> Finding:
    """Find something that works, and may not do so when it counts."""
    return Finding(about=about, mark=Mark.WARN, found=found, advice=advice)


def failed(about: str, found: str, advice: str) -> Finding:
    """Find something that does not work."""
    return Finding(about=about, mark=Mark.FAIL, found=found, advice=advice)


def skipped(about: str, found: str, advice: str) -> Finding:
    """Find that something could not be looked at."""
    return Finding(about=about, mark=Mark.SKIPPED, found=found, advice=advice)


@attrs.frozen(kw_only=True)
class Diagnosis:
    """What was found of one venue."""

    venue: str
    findings: tuple[Finding, ...]

    def to_dict(self) -> dict[str, Any]:
        """Render as plain JSON values."""
        return {"venue": self.venue, "findings": [one.to_dict() for one in self.findings]}
