"""A file of orders: what is taken from it, and what is said of a bad line."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from countermand import CancelRequest, OrderId
from countermand.cli._order_lines import STDIN, OrderLines, read_lines
from countermand.errors import InvalidRequestError


def request(word: str) -> CancelRequest:
    return CancelRequest(venue="toy", account="9", order=OrderId(word))


def read(path: Path) -> OrderLines:
    return read_lines(path, request)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        pytest.param("1\n2\n", ["1", "2"], id="lines"),
        pytest.param("1", ["1"], id="no-end-of-line"),
        pytest.param("\ufeff1\r\n2\r\n", ["1", "2"], id="windows"),
        pytest.param("# all of them\n\n  1  \n\t# 2\n", ["1"], id="comments-and-blanks"),
        pytest.param("", [], id="empty"),
    ],
)
def test_each_line_is_a_request(tmp_path: Path, text: str, ids: list[str]) -> None:
    """Each line that says something is an order, in the order of the file."""
    path = tmp_path / "orders"
    path.write_bytes(text.encode())
    lines = read(path)
    assert [str(one.order) for one in lines.requests] == ids
    assert lines.bad == ()
    assert list(lines.told()) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("1\n2\n 1\n", "1 duplicate line: each order is taken once", id="one"),
        pytest.param("1\n2\n1\r\n2\n1\n", "3 duplicate lines: each order is taken once", id="several"),
    ],
)
def test_order_that_stands_there_again_is_taken_once(tmp_path: Path, text: str, told: str) -> None:
    """An order is taken where it stands first, and how many lines name one again is told."""
    path = tmp_path / "orders"
    path.write_bytes(text.encode())
    lines = read(path)
    assert [str(one.order) for one in lines.requests] == ["1", "2"]
    assert list(lines.told()) == [told]


def test_bad_line_is_told_by_its_number(tmp_path: Path) -> None:
    """A bad line is told with its number as an editor counts, and why; the good ones are there."""
    path = tmp_path / "orders"
    path.write_text("# ids\n1\n\n007\n3 4\n5\x0b\n")
    lines = read(path)
    assert [str(one.order) for one in lines.requests] == ["1", "5"]
    first, second = lines.told()
    assert first.startswith(f"{path}: line 4: ")
    assert "leading zeros" in first
    assert second.startswith(f"{path}: line 5: ")


def test_many_bad_lines_are_counted(tmp_path: Path) -> None:
    """Of a file that is something else altogether not every line is told."""
    path = tmp_path / "orders"
    path.write_text("no id\n" * 25)
    *told, more = read(path).told()
    assert len(told) == 20
    assert more == "and 5 more bad lines"


def test_stdin_is_read_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dash stands for stdin."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("1\n007\n"))
    lines = read(STDIN)
    assert [str(one.order) for one in lines.requests] == ["1"]
    assert lines.bad[0].startswith("stdin: line 2: ")


def closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("stdin", [None, closed()], ids=["none", "closed"])
def test_closed_stdin_is_told(monkeypatch: pytest.MonkeyPatch, stdin: io.StringIO | None) -> None:
    """Where there is no stdin, that is said, in one line."""
    monkeypatch.setattr(sys, "stdin", stdin)
    with pytest.raises(InvalidRequestError, match="stdin: cannot be read: "):
        read(STDIN)


@pytest.mark.parametrize("content", [None, b"\xff\xfe1"], ids=["missing", "no-text"])
def test_unreadable_file_is_told(tmp_path: Path, content: bytes | None) -> None:
    """A file that is not there, or holds no text, is named."""
    path = tmp_path / "orders"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidRequestError, match="orders: cannot be read: "):
        read(path)
