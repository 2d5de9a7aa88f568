"""A kill switch at a simulated APEX: log in beforehand, block new orders, cancel everything, prove it."""

from functools import partial

from countermand import Client, Scope, ScopeState
from countermand.testing import load_simulator, running

blocked: list[str] = []

with running(load_simulator("apex")(cancel_delay_s=0.1)) as live:
    for order_id in range(6500, 6520):
        live.call(partial(live.simulator.place, order_id=str(order_id)))
    with Client([live.simulator.venue(live.base_url, read_lag_s=0.3)]) as client:
        client.ready()  # so that the kill itself needs no log-in
        killed = client.kill([Scope.account("apex", "9")], before=lambda: blocked.append("new orders"))

for report in killed.reports:
    print(f"{report.scope}: {report.state.value}, {len(report.acks)} orders, {report.calls} calls")
    for left in report.residual:
        print(f"  {left.order_id} is left: {left.cause.value}")
assert killed.proved and blocked  # noqa: S101, PT018 - the example is run as a test
assert killed.reports[0].state is ScopeState.PROVED_EMPTY  # noqa: S101 - it is what the example shows
