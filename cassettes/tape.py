"""How exchanges are taped and played: what is matched on, and what must never stand on a tape."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import attrs
from vcr.cassette import Cassette
from vcr.config import VCR
from vcr.record_mode import RecordMode
from vcr.request import Request

#: What stands on a tape instead of a secret; too short for the engine to blot out of a reply again.
PLACEHOLDER = "***"
#: Headers whose values are secrets; that they were sent is kept.
SECRET_HEADERS = frozenset(
    {"aptoken", "authorization", "et-app-key", "username", "password", "verificationcode", "apikey"}
    | {"signature", "nonce", "userid", "pending2fatoken"}
)
#: Of all other headers only those an adapter writes or reads: no host, no cookie.
REQUEST_HEADERS = frozenset({"accept", "content-type"})
RESPONSE_HEADERS = frozenset({"age", "content-type", "date", "retry-after"})
#: Neither the scheme nor the host nor the port, so that no trace of a run stays.
MATCH_ON = ("method", "path", "query", "body")

_SECRET_KEYS = re.compile(
    r"[^\"]*(?:token|password|secret|email|phone)[^\"]*"
    r"|signature|nonce|api_?key|app_?key|user_?name|user_?id|login|enteredby|account_?name|(?:first|last)_?name",
    re.IGNORECASE,
)
#: A key of JSON and its text or number, wherever it stands: what is rewritten keeps its spelling.
_FIELD = re.compile(
    r'(?P<head>"(?P<key>[^"\\]*)"\s*:\s*)(?:"(?P<text>(?:[^"\\]|\\.)*)"|(?P<number>-?[0-9.eE+-]+))'
)
#: Shorter ones stand in innocent places, too.
_SHORTEST_SECRET = 6


@attrs.frozen(kw_only=True)
class Tape:
    """One cassette; `base_url` stands on it for the one that was really called."""

    path: Path
    base_url: str
    #: Values that were taken off, to be sure that none of them stands elsewhere.
    secrets: set[str] = attrs.field(factory=set, repr=False)

    @contextmanager
    def recording(self, *, polls: Callable[[], bool]) -> Iterator[None]:
        """Record what is sent, and save it unless something was raised; where it `polls`, without repeats."""
        with self._inserted(RecordMode.ALL, repeats=False) as cassette:
            yield
            if polls():
                cassette.data[:] = _last_of_each(cassette.data)

    @contextmanager
    def playing(self, *, polls: bool) -> Iterator[Cassette]:
        """Play it: each answer once, or where it `polls`, as often as it is asked for."""
        with self._inserted(RecordMode.NONE, repeats=polls) as cassette:
            yield cassette

    def leaks(self, text: str) -> bool:
        """Tell whether a secret that was taken off stands in a text after all."""
        return any(secret in text for secret in self.secrets)

    @contextmanager
    def _inserted(self, mode: RecordMode, *, repeats: bool) -> Iterator[Cassette]:
        recorder: Any = VCR(  # type: ignore[no-untyped-call]  # vcrpy has no types
            record_mode=mode,
            match_on=MATCH_ON,
            before_record_request=self._scrub_request,
            before_record_response=self._scrub_response,
            record_on_exception=False,
            drop_unused_requests=mode is RecordMode.ALL,
        )
        with recorder.use_cassette(str(self.path), allow_playback_repeats=repeats) as cassette:
            yield cassette

    def _scrub_request(self, request: Any) -> Any:
        there, here = urlsplit(request.uri), urlsplit(self.base_url)
        request.uri = urlunsplit((here.scheme, here.netloc, there.path, there.query, ""))
        request.headers = self._scrub_headers(request.headers)
        request.body = self._scrub_body(request.body or b"")
        return request

    def _scrub_response(self, response: dict[str, Any]) -> dict[str, Any]:
        headers = {name.lower(): value for name, value in response["headers"].items()}
        return {
            "status": response["status"],
            "headers": {name: value for name, value in headers.items() if name in RESPONSE_HEADERS},
            "body": {"string": self._scrub_body(response["body"]["string"])},
        }

    def _scrub_body(self, content: bytes) -> bytes:
        return _FIELD.sub(self._scrub_field, content.decode("utf-8", "surrogateescape")).encode(
            "utf-8", "surrogateescape"
        )

    def _scrub_field(self, found: re.Match[str]) -> str:
        value = found["text"] if found["number"] is None else found["number"]
        if not _is_secret(found["key"], value):
            return found[0]
        self._note(value)
        return found["head"] + (f'"{PLACEHOLDER}"' if found["number"] is None else "0")

    def _scrub_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        named = {name.lower(): value for name, value in headers.items()}
        for name in SECRET_HEADERS & set(named):
            if name != "nonce":  # a time in milliseconds, like those of the orders
                self._note_header(named[name])
            named[name] = PLACEHOLDER
        return {name: value for name, value in named.items() if name in SECRET_HEADERS | REQUEST_HEADERS}

    def _note_header(self, value: str) -> None:
        scheme, _, word = value.rpartition(" ")
        self._note(word)
        if scheme.lower() == "basic":
            for part in _decoded(word).split(":"):
                self._note(part)

    def _note(self, value: str) -> None:
        if len(value) >= _SHORTEST_SECRET:
            self.secrets.add(value)


def _is_secret(key: str, value: str) -> bool:
    if value in ("", PLACEHOLDER):
        return False
    if key.lower() == "code":  # a second factor, or the word for an error
        return not value.isalpha()
    return _SECRET_KEYS.fullmatch(key) is not None


def _decoded(word: str) -> str:
    try:
        return base64.b64decode(word, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


def _last_of_each(played: list[tuple[Request, object]]) -> list[tuple[Request, object]]:
    last = {(request.method, request.uri, request.body): response for request, response in played}
    first = {(request.method, request.uri, request.body): request for request, _ in reversed(played)}
    return [(request, last[key]) for key, request in reversed(first.items())]
