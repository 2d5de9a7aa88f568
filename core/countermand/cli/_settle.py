"""`countermand settle`: what became of cancels that nobody could tell the end of."""

from __future__ import annotations

import asyncio
import json as _json
import sys
from collections.abc import Iterator
from pathlib import Path

from countermand import AsyncClient, CancelAck
from countermand.cli._show import exit_code, show
from countermand.errors import ConfigurationError, InvalidRequestError

_STDIN = Path("stdin")


def settle(
    *acks: Path, timeout: float = 10.0, config: Path = Path("countermand.toml"), json: bool = False
) -> int:
    """Find out what became of earlier cancels, by reads alone: no cancel is ever sent.

    The exit code is that of `cancel`; of several acks, the one of which the least is known gives it.

    :param acks: Files with acks as `cancel --json` and `cancel-many --json` print them, any number in each;
        without any, stdin.
    :param timeout: Seconds until the answer, whatever is known then.
    :param config: The configuration file.
    :param json: Print the acks as JSON.
    """
    earlier = [ack for path in acks or (_STDIN,) for ack in _read(path)]
    if not earlier:
        raise InvalidRequestError("there is no ack to settle")
    settled = asyncio.run(_settled(earlier, timeout, config))
    show(settled, json=json)
    return exit_code(ack.outcome for ack in settled)


async def _settled(acks: list[CancelAck], timeout_s: float, config: Path) -> list[CancelAck]:
    venues = {ack.request.venue: None for ack in acks}
    async with AsyncClient.from_config(config, venues=venues) as client:
        return await asyncio.gather(*(client.settle(ack, timeout_s) for ack in acks))


def _read(path: Path) -> Iterator[CancelAck]:
    try:
        text = sys.stdin.read() if path is _STDIN else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequestError(f"{path}: cannot be read: {error}") from error
    acks = (value for value in _objects(text, path) if not _counts(value))
    for place, value in enumerate(acks, start=1):
        try:
            yield CancelAck.from_dict(value)
        except ConfigurationError as error:
            raise InvalidRequestError(f"{path}: ack {place}: {error}") from error


def _counts(value: dict[str, object]) -> bool:
    """Whether an object is the last one of `cancel-many --json`, which counts the acks before it."""
    return "asked" in value and "request" not in value


def _objects(text: str, path: Path) -> Iterator[dict[str, object]]:
    """Give the JSON objects of a text one after the other, as they were printed."""
    decoder, rest = _json.JSONDecoder(), text.lstrip()
    while rest:
        try:
            value, end = decoder.raw_decode(rest)
        except (ValueError, RecursionError) as error:
            raise InvalidRequestError(f"{path}: expected acks as JSON: {error}") from error
        if not isinstance(value, dict):
            raise InvalidRequestError(f"{path}: expected acks as JSON objects, got {type(value).__name__}")
        yield value
        rest = rest[end:].lstrip()
