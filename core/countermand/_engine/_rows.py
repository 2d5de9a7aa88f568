"""The rows of a page, fenced in as they are read."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter, thread_time
from typing import Any

from countermand._engine._answers import is_report
from countermand._engine._guard import SLOW_S, Guard, described, kind_of
from countermand._engine._pages import SLICE
from countermand._order import OrderReport

#: What they are called in messages.
ROWS = "the rows of its listing"


class Rows:
    """The rows of a page as they are read; `fault` is told of the first that is none, or broke.

    That one is unreadable to whoever reads on, as a documented `WireError` makes it.
    """

    def __init__(self, guard: Guard, left: Iterator[Any]) -> None:
        self._guard = guard
        self._left = left
        self._count = 0
        self._spent_s = self._began_at = self._began = 0.0
        self._told = False
        self.fault: str | None = None

    def __iter__(self) -> Iterator[OrderReport]:
        return self

    def __next__(self) -> OrderReport:
        now = perf_counter()
        if self._count % SLICE == 0:
            self._spent_s, self._began_at, self._began, self._told = 0.0, now, thread_time(), False
        self._count += 1
        try:
            row = next(self._left)
        except (StopIteration, KeyboardInterrupt):
            raise
        except BaseException as error:
            if _is_documented(error):
                raise
            raise self._broken(f"raised {described(error)}") from error
        finally:
            self._spend(now)
        if is_report(row):
            report: OrderReport = row
            return report
        whose = " with parts of other types than it has" if isinstance(row, OrderReport) else ""
        raise self._broken(f"gave {kind_of(row)}{whose}, expected an OrderReport")

    def _broken(self, words: str) -> ValueError:
        told = str(self._guard.fault(f"{ROWS} {words}"))
        self.fault = self.fault or told
        return ValueError(told)

    def _spend(self, since: float) -> None:
        """Count the time of all rows that are read in one go, for that is how long others have no turn."""
        now = perf_counter()
        self._spent_s += now - since
        if self._spent_s > SLOW_S and not self._told:
            others_s = now - self._began_at - self._spent_s
            cpu_s = thread_time() - self._began - others_s
            self._told = self._guard.judge(ROWS, self._spent_s, cpu_s)


def _is_documented(error: BaseException) -> bool:
    """Tell what says that the venue's row cannot be read, which is no fault of the plugin's."""
    from countermand.venue.wire import WireError  # noqa: PLC0415 - the core loads nothing that reads JSON

    return isinstance(error, WireError)
