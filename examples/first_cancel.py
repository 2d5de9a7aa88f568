"""One cancel at a simulated APEX: place an order, cancel it, read what became of it."""

from countermand import CancelRequest, Client, OrderId, Outcome
from countermand.testing import load_simulator, running

with running(load_simulator("apex")()) as live:
    live.call(lambda now: live.simulator.place(now, order_id="6500"))
    with Client([live.simulator.venue(live.base_url)]) as client:
        ack = client.cancel(CancelRequest(venue="apex", account="9", order=OrderId("6500")))

print(f"order {ack.order_id}: {ack.outcome.value}, filled {ack.order.filled_quantity if ack.order else '?'}")
for item in ack.evidence:
    print(f"  {item.source}: {item.text}")
ack.raise_for_outcome()
assert ack.outcome is Outcome.CANCELED  # noqa: S101 - the example is run as a test
