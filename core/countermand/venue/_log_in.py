"""A log-in as a conversation: what a plugin asks, and what it is sent back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Any

import attrs

from countermand.venue._call import Call
from countermand.venue._verdicts import LogInVerdict, Refused, Session, Throttled, Unreadable

#: What gives a text when it is asked, blocking or awaitable: the current token, a second factor.
Code = Callable[[], "str | Awaitable[str]"]
#: A text, or what gives one.
Secret = str | Code


@attrs.frozen(kw_only=True)
class NeedCode:
    """Asks the engine to call `source` off the loop, inside the deadline, and to send its text back."""

    source: Code = attrs.field(repr=False)
    what: str = "verification code"


LogInFailure = Refused | Throttled | Unreadable
#: A log-in, as a conversation: yields calls and needs, is sent verdicts and texts, returns its end.
LogIn = Generator["Call[LogInVerdict] | NeedCode", Any, "Session | LogInFailure"]
