"""countermand's transport, called directly with an `httpx.Request`."""

from __future__ import annotations

import json
import ssl

import httpx

from countermand._wire._transport import Transport
from speed.loads import Gate

_TIMEOUT = {"connect": 5.0, "read": 5.0, "write": 5.0, "pool": 5.0}


class Direct:
    """A request is made from prepared parts, and its answer read as JSON."""

    async def prepare(self, gate: Gate) -> None:
        """Make the transport."""
        tls = ssl.create_default_context(cafile=gate.certificate) if gate.certificate else None
        self._transport = Transport(verify=tls)
        self._url = httpx.URL(f"{gate.url}/AP/CancelOrder")
        self._host = self._url.netloc

    async def cancel(self, number: int) -> None:
        """Send it, and read the answer."""
        body = json.dumps({"OMSId": 1, "AccountId": 9, "OrderId": number}).encode()
        headers = [
            (b"Host", self._host),
            (b"Content-Type", b"application/json"),
            (b"Accept", b"application/json"),
            (b"aptoken", b"token"),
            (b"Content-Length", str(len(body)).encode()),
        ]
        request = httpx.Request(
            "POST",
            self._url,
            headers=headers,
            stream=httpx.ByteStream(body),
            extensions={"timeout": _TIMEOUT},
        )
        response = await self._transport.handle_async_request(request)
        answer = json.loads(await response.aread())
        if answer["result"] is not True:
            raise ValueError(answer)

    async def close(self) -> None:
        """Close its connections."""
        await self._transport.aclose()
