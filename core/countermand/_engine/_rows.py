"""The rows of a page, and what stands behind them, fenced in as they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import perf_counter, thread_time
from typing import Any

from countermand._engine._answers import has_whole_parts, is_report
from countermand._engine._guard import FRESH_S, SLOW_S, Guard, described, kind_of
from countermand._order import OrderReport
from countermand.venue import Page

#: What they are called in messages.
ROWS = "the rows of its listing"
BEHIND = "what is behind the rows of its listing"


class Rows:
    """The rows of a page as they are read; `fault` is told of the first that is none, or broke.

    That one is unreadable to whoever reads on, as a documented `WireError` makes it. At their end `end` is
    what stands behind them; where that cannot be read, it is like one more row that cannot.
    """

    def __init__(self, guard: Guard, left: Iterator[Any], behind: Callable[[], object] | None) -> None:
        self._guard = guard
        self._left = left
        self._behind = behind
        self._fresh_at = self._fresh = 0.0
        self._told = False
        self.fault: str | None = None
        #: A page without rows.
        self.end = Page(rows=())

    def __iter__(self) -> Iterator[OrderReport]:
        return self

    def __next__(self) -> OrderReport:
        began_at = perf_counter()
        if began_at - self._fresh_at > FRESH_S:
            self._fresh_at, self._fresh = began_at, thread_time()
        try:
            row = next(self._left)
        except StopIteration:
            self._read_behind()
            raise
        except BaseException as error:
            if _is_documented(error):
                raise
            raise self._broken(f"{ROWS} raised {described(error)}") from error
        finally:
            self._judge(began_at)
        if is_report(row):
            report: OrderReport = row
            return report
        whose = " with parts of other types than it has" if isinstance(row, OrderReport) else ""
        raise self._broken(f"{ROWS} gave {kind_of(row)}{whose}, expected an OrderReport")

    def _read_behind(self) -> None:
        behind, self._behind = self._behind, None
        if behind is None:
            return
        try:
            end: Any = behind()
        except BaseException as error:
            if _is_documented(error):
                raise
            raise self._broken(f"{BEHIND} raised {described(error)}") from error
        if type(end) is not Page or end.behind is not None or not has_whole_parts(end):
            raise self._broken(f"{BEHIND} gave {kind_of(end)}, expected a Page with its parts known")
        self.end = end

    def _broken(self, words: str) -> ValueError:
        told = str(self._guard.fault(words))
        self.fault = self.fault or told
        return ValueError(told)

    def _judge(self, began_at: float) -> None:
        """Tell once of a row that took too long: others have their turn between any two."""
        elapsed_s = perf_counter() - began_at
        if elapsed_s > SLOW_S and not self._told:
            cpu_s = thread_time() - self._fresh - (began_at - self._fresh_at)
            self._told = self._guard.judge(ROWS, elapsed_s, cpu_s)


def _is_documented(error: BaseException) -> bool:
    """Tell what is no fault of the plugin's: an interrupt, and what says that a row cannot be read."""
    from countermand.venue.wire import WireError  # noqa: PLC0415 - the core loads nothing that reads JSON

    return isinstance(error, WireError | KeyboardInterrupt)
