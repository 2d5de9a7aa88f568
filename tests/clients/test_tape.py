"""What is taken off a tape before it is saved, and that nothing is saved where that fails."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import httpx
import pytest
from vcr.serializers.yamlserializer import deserialize

from tape import Tape

SECRET = "q7-very-secret"
BASIC = base64.b64encode(f"somebody:{SECRET}".encode()).decode()


class Venue(httpx.MockTransport):
    """Answers every request with the same; vcrpy records it as it records httpx's own."""

    def __init__(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        super().__init__(lambda _: httpx.Response(status, content=content, headers=headers))


def record(
    tape: Tape,
    content: bytes = b"",
    headers: dict[str, str] | None = None,
    answer: bytes = b"",
    answer_headers: dict[str, str] | None = None,
    times: int = 1,
) -> None:
    """Record one exchange, or the same some times over; where there are several, reads were polled."""

    async def exchange() -> None:
        transport = Venue(200, answer, answer_headers or {})
        url = "https://api.venue.example:8443/v1/orders?page=1"
        for _ in range(times):
            await transport.handle_async_request(httpx.Request("POST", url, content=content, headers=headers))

    with tape.recording(polls=lambda: times > 1):
        asyncio.run(exchange())


@pytest.fixture
def tape(tmp_path: Path) -> Tape:
    """Give an empty tape."""
    return Tape(path=tmp_path / "tape.yaml", base_url="https://venue.invalid")


def recorded(tape: Tape) -> dict[str, dict[str, object]]:
    """Read the one exchange on a tape."""
    (exchange,) = deserialize(tape.path.read_text(encoding="utf-8"))["interactions"]  # type: ignore[no-untyped-call]  # vcrpy has no types
    found: dict[str, dict[str, object]] = exchange
    return found


@pytest.mark.parametrize(
    "name",
    [
        "aptoken", "APToken", "Authorization", "ET-APP-KEY", "Et-App-Key", "Username", "Password",
        "VerificationCode", "APIKey", "Signature", "Nonce", "UserId", "Pending2FaToken",
    ],
)  # fmt: skip
def test_secret_headers(tape: Tape, name: str) -> None:
    """A header that bears a secret stays with a placeholder, however it is spelled."""
    record(tape, headers={name: SECRET})
    assert recorded(tape)["request"]["headers"] == {name.lower(): ["***"]}


def test_headers_of_the_run(tape: Tape) -> None:
    """Of the other headers those an adapter writes or reads stay: no host, no cookie, no length."""
    record(
        tape,
        headers={"Accept": "application/json", "Cookie": SECRET, "User-Agent": "x"},
        answer_headers={"Content-Type": "text/html", "Retry-After": "3", "Set-Cookie": SECRET, "Age": "0"},
    )
    exchange = recorded(tape)
    assert exchange["request"]["headers"] == {"accept": ["application/json"]}
    assert exchange["request"]["uri"] == "https://venue.invalid/v1/orders?page=1"
    assert exchange["response"]["headers"] == {
        "content-type": ["text/html"], "retry-after": ["3"], "age": ["0"]
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ('{"SessionToken": "abc", "UserId": 81}', '{"SessionToken": "***", "UserId": 0}'),
        ('{"Token":"a\\"b","State":"Succeeded"}', '{"Token":"***","State":"Succeeded"}'),
        ('{"Pending2FaToken":"abc"}', '{"Pending2FaToken":"***"}'),
        (
            '{"Password":"p","password":"p","user_name":"u"}',
            '{"Password":"***","password":"***","user_name":"***"}',
        ),
        ('{"Code":"235991"}', '{"Code":"***"}'),
        ('{"Code":235991}', '{"Code":0}'),
        ('{"User":{"Email":"a@b.example","AccountId":9}}', '{"User":{"Email":"***","AccountId":9}}'),
        ('{"Error":{"Code":"UnsupportedApiVersion"}}', '{"Error":{"Code":"UnsupportedApiVersion"}}'),
        (
            '{"result":true,"errorcode":0,"TwoFAToken":null}',
            '{"result":true,"errorcode":0,"TwoFAToken":null}',
        ),
        ('{"Price":100.10,"Symbol":"AAPL"}', '{"Price":100.10,"Symbol":"AAPL"}'),
        ("<html>Token</html>", "<html>Token</html>"),
    ],
)
def test_secret_fields(tape: Tape, sent: str, kept: str) -> None:
    """Secret fields lose their values in what is sent and what is answered; all else keeps its spelling."""
    record(tape, content=sent.encode(), answer=sent.encode())
    exchange = recorded(tape)
    assert exchange["request"]["body"] == kept
    assert exchange["response"]["body"] == {"string": kept}


def test_bytes_that_are_no_text(tape: Tape) -> None:
    """What is not UTF-8 is kept as it is."""
    record(tape, answer=b"\xff\x00")
    assert recorded(tape)["response"]["body"] == {"string": b"\xff\x00"}


@pytest.mark.parametrize(
    "headers",
    [{"aptoken": SECRET}, {"Authorization": f"Bearer {SECRET}"}, {"Authorization": f"Basic {BASIC}"}],
    ids=["bare", "bearer", "basic"],
)
def test_a_secret_in_an_unexpected_place_is_noticed(tape: Tape, headers: dict[str, str]) -> None:
    """A venue that echoes a secret in a text of its own gives a tape that leaks, and this is told."""
    record(tape, headers=headers, answer=f"no session for {SECRET}".encode())
    assert tape.leaks(tape.path.read_text(encoding="utf-8"))
    assert not tape.leaks("no session")


def test_what_was_polled_stands_once(tape: Tape) -> None:
    """Repeats of a question leave one answer."""
    record(tape, times=3)
    assert recorded(tape)["request"]["method"] == "POST"


def test_nothing_is_saved_of_a_failure(tape: Tape) -> None:
    """A recording that raises leaves no file."""

    def interrupted() -> None:
        with tape.recording(polls=lambda: False):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not tape.path.exists()
