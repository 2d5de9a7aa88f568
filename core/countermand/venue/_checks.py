"""What every adapter checks in the same way, before anything is sent."""

from __future__ import annotations

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

import attrs

from countermand.errors import ConfigurationError

_HEADER_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")


def clean_base_url(value: object) -> str:
    """Return a base URL without its final slash; raises `ConfigurationError` for one that cannot be used.

    Plain `http://` is refused except on loopback: credentials would cross a network in clear text.
    """
    if not isinstance(value, str) or not value.isascii() or re.search(r"[\x00-\x20]", value):
        raise ConfigurationError(f"base_url must be a URL like https://host:port, got {value!r}")
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ConfigurationError(
            f"base_url must be a URL like https://host:port, got {value!r}: {error}"
        ) from error
    if parts.scheme not in ("http", "https") or not host:
        raise ConfigurationError(f"base_url must begin with https:// and name a host, got {value!r}")
    if parts.username is not None or "?" in value or "#" in value:  # "https://host?" has an empty query
        raise ConfigurationError("base_url must bear no user, query or fragment: credentials go into auth")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ConfigurationError(f"base_url must be https:// (http:// is for loopback only), got {value!r}")
    return value.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_header_value(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Refuse a credential that no HTTP header can bear; the message never shows it."""
    if callable(value):
        return
    if not isinstance(value, str) or not _HEADER_VALUE.fullmatch(value):
        raise ConfigurationError(f"{attribute.name} must be a non-empty text of printable ASCII characters")
