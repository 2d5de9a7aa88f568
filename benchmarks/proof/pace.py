"""How fast a world runs: over sockets everything is scaled down, in process time costs nothing."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Pace:
    """All times in seconds."""

    orders: int
    span_s: float
    declared_lag_s: float
    deadlines_s: tuple[float, ...]
    #: How often a world logs in by password, of the times it could: failed log-ins are not scaled.
    log_ins: float
    #: How often the client keeps the venue's limits, which are not scaled.
    limited: float
    #: How long the venue may take over a cancel.
    cancel_delays_s: tuple[float, ...]
    #: How late, or over how long, a fault lets an answer come; how long a throttled client is to wait.
    fault_delays_s: tuple[float, ...]
    retry_after_s: tuple[float, ...]
    #: The longest way of a request or an answer; over sockets what a busy machine may add to it.
    latency_s: float
    #: From when to when, around a cancel, a rival acts.
    rival_s: tuple[float, float]
    #: How long after the last ack all is over.
    aftermath_s: float


#: In process, on a virtual clock.
VIRTUAL = Pace(
    orders=32,
    span_s=120.0,
    declared_lag_s=1.5,
    log_ins=0.5,
    limited=0.3,
    deadlines_s=(0.3, 1.0, 2.0, 4.0, 8.0),
    cancel_delays_s=(0.0, 0.0, 0.1, 0.5, 2.0),
    fault_delays_s=(0.3, 1.5, 4.0),
    retry_after_s=(0.0, 1.0, 3.0, 60.0),
    latency_s=0.05,
    rival_s=(-0.3, 1.0),
    aftermath_s=45.0,
)
#: Over real sockets.
SOCKETS = Pace(
    orders=96,
    span_s=3.0,
    declared_lag_s=0.4,
    log_ins=0.08,
    limited=0.0,
    deadlines_s=(0.3, 0.8, 1.6, 2.4, 4.0),
    cancel_delays_s=(0.0, 0.0, 0.02, 0.1, 0.3),
    fault_delays_s=(0.01, 0.2, 0.6),
    retry_after_s=(0.0, 1.0, 1.0, 2.0),
    latency_s=0.1,
    rival_s=(-0.05, 0.15),
    aftermath_s=0.8,
)
