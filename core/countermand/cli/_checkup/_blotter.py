"""Secrets blotted out of whatever a check tells."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.parse import quote

import attrs

from countermand.cli._checkup._configuration import Table
from countermand.cli._checkup._findings import Finding, one_line, shortened
from countermand.cli._checkup._secrets import credentials
from countermand.venue import Plugin

_BLOT = "[redacted]"
#: What is shorter is in half of all words.
_SHORTEST = 4
_USER_INFO = re.compile(r"//([^/@]*)@")


@attrs.frozen
class Blotter:
    """Blots secrets out of what is told, however they are spelled."""

    _spellings: tuple[str, ...] = attrs.field(repr=False)

    def text(self, text: str) -> str:
        """Blot a text, then cut it to what is told."""
        for spelling in self._spellings:
            text = text.replace(spelling, _BLOT)
        return shortened(text)

    def finding(self, finding: Finding) -> Finding:
        """Blot a finding."""
        advice = None if finding.advice is None else self.text(finding.advice)
        return attrs.evolve(finding, found=self.text(finding.found), advice=advice)


def blotter_of(table: Table, plugin: Plugin | None) -> Blotter:
    """Make a blotter of all the secrets in a table, or named by it."""
    secrets = {one.text for one in credentials(table, plugin) if one.secret}
    spellings = {way for secret in secrets | set(_in_address(table)) for way in _spelled(secret or "")}
    # The longest first: one may be a part of another.
    return Blotter(tuple(sorted(spellings, key=len, reverse=True)))


def _in_address(table: Table) -> Iterator[str]:
    """Take apart what stands before a host: it is refused, and must not be told in the refusal."""
    for user_info in _USER_INFO.findall(str(table.raw.get("base_url"))):
        yield from (user_info, user_info.partition(":")[2])


def _spelled(secret: str) -> Iterator[str]:
    for way in (secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], quote(secret, safe="")):
        # A finding is one line already.
        if len(line := one_line(way)) >= _SHORTEST:
            yield line
