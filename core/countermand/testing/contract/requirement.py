"""How a case fails: with one sentence that tells the author of a venue what to do."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from countermand.errors import InvalidRequestError
from countermand.venue import Call, HttpResponse

T = TypeVar("T")
V = TypeVar("V")


def require(condition: object, sentence: str) -> None:
    """Raise `AssertionError` with that sentence unless the condition holds."""
    __tracebackhide__ = True
    if not condition:
        raise AssertionError(sentence)


def fail(sentence: str) -> NoReturn:
    """Raise `AssertionError` with that sentence."""
    __tracebackhide__ = True
    raise AssertionError(sentence)


def skip(reason: str) -> NoReturn:
    """Skip the case that runs."""
    import pytest  # noqa: PLC0415 - only who runs the cases has it

    __tracebackhide__ = True
    pytest.skip(reason)


def in_one_sentence(case: Callable[..., None]) -> Callable[..., None]:
    """Let a case fail with a sentence even where the venue, or a fixture of its author, breaks."""

    @functools.wraps(case)
    def told(self: object) -> None:
        __tracebackhide__ = True
        try:
            case(self)
        except AssertionError:
            raise
        except Exception as error:
            raise AssertionError(
                "Let nothing that is legal raise, neither in the venue nor in the fixtures:"
                f" {case.__name__} met {type(error).__name__} ({one_line(error)})."
            ) from error

    return told


def reading(call: Call[V], response: HttpResponse) -> V:
    """Read an answer; raises `AssertionError` where the reader raises."""
    __tracebackhide__ = True
    try:
        return call.read(response)
    except Exception as error:
        raise AssertionError(
            f"The reader of {call.name!r} must never raise, but raised {type(error).__name__} at"
            f" {shown(response)}: return Unreadable for what is of no documented shape."
        ) from error


def made(make: Callable[[], T], what: str) -> T:
    """Make what is legal; raises `AssertionError` where the venue refuses it, or breaks."""
    __tracebackhide__ = True
    try:
        return make()
    except Exception as error:
        raise AssertionError(
            f"Let the venue make {what}, which is legal and declared: it raised {type(error).__name__}"
            f" ({one_line(error)})."
        ) from error


def refuses(make: Callable[[], object]) -> bool:
    """Tell whether making something raises `InvalidRequestError`; whatever else it raises is no refusal."""
    try:
        make()
    except InvalidRequestError:
        return True
    except Exception:  # noqa: BLE001 - whatever else a plugin raises is not what was asked for
        return False
    return False


def shown(response: HttpResponse) -> str:
    """Show an answer within a sentence."""
    return f"a {response.status} with {response.content[:60]!r}"


def one_line(value: Any) -> str:
    """Write something so that it fits into a sentence."""
    return " ".join(str(value).split())[:200]
