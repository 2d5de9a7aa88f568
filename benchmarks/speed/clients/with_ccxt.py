"""ccxt's client of an APEX venue: markets, accounts and a session are given, so that it only cancels."""

from __future__ import annotations

from typing import Any

import ccxt
import ccxt.async_support

from speed.loads import Gate

_CREDENTIALS = {"apiKey": "key", "secret": "secret", "uid": "81", "login": "router", "password": "password"}


def _configured(exchange: Any, gate: Gate) -> Any:
    exchange.options["sessionToken"] = "token"
    exchange.urls["api"] = {"public": f"{gate.url}/AP", "private": f"{gate.url}/AP"}
    exchange.markets = {}
    exchange.accounts = [{"id": "9", "type": None, "currency": None, "info": {}}]
    return exchange


class Async:
    """Over aiohttp, with its pool of 100 connections."""

    async def prepare(self, gate: Gate) -> None:
        """Make the exchange; its own pace is off."""
        made = ccxt.async_support.ndax({**_CREDENTIALS, "enableRateLimit": False})
        self._exchange = _configured(made, gate)
        if gate.certificate:
            self._exchange.cafile = gate.certificate

    async def cancel(self, number: int) -> None:
        """Cancel it; an answer that refuses raises."""
        await self._exchange.cancel_order(str(number))

    async def close(self) -> None:
        """Close the exchange."""
        await self._exchange.close()


class Sync:
    """Over requests."""

    def prepare(self, gate: Gate) -> None:
        """Make the exchange; its own pace is off."""
        self._exchange = _configured(ccxt.ndax({**_CREDENTIALS, "enableRateLimit": False}), gate)
        if gate.certificate:
            self._exchange.validateServerSsl = gate.certificate  # what requests takes as `verify`

    def cancel(self, number: int) -> None:
        """Cancel it; an answer that refuses raises."""
        self._exchange.cancel_order(str(number))

    def close(self) -> None:
        """Close the exchange's connections."""
        self._exchange.session.close()
