"""What a venue sends back, without the secrets that were sent to it."""

from __future__ import annotations

import base64
import contextlib
import re

from countermand._http import HttpRequest

#: Headers whose values are no secrets, so that they need not be blotted out of what comes back.
_PUBLIC_HEADERS = frozenset({"accept", "content-type"})
_SHORTEST_SECRET = 6
_BLOT = b"[redacted]"


def blot_out(content: bytes, request: HttpRequest) -> bytes:
    """Blot every secret of the request's headers out of what the venue sent back.

    A header that is a number is none: it is a nonce or a user's id, and an order's id may be the same digits.
    """
    for name, value in request.headers.items():
        if name.lower() not in _PUBLIC_HEADERS and not value.isdigit():
            for secret in _secrets(value):
                if len(secret) >= _SHORTEST_SECRET:
                    content = _without(content, secret)
    return content


def _secrets(value: str) -> set[str]:
    """Take apart "Bearer <token>" and "Basic <user:password>": what comes back may be a part alone."""
    scheme, _, rest = value.partition(" ")
    parts = {value, *rest.split()}
    if scheme == "Basic":
        with contextlib.suppress(ValueError):
            parts.add(base64.b64decode(rest, validate=True).decode().partition(":")[2])
    return parts


def _without(content: bytes, secret: str) -> bytes:
    if secret.isascii() and secret.isalnum():
        return content.replace(secret.encode(), _BLOT)
    return re.sub("".join(map(_spellings, secret)).encode(), _BLOT, content)


def _spellings(char: str) -> str:
    # JSON may write a sign behind a backslash, or as a number: "+" as \\u002B.
    plain = re.escape(char)
    if char.isascii() and char.isalnum():
        return plain
    return rf"(?:\\?{plain}|\\u(?i:{ord(char):04x}))"
