"""The pages under `docs/`: links lead somewhere, names are those of the code, and blocks run."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
import pytest

import countermand
from countermand import errors, testing, venue
from countermand.testing import VenueContract
from countermand.venue import answers, credentials, settings, wire

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
CONTRACT = {page.stem: page.read_text(encoding="utf-8") for page in (ROOT / "docs/contract").glob("*.md")}
_BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
_LINK = re.compile(r"\[[^\]]+\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
_CODE = re.compile(r"`([^`\n]+)`")
_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
#: The modules whose every public name is on the pages.
WHOLE = (venue, wire, answers, credentials, settings, testing)
MODULES = (*WHOLE, countermand, errors)
#: Names in code that are none of the code's: of modules, of files, of the wire, of other languages.
OTHERS = {
    *("countermand", "countermand.errors", "countermand.testing", "countermand.venue"),
    *("countermand.venue.credentials", "countermand.venue.settings", "countermand.venue.wire"),
    *("countermand.venue.answers", "countermand.venues", "countermand.simulators"),
    *("wire", "answers", "credentials", "settings", "testing", "Test", "None", "False", "Decimal"),
    *("KeyboardInterrupt", "Date", "TOKEN", "VARIABLE"),
    *(
        "cancel_answer",
        "mass_answer",
        "read_answer",
        "from_config",
        "ready",
        "kill",
        "slow_plugin",
        "not_covered",
    ),
}


def public_names(module: ModuleType) -> set[str]:
    """Return what a module gives: `__all__`, or what it defines itself."""
    named = getattr(module, "__all__", None)
    return set(named) if named is not None else set(defined_in(module))


def defined_in(module: ModuleType) -> Iterator[str]:
    """Give the public classes, functions, constants and aliases that a module defines itself."""
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names = [node.name]
        else:
            targets = node.targets if isinstance(node, ast.Assign) else []
            names = [target.id for target in targets if isinstance(target, ast.Name)]
        yield from (name for name in names if not name.startswith("_") and len(name) > 1)


def parts_of(value: Any) -> set[str]:
    """Return the names of what a class or a function has: members, fields, parameters."""
    names: set[str] = set()
    if inspect.isclass(value):
        names |= {name for name in dir(value) if not name.startswith("_")}
        names |= {name for one in value.__mro__ for name in getattr(one, "__annotations__", {})}
        for name in names & set(dir(value)):
            names |= parameters_of(getattr(value, name))
    return names | parameters_of(value)


def parameters_of(value: Any) -> set[str]:
    """Return the names of a function's parameters; none of what has none."""
    try:
        return set(inspect.signature(value).parameters)
    except (TypeError, ValueError):
        return set()


def known_names() -> set[str]:
    """Return every name that the pages may put in code, with those of a class after its own."""
    names = set(OTHERS)
    for module in MODULES:
        for name in public_names(module):
            parts = parts_of(getattr(module, name))
            names |= {name, *parts, *(f"{name}.{part}" for part in parts)}
    for one in (testing.Simulator, testing.Ask):
        names |= {f"{word}.{part}" for word in ("simulator", "ask") for part in parts_of(one)}
    # What a simulator has only once it is made.
    made = testing.load_simulator("apex")()
    live = {name for name in vars(made) if not name.startswith("_")}
    names |= {name for name in vars(made.faults) if not name.startswith("_")}
    return names | {f"simulator.{name}" for name in live} | {f"capabilities.{name}" for name in fields()}


def fields() -> set[str]:
    """Return the names of the fields of `Capabilities`."""
    return {field.name for field in attrs.fields(venue.Capabilities)}


def code_in(text: str) -> Iterator[str]:
    """Give what stands in code within the prose of a page."""
    yield from _CODE.findall(_BLOCK.sub("", text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    """To a file of the repository, and to a heading of it where one is named."""
    text = page.read_text(encoding="utf-8")
    for path, heading in _LINK.findall(text):
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), path
        assert target.is_relative_to(ROOT)
        titles = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
        slugs = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
        assert not heading or heading in slugs, f"{path}#{heading}"


def test_the_contract_names_all_its_pages() -> None:
    """Its first page has a link to each of the others; the README leads to it and to the afternoon."""
    linked = {path for path, _ in _LINK.findall(CONTRACT["README"])}
    assert {f"{name}.md" for name in CONTRACT} - {"README.md"} <= linked
    readme = {path for path, _ in _LINK.findall((ROOT / "README.md").read_text(encoding="utf-8"))}
    assert {"docs/new-venue.md", "docs/contract/README.md"} <= readme


@pytest.mark.parametrize("module", WHOLE, ids=lambda module: module.__name__)
def test_every_public_name_is_on_a_page(module: ModuleType) -> None:
    """Of the contract, its modules, and the kits."""
    named = {
        name for text in CONTRACT.values() for code in code_in(text) for name in re.findall(r"\w+", code)
    }
    assert public_names(module) - named == set()


@pytest.mark.parametrize(
    "name", ["Venue", "Capabilities", "Call", "CallKind", "Plugin", "Ids", "Page", "PerOrder"]
)
def test_every_part_is_on_its_page(name: str) -> None:
    """Fields, members and methods."""
    value = getattr(venue, name)
    if issubclass(value, Enum):
        parts = set(value.__members__)
    else:
        own = {part for one in value.__mro__ for part in vars(one)} | {
            field.name for field in fields_of(value)
        }
        own |= set(getattr(value, "__annotations__", {}))
        parts = {part for part in own if not part.startswith("_")}
    pages = [text for text in CONTRACT.values() if f"`{name}`" in text]
    named = {word for text in pages for code in code_in(text) for word in re.findall(r"\w+", code)}
    assert parts - named == set()


def fields_of(value: type) -> tuple[Any, ...]:
    """Return the attrs fields of a class; none of any other."""
    return attrs.fields(value) if attrs.has(value) else ()


@pytest.mark.parametrize("page", sorted(CONTRACT))
def test_no_name_is_missing_from_the_code(page: str) -> None:
    """Whatever stands in code as a name, or is called there, is one of the library's."""
    known = known_names()
    for code in code_in(CONTRACT[page]):
        name, called, _ = code.partition("(")
        if _NAME.fullmatch(name) and (called or name == code) and not name.startswith("test_"):
            assert name in known, code


def test_every_case_of_the_kit_is_told() -> None:
    """As its docstring has it, and no other."""
    told = dict(re.findall(r"^- `(test_\w+)`: (.*)$", CONTRACT["conformance"], re.MULTILINE))
    cases = {name: getattr(VenueContract, name) for name in dir(VenueContract) if name.startswith("test_")}
    assert told == {name: inspect.getdoc(case) for name, case in cases.items()}


@pytest.mark.parametrize("page", sorted(CONTRACT))
def test_blocks_run(page: str) -> None:
    """Each by itself; what it shows it asserts."""
    for kind, text in _BLOCK.findall(CONTRACT[page]):
        assert kind in {"python", "toml"}
        if kind == "python":
            exec(compile(text, f"{page}.md", "exec", dont_inherit=True), {"__name__": page})  # noqa: S102 - our own pages
