"""The afternoon of `docs/new-venue.md`: each of its commands and blocks, in order."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "new-venue.md"
#: A fenced block, its language, and the paragraph above it.
_BLOCK = re.compile(r"([^\n]*)\n\n```(\w+)\n(.*?)```", re.DOTALL)
_FILE = re.compile(r"`([\w./]+)`:\Z")
_PORT = "8100"
_PROGRAMS = {"countermand": ["-m", "countermand"], "pytest": ["-m", "pytest", "-q", "-p", "no:cacheprovider"]}

#: Puts the definitions of a block into the text of a file.
Merge = Callable[[str, str], str]


@attrs.frozen(kw_only=True)
class Block:
    """One block of the page; `file` is what the line above it names."""

    kind: str
    text: str
    file: str | None

    @property
    def title(self) -> str:
        """Say where it is, for a failure."""
        return f"{self.kind} block for {self.file or self.text.strip().splitlines()[0]}"


def blocks_of(page: Path) -> list[Block]:
    """Return the blocks of a page in order."""
    blocks = []
    for above, kind, text in _BLOCK.findall(page.read_text(encoding="utf-8")):
        named = _FILE.search(above)
        blocks.append(Block(kind=kind, text=text, file=named and named[1]))
    return blocks


# --- a command ---------------------------------------------------------------------------------------


@attrs.define
class Afternoon:
    """Somebody who follows the page, from an empty folder on."""

    home: Path
    port: str
    running: contextlib.ExitStack
    install: Callable[[Path], dict[str, str]]
    merge: Merge
    environment: dict[str, str] = attrs.Factory(lambda: dict(os.environ))
    out: str = ""
    code: int = 0

    def follow(self, block: Block) -> None:
        """Do what a block says."""
        if block.kind == "text":
            self.read(block)
            return
        assert self.code == 0, self.out
        if block.kind == "sh":
            self.out = ""
            for line in block.text.splitlines():
                self.run(shlex.split(line.replace(_PORT, self.port)))
            return
        assert block.file is not None, f"{block.title}: no file is named above it"
        path = self.home / block.file
        text = block.text.replace(_PORT, self.port)
        path.write_text(self.merge(path.read_text(), text) if block.kind == "python" else text)

    def read(self, block: Block) -> None:
        """Find the lines of a block in what the last command wrote."""
        told = " ".join(self.out.split())
        for line in block.text.splitlines():
            assert " ".join(line.split()) in told, f"{line!r} is not in: {self.out}"
        if block.text.splitlines()[-1] == "failed":
            assert self.code == 1
            self.code = 0

    def run(self, words: list[str]) -> None:
        """Run one command as a shell would."""
        assert self.code == 0, self.out
        match words:
            case ["cd", folder]:
                self.home /= folder
            case ["pip", "install", "-e", ".[test]"]:
                self.environment = self.install(self.home)
            case ["curl", "-X", method, url, "-d", body]:
                request = urllib.request.Request(url, body.encode(), method=method)  # noqa: S310 - our own
                with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own
                    self.out += answer.read().decode()
            case ["countermand", "simulate", *_]:
                served = self.running.enter_context(self.begun(words))
                self.running.callback(served.terminate)
                assert served.stdout is not None
                assert json.loads(served.stdout.readline())["venue"] == "acme"
            case _:
                with self.begun(words) as ran:
                    self.out += ran.communicate()[0]
                self.code = ran.returncode

    def begun(self, words: list[str]) -> subprocess.Popen[str]:
        """Begin a command in the folder where one is."""
        return subprocess.Popen(  # noqa: S603 - the page's own words
            [sys.executable, *_PROGRAMS[words[0]], *words[1:]],
            cwd=self.home,
            env=self.environment | {"COLUMNS": "200"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


@pytest.fixture
def afternoon(
    tmp_path: Path, installed_in_place: Callable[[Path], dict[str, str]], merge: Merge
) -> Iterator[Afternoon]:
    """Begin in an empty folder; whatever still runs at the end is ended."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    with contextlib.ExitStack() as running:
        yield Afternoon(home=tmp_path, port=port, running=running, install=installed_in_place, merge=merge)


