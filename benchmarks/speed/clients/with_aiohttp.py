"""aiohttp, as one writes a cancel with it."""

from __future__ import annotations

import json
import ssl

import aiohttp

from speed.loads import Gate

_HEADERS = {"Content-Type": "application/json", "Accept": "application/json", "aptoken": "token"}


class Session:
    """One session, with as many connections as are in flight."""

    async def prepare(self, gate: Gate) -> None:
        """Open the session."""
        tls = ssl.create_default_context(cafile=gate.certificate) if gate.certificate else True
        connector = aiohttp.TCPConnector(limit=gate.in_flight, ssl=tls)
        self._session = aiohttp.ClientSession(connector=connector)
        self._url = f"{gate.url}/AP/CancelOrder"

    async def cancel(self, number: int) -> None:
        """Post it, and read the answer."""
        body = json.dumps({"OMSId": 1, "AccountId": 9, "OrderId": number}).encode()
        async with self._session.post(self._url, data=body, headers=_HEADERS) as response:
            answer = json.loads(await response.read())
        if answer["result"] is not True:
            raise ValueError(answer)

    async def close(self) -> None:
        """Close the session."""
        await self._session.close()
