"""httpx, as one writes a cancel with it: its clients with their own pools of 100 connections."""

from __future__ import annotations

import ssl

import httpx

from speed.loads import Gate

_HEADERS = {"Accept": "application/json", "aptoken": "token"}


def _tls(gate: Gate) -> ssl.SSLContext | bool:
    return ssl.create_default_context(cafile=gate.certificate) if gate.certificate else True


def _body(number: int) -> dict[str, int]:
    return {"OMSId": 1, "AccountId": 9, "OrderId": number}


def _check(response: httpx.Response) -> None:
    if response.json()["result"] is not True:
        raise ValueError(response.text)


class Async:
    """An `httpx.AsyncClient`."""

    async def prepare(self, gate: Gate) -> None:
        """Make the client."""
        self._client = httpx.AsyncClient(base_url=gate.url, headers=_HEADERS, verify=_tls(gate))

    async def cancel(self, number: int) -> None:
        """Post it, and read the answer."""
        _check(await self._client.post("/AP/CancelOrder", json=_body(number)))

    async def close(self) -> None:
        """Close the client."""
        await self._client.aclose()


class Sync:
    """An `httpx.Client`."""

    def prepare(self, gate: Gate) -> None:
        """Make the client."""
        self._client = httpx.Client(base_url=gate.url, headers=_HEADERS, verify=_tls(gate))

    def cancel(self, number: int) -> None:
        """Post it, and read the answer."""
        _check(self._client.post("/AP/CancelOrder", json=_body(number)))

    def close(self) -> None:
        """Close the client."""
        self._client.close()
