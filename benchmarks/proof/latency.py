"""A network between the client and a simulator in process: every request and answer takes its time."""

from __future__ import annotations

import asyncio
import random

import attrs
import httpx


@attrs.frozen(kw_only=True)
class Latency(httpx.AsyncBaseTransport):
    """Delays what passes to another transport, by up to `longest_s` seconds each way."""

    inner: httpx.AsyncBaseTransport
    longest_s: float
    chance: random.Random

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass one request on, and its answer back."""
        await asyncio.sleep(self.chance.uniform(0, self.longest_s))
        response = await self.inner.handle_async_request(request)
        await asyncio.sleep(self.chance.uniform(0, self.longest_s))
        return response

    async def aclose(self) -> None:
        """Close the other transport."""
        await self.inner.aclose()
