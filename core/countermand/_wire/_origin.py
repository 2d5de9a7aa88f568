"""Whom a connection leads to."""

from __future__ import annotations

from functools import lru_cache

import attrs
import httpx

_PORTS = {"http": 80, "https": 443}


@attrs.frozen(kw_only=True, cache_hash=True)
class Origin:
    """Whom a connection leads to."""

    tls: bool
    host: str
    port: int


def origin_of(url: httpx.URL) -> Origin:
    """Tell whom a URL leads to; raises `httpx.UnsupportedProtocol`."""
    return _origin(url.scheme, url.raw_host, url.port)


@lru_cache(maxsize=64)
def _origin(scheme: str, host: bytes, port: int | None) -> Origin:
    if scheme not in _PORTS or not host:
        raise httpx.UnsupportedProtocol(f"expected http:// or https:// and a host, got {scheme!r}")
    return Origin(tls=scheme == "https", host=host.decode("ascii"), port=port or _PORTS[scheme])
