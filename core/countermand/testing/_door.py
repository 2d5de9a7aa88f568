"""Where connections come in: a listening socket that can be shut for a moment, and TLS that can fail."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any

HOST = "127.0.0.1"


class Door:
    """Listens on one port for as long as it is open; while it is shut connections are refused."""

    def __init__(self, connect: Callable[[], asyncio.BaseProtocol], tls: ssl.SSLContext | None) -> None:
        self._connect = connect
        self._tls = tls
        self._spoils = 0
        self._shut_until = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._opening: asyncio.Task[None] | None = None
        self._shut_again_s = 0.0
        if tls is not None:
            # OpenSSL asks it in each handshake, whether or not the client names a server.
            tls.sni_callback = self._greet

    async def open(self, port: int) -> int:
        """Begin to listen, and return the port; 0 is any free one; raises `OSError` for a taken one."""
        self._server = await self._listen(host=HOST, port=port)
        port = int(self._server.sockets[0].getsockname()[1])
        self._port = port
        return port

    def shut(self, seconds: float) -> None:
        """Refuse connections for so long, or for so much longer; open ones are left alone."""
        if self._opening is not None:
            self._shut_again_s += seconds  # it is just about to open, and only then it can be shut
            return
        now = asyncio.get_running_loop().time()
        if self._timer is None:
            self._keep_out()
            self._shut_until = now
        else:
            self._timer.cancel()
        self._shut_until += seconds
        self._timer = asyncio.get_running_loop().call_later(self._shut_until - now, self._reopen)

    def spoil_handshake(self, seconds: float) -> None:
        """Let the next handshake fail; without TLS nobody listens for so long instead."""
        if self._tls is None:
            self.shut(seconds)
        else:
            self._spoils += 1

    async def close(self) -> None:
        """Listen no more."""
        while self._opening is not None:
            await self._opening  # one step of the loop; only then there is something to close
        if self._timer is not None:
            self._timer.cancel()
            self._socket.close()
        self._server.close()
        if self._tls is not None:
            self._tls.sni_callback = None

    def _keep_out(self) -> None:
        self._server.close()
        # Bound, so that nobody else gets the port, and not listening, so that nobody gets in.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((HOST, self._port))

    def _reopen(self) -> None:
        self._timer = None
        # It listens at the task's first step: asyncio has no way to do it without one.
        self._opening = asyncio.get_running_loop().create_task(self._open_again(self._socket))

    async def _open_again(self, sock: socket.socket) -> None:
        self._server = await self._listen(sock=sock)
        self._opening = None
        if self._shut_again_s > 0:
            again_s, self._shut_again_s = self._shut_again_s, 0.0
            self.shut(again_s)

    async def _listen(self, **where: Any) -> asyncio.Server:
        return await asyncio.get_running_loop().create_server(self._connect, ssl=self._tls, **where)

    def _greet(self, _handshake: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> int | None:
        if not self._spoils:
            return None
        self._spoils -= 1
        return ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE
