"""What a simulated venue does only after its order was read."""

from __future__ import annotations

from countermand.testing._schedule import Effect


class Later:
    """Effects that wait for a read of their order to be answered."""

    def __init__(self) -> None:
        self._effects: dict[str, dict[str, list[Effect]]] = {}

    def __bool__(self) -> bool:
        return bool(self._effects)

    def hold(self, account: str, order_id: str, effect: Effect) -> None:
        """Keep an effect until its order is read."""
        self._effects.setdefault(account, {}).setdefault(order_id, []).append(effect)

    def take(self, account: str, order_id: str | None = None) -> list[Effect]:
        """Return, and keep no longer, what waited for a read of that order, or of all of the account's."""
        orders = self._effects.get(account, {})
        read = [order_id] if order_id is not None else list(orders)
        effects = [effect for one in read for effect in orders.pop(one, ())]
        if not orders:
            self._effects.pop(account, None)
        return effects
