"""A connection is quiet as long as there is nothing to read, in whichever way that is found out."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from countermand._wire._quiet import Stirs, peeked, polled


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Connect two sockets."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


@pytest.mark.parametrize("ask", [polled, peeked])
def test_what_there_is_to_read(
    pair: tuple[socket.socket, socket.socket], ask: Callable[[socket.socket], Stirs]
) -> None:
    """A word or an end is noticed, and both are still there to be read."""
    ours, theirs = pair
    stirs = ask(ours)
    assert not stirs()
    theirs.sendall(b"!")
    assert stirs()
    assert ours.recv(9) == b"!"
    assert not stirs()
    theirs.close()
    assert stirs()
    assert ours.recv(9) == b""


@pytest.mark.parametrize("ask", [polled, peeked])
def test_a_socket_that_is_gone(
    pair: tuple[socket.socket, socket.socket], ask: Callable[[socket.socket], Stirs]
) -> None:
    """What was closed here is not quiet, either."""
    ours, _ = pair
    stirs = ask(ours)
    ours.close()
    assert stirs()
