"""An answer that a venue documents, and what it means."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import attrs

from countermand.testing.contract.questions import Question
from countermand.testing.contract.requirement import shown
from countermand.venue import HttpResponse, PerOrder


def _to_questions(of: object) -> object:
    return (of,) if isinstance(of, Question) else tuple(of) if isinstance(of, Collection) else of


@attrs.frozen(kw_only=True)
class Sample:
    """One answer, as the venue's documents or a recording have it, to one or several kinds of questions.

    `means` is a class of verdicts, a verdict, or a function of the verdict that tells whether it is right.
    `code` and `text` are the venue's own, to be kept; of the text a part is enough. `call` is the name of the
    only call that it answers, where a question has several.
    """

    of: tuple[Question, ...] = attrs.field(converter=_to_questions)
    response: HttpResponse
    means: object
    code: str | None = None
    text: str | None = None
    call: str | None = None

    def is_meant(self, verdict: object) -> bool:
        """Tell whether a verdict is what the sample means."""
        if isinstance(self.means, type):
            return type(verdict) is self.means
        if callable(self.means):
            means: Callable[[Any], object] = self.means
            try:
                return bool(means(verdict))
            except AttributeError:
                return False  # of another class than the one whose fields it looks at
        return verdict == self.means

    def compared(self, verdict: object) -> tuple[str, str]:
        """Say what it means and what it was read as: of answers for many, the first order that differs."""
        meant = self.means
        if not isinstance(meant, PerOrder) or not isinstance(verdict, PerOrder):
            return self.meaning, str(verdict)
        for order in {**meant.orders, **verdict.orders}:
            ours, theirs = meant.orders.get(order), verdict.orders.get(order)
            if ours != theirs:
                return f"{ours or 'nothing'} for order {order}", str(theirs or "nothing")
        return self.meaning, str(verdict)

    @property
    def meaning(self) -> str:
        """What it means, in a word."""
        if isinstance(self.means, type):
            return self.means.__name__
        return "what its `means` says" if callable(self.means) else repr(self.means)

    def __str__(self) -> str:
        return f"the sample {shown(self.response)}"
