"""Mutation testing: whatever cosmic-ray changes in what decides an outcome must make a test fail.

    pip install cosmic-ray
    python benchmarks/mutation.py --only _conclude --workers 1

Nothing is written to the sources: each mutant is imported by a process of its own, forked from one that has
pytest and the foreign libraries loaded, and met by the tests that `mutation.toml` names for it. A session
file keeps the results, so that a run can be stopped and taken up again. Exit code 1 if fewer than 95 % are
killed or a survivor is not explained in `mutation.toml`.

Not counted, for they are no programs of another meaning: mutants that do not compile, and those within
annotations, which are never evaluated (`from __future__ import annotations`). Nor are those of a module's
unions of types (`Known = Receipt | Gone`), which no module survives: types can be joined in no other way.
"""

from __future__ import annotations

import argparse
import ast
import functools
import os
import resource
import shlex
import sys
import tempfile
import tomllib
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_loader
from pathlib import Path
from types import CodeType
from typing import Any

import attrs
import cosmic_ray.commands
import cosmic_ray.plugins
import pytest
from cosmic_ray.mutating import mutate_code
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkerOutcome, WorkItem, WorkResult

HERE = Path(__file__).parent
LEAST_KILLED = 0.95
#: Loaded once, before the fork: all that the tests need and that is never mutated.
FOREIGN = ("_pytest.main", "cattrs.preconf.json", "httpx", "hypothesis.strategies", "tenacity", "asyncio")


@attrs.frozen(kw_only=True)
class Mutant:
    """A changed module: where it is, what it says now, and which line it says otherwise."""

    path: str
    code: str
    line: int
    before: str
    after: str

    @property
    def module(self) -> str:
        """Its dotted name; the first folder is a source root."""
        return ".".join(Path(self.path).with_suffix("").parts[1:])


class MutantLoader(SourceFileLoader):
    """Loads a module's changed code in the place of its file's, and finds itself for that module only."""

    def __init__(self, mutant: Mutant) -> None:
        super().__init__(mutant.module, str(Path(mutant.path).resolve()))
        self._mutant = mutant

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        """Find the module that is mutated."""
        return spec_from_loader(name, self, origin=self.path) if name == self.name else None

    def get_code(self, _fullname: str) -> CodeType:
        """Compile what it says now."""
        return compile(self._mutant.code, self.path, "exec", dont_inherit=True)


def mutant_of(spec: MutationSpec) -> Mutant | None:
    """Make a mutant; None for one that does not compile or differs in annotations only."""
    source = spec.module_path.read_text(encoding="utf-8")
    operator = cosmic_ray.plugins.get_operator(spec.operator_name)(**spec.operator_args)
    code = mutate_code(source, operator, spec.occurrence)
    try:
        if code is None or meaning(code) == meaning(source):
            return None
    except SyntaxError:
        return None
    old, new = source.splitlines(), code.splitlines()
    line = next(number for number, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1])
    return Mutant(
        path=str(spec.module_path),
        code=code,
        line=line + 1,
        before=old[line].strip(),
        after=new[line].strip(),
    )


@functools.lru_cache(maxsize=64)
def meaning(source: str) -> str:
    """Tell a program without its annotations and unions of types; raises `SyntaxError` if it is none."""
    compile(source, "mutant", "exec", dont_inherit=True)
    tree = ast.parse(source)
    for named in tree.body:
        if isinstance(named, ast.Assign) and isinstance(named.value, ast.BinOp) and joins_types(named.value):
            named.value = ast.Constant(value=None)
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(value=None)
        elif isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef):
            node.returns = None
    return ast.dump(tree)


def joins_types(value: ast.expr) -> bool:
    """Tell whether nothing but types stands on both sides, whatever it is that joins them."""
    if isinstance(value, ast.BinOp):
        return joins_types(value.left) and joins_types(value.right)
    return isinstance(value, ast.Name) and not value.id.isupper() and value.id.lstrip("_")[0].isupper()


def begin(config: dict[str, Any], only: str, session: WorkDB) -> None:
    """List the mutants of the modules whose path has `only` in it, and leave out what is none."""
    paths = [Path(path) for path in config["cosmic-ray"]["module-path"] if only in path]
    cosmic_ray.commands.init(paths, session, {})
    for item in list(session.work_items):
        if mutant_of(item.mutations[0]) is None:
            session.set_result(item.job_id, WorkResult(worker_outcome=WorkerOutcome.SKIPPED))


def test_arguments(config: dict[str, Any], path: str) -> list[str]:
    """Say how pytest is to be called for a module."""
    front = shlex.split(config["cosmic-ray"]["test-command"])[1:]
    return [*front, *next(tests for start, tests in config["tests"].items() if path.startswith(start))]


def fork(mutant: Mutant | None, arguments: list[str], seconds: int) -> int:
    """Run the tests in a process of their own, against the mutant if there is one; return its number."""
    process = os.fork()
    if process:
        return process
    status = 70
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        if mutant is not None:
            sys.meta_path.insert(0, MutantLoader(mutant))
        status = int(pytest.main(arguments))
    finally:
        os._exit(status)


def survived(status: int) -> bool:
    """Tell from the status of a process whether all its tests passed."""
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == pytest.ExitCode.NO_TESTS_COLLECTED:
        raise SystemExit("no tests were collected")
    return os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0


def unmet(session: WorkDB, *, again: bool) -> list[WorkItem]:
    """List the mutants that no test has met yet; if they shall try again, those that survived as well."""
    met = session.completed_work_items if again else ()
    survivors = [item for item, result in met if result.test_outcome is TestOutcome.SURVIVED]
    return [*session.pending_work_items, *survivors]