# --- the page ----------------------------------------------------------------------------------------


@pytest.mark.timeout(180)
def test_the_afternoon_goes_as_it_is_told(afternoon: Afternoon) -> None:
    """From an empty folder to a suite of which all is green, and a venue that every command knows."""
    blocks = blocks_of(PAGE)
    for block in blocks:
        afternoon.follow(block)
    assert afternoon.code == 0, afternoon.out
    sources = [path.read_text() for path in afternoon.home.glob("src/**/*.py")]
    assert not [text for text in sources if "assumed" in text.lower()]
    assert len(blocks) == PAGE.read_text(encoding="utf-8").count("```") / 2
    assert {block.kind for block in blocks} == {"sh", "text", "python", "toml"}


@pytest.mark.timeout(180)
def test_facts_alone_are_not_enough(afternoon: Afternoon) -> None:
    """What the documents say fails as long as the parts are those of a venue that nobody has."""
    blocks = blocks_of(PAGE)
    start = Block(kind="sh", text=blocks[0].text.replace("pytest\n", ""), file=None)
    for block in (start, *(one for one in blocks if one.file == "tests/documents.py")):
        afternoon.follow(block)
    afternoon.run(["pytest"])
    assert afternoon.code == 1
    for case in (
        "illegal_requests_are_refused",
        "illegal_scopes_are_refused",
        "calls_are_those_of_the_documents",
        "calls_bear_the_headers_of_the_documents",
        "what_is_declared_is_what_the_documents_say",
        "no_status_is_assumed",
        "every_status_is_read",
        "ids_are_read_digit_by_digit",
        "every_sample_is_read_as_it_says",
        "every_verdict_has_a_sample",
        "no_answer_is_assumed",
        "the_plugin_makes_this_venue",
    ):
        assert f"::test_{case}" in afternoon.out, case


def test_a_block_changes_what_it_names(merge: Merge) -> None:
    """Definitions in their places, new ones before what follows them, members where the rest stays."""
    old = '''"""Doc."""

import a

# Of one.
ONE = 1


class Two:
    """Two."""

    x: int = 1

    def go(self) -> int:
        return 1


def three() -> None:
    pass
'''
    new = """import b

#: Of zero.
ZERO = 0
#: Now two.
ONE = 2


class Two:
    ...
    #: Of x.
    x: int = 2

    @property
    def more(self) -> int:
        return 3


def four() -> None:
    pass
"""
    namespace: dict[str, Any] = {"__name__": "block"}
    text = merge(old, new).replace("import a\nimport b\n", "")
    exec(compile(text, "block", "exec"), namespace)  # noqa: S102 - our own
    two = namespace["Two"]()
    assert (namespace["ZERO"], namespace["ONE"], two.x, two.go(), two.more) == (0, 2, 2, 1, 3)
    assert text.index("ZERO") < text.index("ONE") < text.index("class Two") < text.index("def four")
    assert "Of one" not in text
    assert "Of x." in text


def test_a_page_that_is_wrong_is_found(afternoon: Afternoon) -> None:
    """Words that no command wrote, a command that fails, a block that belongs to no file."""
    afternoon.out = "what was told"
    with pytest.raises(AssertionError, match="is not in: what was told"):
        afternoon.follow(Block(kind="text", text="what was not\n", file=None))
    with pytest.raises(AssertionError, match="no file is named"):
        afternoon.follow(Block(kind="python", text="ONE = 1\n", file=None))
    afternoon.code = 1
    with pytest.raises(AssertionError, match="what was told"):
        afternoon.follow(Block(kind="sh", text="cd elsewhere\n", file=None))
