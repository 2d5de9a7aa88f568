"""The functions of a plugin, fenced in: what it breaks with names it, and so does what takes too long."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import PurePath
from time import perf_counter, thread_time
from traceback import walk_tb
from typing import Any, TypeVar

from countermand._engine._watch import Watch
from countermand._observer import SlowPlugin
from countermand.errors import InvalidRequestError
from countermand.venue import Venue
from countermand.venue._plugin import source_of

T = TypeVar("T")

#: A pure function that computes for longer than that, in seconds, is told: it held up all venues. So is one
#: that took longer than the second by the wall's clock: it slept, or its thread had no turn.
SLOW_S = 0.05
_SLOW_BY_THE_WALL_S = 0.5
#: The time of a thread is asked for so often, in seconds, for that costs ten times as much as the wall's.
FRESH_S = 0.005
#: What a venue declares, so that it is asked by these functions; some do nothing but raise where it does not.
_DECLARED = {
    "cancel_all": "scopes",
    "cancel_list": "cancel_list_size",
    "read_trail": "has_trail",
    "list_history": "has_history",
    "list_accounts": "lists_accounts",
}
#: By which functions a plugin may refuse what it is asked.
_MAY_REFUSE = frozenset({"check", "check_scope"})


class PluginFault(Exception):  # noqa: N818 - it never leaves the engine but as words
    """What a plugin raised, or gave that is none of what it was asked for; the words name it."""

    def __init__(self, words: str, reply: str | None = None) -> None:
        super().__init__(words)
        #: What the venue said, where the plugin could not read it.
        self.reply = reply


class Guard:
    """Runs the functions of one venue's plugin; all on one thread."""

    def __init__(self, name: str, venue: Venue, watch: Watch) -> None:
        self._venue = venue
        self._watch = watch
        self.name = name
        self._fresh_at, self._fresh = perf_counter(), thread_time()
        self._stale_at = self._fresh_at + FRESH_S

    @cached_property
    def source(self) -> str:
        """Where the plugin comes from: only looked for when something is told of it."""
        return source_of(self._venue)

    def fault(self, words: str) -> PluginFault:
        """Make the fault that tells something of this plugin."""
        return PluginFault(f"the venue {self.name!r} ({self.source}): {words}")

    def run(self, function: str, work: Callable[..., T], *args: Any, quotes: bool = True) -> T:
        """Run a function; raises `PluginFault`, and what a plugin may refuse by.

        What is no Exception is a fault, too: it must not end the loop that others work on. Of what deals in
        secrets nothing is quoted: what it raises may bear them, so only its place is told.
        """
        began_at = perf_counter()
        if began_at > self._stale_at:
            self._fresh_at, self._fresh, self._stale_at = began_at, thread_time(), began_at + FRESH_S
        try:
            return work(*args)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if isinstance(error, InvalidRequestError) and function in _MAY_REFUSE:
                raise
            told = _told(function, error) if quotes else f"{function} raised {_placed(error)}"
            raise self.fault(told) from (error if quotes else None)
        finally:
            if (elapsed_s := perf_counter() - began_at) > SLOW_S:
                # What went before may have taken all of the time since the thread's was asked for.
                self.judge(function, elapsed_s, thread_time() - self._fresh - (began_at - self._fresh_at))

    def judge(self, function: str, elapsed_s: float, cpu_s: float) -> bool:
        """Tell of a function if it took too long, by its thread's own time or very long by the wall's."""
        if cpu_s <= SLOW_S and elapsed_s <= _SLOW_BY_THE_WALL_S:
            return False
        slow = SlowPlugin(
            venue=self.name,
            function=function,
            elapsed_s=elapsed_s,
            cpu_s=max(0.0, cpu_s),
            source=self.source,
        )
        self._watch.slow_plugin(slow)
        return True


def _told(function: str, error: BaseException) -> str:
    words = f"{function} raised {described(error)}"
    if function in _DECLARED and isinstance(error, InvalidRequestError | NotImplementedError):
        return f"{words}; yet its capabilities declare {_DECLARED[function]}"
    return words


def described(error: BaseException) -> str:
    """Name an error and say what it says, if it can."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - a plugin's own error may break, too
        text = "(its text cannot be had)"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _placed(error: BaseException) -> str:
    """Name an error and where it was raised, and nothing of what it says."""
    *_, (frame, line) = walk_tb(error.__traceback__)
    place = f"{PurePath(frame.f_code.co_filename).name}, line {line}"
    return f"{type(error).__name__} in {place} (what it says is not told: it may hold a secret)"


def worded(error: BaseException) -> str:
    """Put a fault in the words of an ack: a plugin's names it, ours has its type."""
    return str(error) if isinstance(error, PluginFault) else f"{type(error).__name__}: {error}"


def kind_of(value: object) -> str:
    """Name the type of a value, and never the value: it may be a secret."""
    return "nothing" if value is None else f"a value of type {type(value).__name__}"
