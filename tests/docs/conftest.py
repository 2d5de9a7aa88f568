"""How a block of a page goes into its file: as a reader would put it there."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest


@pytest.fixture
def merge() -> Callable[[str, str], str]:
    """Put the definitions of a block into the text of a file."""
    return merged


def name_of(node: ast.stmt) -> str | None:
    """Return what a statement defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return targets[0].id if isinstance(targets[0], ast.Name) else None


def span_of(node: ast.stmt, lines: list[str]) -> tuple[int, int]:
    """Return the first line of a statement, with its decorators and comments, and the line behind it."""
    first = min(one.lineno for one in (node, *getattr(node, "decorator_list", ()))) - 1
    while first and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return first, node.end_lineno or node.lineno


def stays(node: ast.stmt) -> bool:
    """Tell the `...` that stands for what stays."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is ...


def merged(old: str, new: str) -> str:
    """Put the definitions of a block into a file, each in the place of the one of its name."""
    lines = new.splitlines()
    nodes = ast.parse(new).body
    for place, node in enumerate(nodes):
        first, end = span_of(node, lines)
        text = "\n".join(lines[first:end])
        if isinstance(node, ast.Import | ast.ImportFrom):
            old = with_import(old, text)
        elif isinstance(node, ast.ClassDef) and any(map(stays, node.body)):
            for member in node.body:
                if name_of(member):
                    first, end = span_of(member, lines)
                    old = put(old, node.name, member, "\n".join(lines[first:end]), None)
        else:
            following = [name_of(one) for one in nodes[place + 1 :]]
            old = put(old, None, node, text, following)
    return old


def with_import(old: str, text: str) -> str:
    """Add an import behind those of a file."""
    lines = old.splitlines()
    last = max(
        node.end_lineno or 0 for node in ast.parse(old).body if isinstance(node, ast.Import | ast.ImportFrom)
    )
    return "\n".join([*lines[:last], text, *lines[last:]]) + "\n"


def put(old: str, owner: str | None, node: ast.stmt, text: str, following: list[str | None] | None) -> str:
    """Put one definition into a file or a class of it: in its place, else before what follows it, or last."""
    lines, body = old.splitlines(), ast.parse(old).body
    if owner is not None:
        (body,) = (one.body for one in body if isinstance(one, ast.ClassDef) and one.name == owner)
    known = {name_of(one): span_of(one, lines) for one in body if name_of(one)}
    if name_of(node) in known:
        first, end = known[name_of(node)]
        return "\n".join([*lines[:first], text, *lines[end:]]) + "\n"
    behind = [known[name][0] for name in following or () if name in known]
    end = behind[0] if behind else body[-1].end_lineno or 0
    return "\n".join([*lines[:end], "", text, "", "", *lines[end:]]) + "\n"
