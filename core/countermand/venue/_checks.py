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

    Plain `http://` is refused except on loopback: credentials would cross a network in clear text. The error
    never shows the value: a password may stand in it, and where one does cannot be told in what is no URL.
    """
    if not isinstance(value, str) or not value.isascii() or re.search(r"[\x00-\x20]", value):
        raise _is_no_url()
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise _is_no_url() from None
    if any(mark in value for mark in "@?#"):  # "https://host?" has an empty query
        raise ConfigurationError("base_url must bear no user, query or fragment: credentials go into auth")
    if parts.scheme not in ("http", "https") or not host:
        raise ConfigurationError("base_url must begin with https:// and name a host")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ConfigurationError("base_url must be https:// (http:// is for loopback only)")
    return value.rstrip("/")


def _is_no_url() -> ConfigurationError:
    return ConfigurationError("base_url must be a URL like https://host:port, of ASCII and without blanks")


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
