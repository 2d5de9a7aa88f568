"""What a plugin may be: small, and made of public pieces only."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import countermand_alpaca

HOME = Path(countermand_alpaca.__file__).parent
PLUGIN = sorted(HOME.glob("*.py"))
SIMULATOR = sorted(HOME.glob("simulator/*.py"))
#: What third parties may import.
PUBLIC = {
    "countermand",
    "countermand.errors",
    "countermand.testing",
    "countermand.venue",
    "countermand.venue.answers",
    "countermand.venue.credentials",
    "countermand.venue.settings",
    "countermand.venue.wire",
}


def is_table(node: ast.stmt) -> bool:
    """Tell a table: a value at the top of a module, or a class of annotated fields and nothing else."""
    if isinstance(node, ast.ClassDef):
        return all(isinstance(part, ast.AnnAssign | ast.Expr) for part in node.body)
    return isinstance(node, ast.Assign | ast.AnnAssign | ast.Import | ast.ImportFrom)


def docstrings(tree: ast.Module) -> Iterator[ast.stmt]:
    """Find the docstrings of a module and of whatever is in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node, clean=False
        ):
            yield node.body[0]


def first_line(node: ast.stmt) -> int:
    """Return where a statement begins, its decorators included."""
    decorators = getattr(node, "decorator_list", ())
    return min((one.lineno for one in decorators), default=node.lineno)


def lines_of_code(source: str) -> int:
    """Count the lines without blanks, comments, docstrings, imports and tables."""
    tree = ast.parse(source)
    left_out = [node for node in tree.body if is_table(node)] + list(docstrings(tree))
    skipped = {number for node in left_out for number in range(first_line(node), (node.end_lineno or 0) + 1)}
    return sum(
        bool(line.strip()) and not line.strip().startswith("#") and number not in skipped
        for number, line in enumerate(source.splitlines(), 1)
    )


def test_what_is_counted() -> None:
    """Every line that does something counts, those of decorators and of methods' heads included."""
    source = '''"""Docstring."""
import attrs

TABLE = {
    1: 2,
}

@attrs.frozen
class Row:
    """A table."""

    name: str

class Venue:
    """Not a table."""

    name: str

    # A comment.
    @property
    def it(self) -> int:
        """Docstring.

        More of it.
        """
        return 1
'''
    assert lines_of_code(source) == 5


@pytest.mark.parametrize(("files", "most"), [(PLUGIN, 150), (SIMULATOR, 100)], ids=["plugin", "simulator"])
def test_it_is_small(files: list[Path], most: int) -> None:
    """A plugin takes under 150 lines of code, and its simulator under 100."""
    assert files
    counts = {path.name: lines_of_code(path.read_text(encoding="utf-8")) for path in files}
    assert sum(counts.values()) < most, counts


@pytest.mark.parametrize("path", [*PLUGIN, *SIMULATOR], ids=lambda path: path.stem)
def test_it_imports_nothing_private(path: Path) -> None:
    """It could have been written by anybody who has the wheel."""
    imported = {
        name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [one.name for one in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }
    core = {name for name in imported if name.partition(".")[0] == "countermand"}
    assert core <= PUBLIC
