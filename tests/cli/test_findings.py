"""A finding: one line, and always with what is to be done."""

from __future__ import annotations

import pytest

from countermand.cli._checkup._findings import Diagnosis, Finding, Mark, one_line, passed, warned


@pytest.mark.parametrize("mark", [Mark.WARN, Mark.FAIL, Mark.SKIPPED])
@pytest.mark.parametrize("advice", [None, ""])
def test_advice_is_needed(mark: Mark, advice: str | None) -> None:
    """What is not well cannot be told without an advice."""
    with pytest.raises(ValueError, match="TLS: what is not well needs an advice"):
        Finding(about="TLS", mark=mark, found="it is odd", advice=advice)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("two\nlines", "two lines"),
        ("\x1b[31mred\x1b[0m", "[31mred [0m"),
        ("a\u202eb", "a b"),
    ],
)
def test_text_is_one_line(text: str, line: str) -> None:
    """A venue's words rule no terminal."""
    assert one_line(text) == passed("log-in", text).found == line


def test_json() -> None:
    """A diagnosis is plain values."""
    told = Diagnosis(venue="apex", findings=(warned("TLS", "ends soon", "renew it"),)).to_dict()
    assert told == {
        "venue": "apex",
        "findings": [{"about": "TLS", "mark": "warn", "found": "ends soon", "advice": "renew it"}],
    }
