"""What a check found, in words for people or as one JSON object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import attrs
from rich.console import Console
from rich.text import Text

from countermand.cli._checkup._example import example_lines
from countermand.cli._checkup._findings import Diagnosis, Finding, Mark
from countermand.cli._show import print_json

#: The color of each mark.
STYLES = {Mark.PASS: "green", Mark.WARN: "yellow", Mark.FAIL: "red", Mark.SKIPPED: "dim"}


@attrs.frozen(kw_only=True)
class CheckUp:
    """All that a check found: of the file as a whole, and of each venue."""

    config: str
    finding: Finding
    diagnoses: Sequence[Diagnosis] = ()
    #: Whether there was no file, so that one is to be written.
    needs_example: bool = False

    @property
    def findings(self) -> list[Finding]:
        """Every finding: of the venues, or where none was come to, of the file."""
        return [finding for one in self.diagnoses for finding in one.findings] or [self.finding]

    @property
    def well(self) -> bool:
        """Whether nothing failed."""
        return all(finding.mark is not Mark.FAIL for finding in self.findings)


def tell(found: CheckUp, *, json: bool) -> None:
    """Print what was found."""
    if json:
        print_json(
            {
                "schema": 1,
                "config": found.config,
                "well": found.well,
                "findings": [found.finding.to_dict()],
                "venues": [one.to_dict() for one in found.diagnoses],
                "example": "\n".join(example_lines()).strip() if found.needs_example else None,
            }
        )
        return
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for line in _lines(found):
        console.print(line)


def _lines(found: CheckUp) -> Iterable[Text | str]:
    if not found.diagnoses:
        yield from _finding(found.finding)
    for one in found.diagnoses:
        yield Text(one.venue, style="bold")
        for finding in one.findings:
            yield from _finding(finding)
    if found.needs_example:
        yield ""
        yield from example_lines()
        return
    counts = Counter(finding.mark for finding in found.findings)
    words = ", ".join(f"{counts[mark]} {mark.value}" for mark in Mark if counts[mark])
    yield Text(f"{'WELL' if found.well else 'NOT WELL'}: {words}", style="green" if found.well else "red")


def _finding(finding: Finding) -> Iterable[Text]:
    mark = Text(f"  {finding.mark.value:<8}", style=STYLES[finding.mark])
    yield mark.append(f"{finding.about:<14} {finding.found}", style="default")
    if finding.advice is not None:
        yield Text(f"{'':<10}{'':<14} what to do: {finding.advice}", style="dim")
