"""Whether a peer has neither said anything nor hung up: not even what the loop has not read yet."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable

#: Tells it of one socket.
Quiet = Callable[[], bool]


def polled(sock: socket.socket) -> Quiet:
    """Ask the system whether there is anything to read: the cheapest way, where it is to be had."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return lambda: not poll.poll(0)


def peeked(sock: socket.socket) -> Quiet:
    """Look at what could be read, and leave it there."""

    def quiet() -> bool:
        try:
            sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    return quiet


quiet_of = polled if hasattr(select, "poll") else peeked
