"""What a connection owes for a request."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from countermand._http import HttpResponse
from countermand.testing._reply import WireTrouble


@attrs.frozen(kw_only=True)
class Owed:
    """A reply as a connection has to perform it: after `delay_s` seconds, or never where `give` is None."""

    delay_s: float
    give: Callable[[], HttpResponse] | None
    #: What happens to it on its way.
    trouble: WireTrouble | None = None