def meet_all(config: dict[str, Any], session: WorkDB, items: list[WorkItem], workers: int) -> None:
    """Let the tests meet these mutants."""
    running: dict[int, str] = {}

    def wait_for_one() -> None:
        process, status = os.wait()
        outcome = TestOutcome.SURVIVED if survived(status) else TestOutcome.KILLED
        done = WorkResult(worker_outcome=WorkerOutcome.NORMAL, test_outcome=outcome)
        session.set_result(running.pop(process), done)

    for item in items:
        spec = item.mutations[0]
        arguments = test_arguments(config, str(spec.module_path))
        while len(running) >= workers:
            wait_for_one()
        process = fork(mutant_of(spec), arguments, int(config["cosmic-ray"]["timeout"]))
        running[process] = item.job_id
    while running:
        wait_for_one()


def check_unmutated(config: dict[str, Any], paths: set[str]) -> None:
    """Stop if the tests fail of themselves: then they would kill everything."""
    for arguments in {tuple(test_arguments(config, path)) for path in paths}:
        fork(None, list(arguments), int(config["cosmic-ray"]["timeout"]))
        if not survived(os.wait()[1]):
            raise SystemExit(f"fails without any mutant: pytest {shlex.join(arguments)}")


def results_of(session: WorkDB) -> dict[str, list[tuple[MutationSpec, bool]]]:
    """List by module what was mutated, and whether it survived."""
    met = [(item.mutations[0], result) for item, result in session.completed_work_items]
    counted = [(spec, result) for spec, result in met if result.worker_outcome is WorkerOutcome.NORMAL]
    modules: dict[str, list[tuple[MutationSpec, bool]]] = {}
    for spec, result in sorted(counted, key=lambda one: (str(one[0].module_path), one[0].start_pos)):
        survived = result.test_outcome is TestOutcome.SURVIVED
        modules.setdefault(str(spec.module_path), []).append((spec, survived))
    return modules


def counts(results: dict[str, list[tuple[MutationSpec, bool]]]) -> list[str]:
    """Render how many were killed."""
    lines = ["| module | mutants | survived | killed |", "|---|---|---|---|"]
    every = [one for module in results.values() for one in module]
    for path, module in [*results.items(), ("all", every)]:
        alive = sum(survived for _, survived in module)
        lines.append(f"| `{path}` | {len(module)} | {alive} | {1 - alive / len(module):.1%} |")
    return lines


def why(config: dict[str, Any], spec: MutationSpec, mutant: Mutant) -> str:
    """Find the reason why a survivor is no fault of the tests; empty if none is known."""
    operator = spec.operator_name.removeprefix("core/")
    for known in config.get("equivalent", ()):
        if operator in known.get("operators", [operator]) and mutant.after in known.get(
            "after", [mutant.after]
        ):
            return str(known["why"])
    return ""


def survivors(
    config: dict[str, Any], results: dict[str, list[tuple[MutationSpec, bool]]]
) -> list[tuple[str, str]]:
    """Render each mutant that lived, and why."""
    told = []
    for spec in (spec for module in results.values() for spec, survived in module if survived):
        mutant: Any = mutant_of(spec)
        place = f"`{mutant.path.removeprefix('core/').removeprefix('adapters/')}`:{mutant.line}"
        told.append(
            (f"| {place} | `{cell(mutant.before)}` | `{cell(mutant.after)}`", why(config, spec, mutant))
        )
    return told


def cell(text: str) -> str:
    """Keep a line of code from ending a cell of a table."""
    return text.replace("|", "\\|")


def report(config: dict[str, Any], session: WorkDB) -> bool:
    """Print the tables; tell whether enough were killed and every survivor is explained."""
    results = results_of(session)
    alive = survivors(config, results)
    none = sum(result.worker_outcome is WorkerOutcome.SKIPPED for _, result in session.completed_work_items)
    print("\n".join(counts(results)))
    print(f"\nNot counted: {none} changes that do not compile, or are in annotations or unions of types.")
    print("\n| where | is | survives as | why |\n|---|---|---|---|")
    print("\n".join(f"{told} | {reason or '**not explained**'} |" for told, reason in alive))
    return all(reason for _, reason in alive) and len(alive) <= (1 - LEAST_KILLED) * sum(
        map(len, results.values())
    )


def main() -> int:
    """Run what is left of a session and print its table."""
    options = argparse.ArgumentParser(description="Mutation testing of what decides an outcome.")
    options.add_argument("--only", default="", help="only modules whose path has this in it")
    options.add_argument("--workers", type=int, default=1)
    options.add_argument(
        "--again", action="store_true", help="let those that survived meet the tests once more"
    )
    options.add_argument("--session", type=Path, help="where results are kept; a new file starts anew")
    asked = options.parse_args()
    os.chdir(HERE.parent)
    config = tomllib.loads((HERE / "mutation.toml").read_text(encoding="utf-8"))
    for name in FOREIGN:
        __import__(name)
    session_file = asked.session or Path(tempfile.mkdtemp()) / "mutation.sqlite"
    mode = WorkDB.Mode.open if session_file.exists() else WorkDB.Mode.create
    with use_db(str(session_file), mode) as session:
        if mode is WorkDB.Mode.create:
            begin(config, asked.only, session)
        check_unmutated(config, {str(item.mutations[0].module_path) for item in session.work_items})
        meet_all(config, session, unmet(session, again=asked.again), asked.workers)
        return 0 if report(config, session) else 1


if __name__ == "__main__":
    sys.exit(main())
