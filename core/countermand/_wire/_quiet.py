"""Whether a peer has said anything or hung up: also what the loop has not read yet."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable
from functools import partial

#: What is said of a server that was not quiet in time.
UNASKED = "the server spoke or hung up before it was asked"

#: Tells it of one socket: by what is true where there is something.
Stirs = Callable[[], object]


def polled(sock: socket.socket) -> Stirs:
    """Ask the system whether there is anything to read: the cheapest way, where it is to be had."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return partial(poll.poll, 0)


def peeked(sock: socket.socket) -> Stirs:
    """Look at what could be read, and leave it there."""

    def stirs() -> bool:
        try:
            sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    return stirs


stirs_of = polled if hasattr(select, "poll") else peeked
