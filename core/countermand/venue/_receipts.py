"""Receipts that are known again: a venue says them in the same bytes over and over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from types import FunctionType
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from countermand._http import HttpResponse
from countermand.venue._verdicts import Receipt

T = TypeVar("T")

#: How many receipts a reader remembers, and of how many bytes at most.
_RECEIPTS = 32
_RECEIPT_BYTES = 256
#: What each of these readers remembers: by the reader itself, for whoever wraps it may look at more.
_remembered: WeakKeyDictionary[Callable[..., Any], Mapping[tuple[int, bytes], object]] = WeakKeyDictionary()


def remembers_receipts(read: Callable[[HttpResponse], T]) -> Callable[[HttpResponse], T]:
    """Let a reader remember short receipts, which a venue says in the same bytes over and over.

    For one that knows a receipt by its status and body alone.
    """
    known: dict[tuple[int, bytes], T] = {}

    @wraps(read)
    def reader(response: HttpResponse) -> T:
        content = response.content
        if len(content) > _RECEIPT_BYTES:
            return read(response)
        answer = (response.status, content)
        if (verdict := known.get(answer)) is not None:
            return verdict
        verdict = read(response)
        if type(verdict) is Receipt and len(known) < _RECEIPTS:
            known[answer] = verdict
        return verdict

    _remembered[reader] = known
    return reader


def is_remembered(read: Callable[[HttpResponse], object], response: HttpResponse) -> bool:
    """Tell whether a reader remembers an answer, so that it says the same of each that is like it."""
    known = _remembered.get(read) if type(read) is FunctionType else None
    return known is not None and (response.status, response.content) in known
