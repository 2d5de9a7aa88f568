"""What a venue can and cannot do, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from countermand.cli._checkup._configuration import Table
from countermand.cli._checkup._findings import Finding, passed, skipped
from countermand.venue import CallKind, Capabilities, Identity, Limit, ScopeKind

#: What a user may have to do, in orders of one account.
_BATCH, _KILL = 100, 500
_MINUTE_S = 60


def tell_abilities(table: Table) -> Iterator[Finding]:
    """Tell what a venue declares, and what follows from it."""
    try:
        known: object = table.venue and table.venue.capabilities
    except (Exception, SystemExit):  # noqa: BLE001 - it is told of already, as what the venue declares
        known = None
    if not isinstance(known, Capabilities):
        yield skipped("abilities", "the venue cannot be asked for them", "mend what failed above")
        return
    limits = known.limits if table.limits is None else table.limits
    yield passed("cancels by", _identities(known))
    yield passed("mass cancel", _scopes(known))
    yield passed("listing", _listing(known))
    yield passed("reads", _reads(known))
    yield passed("limits", _limits(limits, whole_account=ScopeKind.ACCOUNT in known.scopes))


def _identities(known: Capabilities) -> str:
    names = [identity.value for identity in Identity if identity in known.identities]
    words = " or ".join(names)
    if len(names) < len(Identity):
        words += "; an order named otherwise is looked for first"
    if known.requires:
        words += f"; a request needs {', '.join(sorted(known.requires))} besides"
    return words


def _scopes(known: Capabilities) -> str:
    scopes = [kind.value for kind in ScopeKind if kind in known.scopes]
    words = f"natively {', '.join(scopes)}" if scopes else "none of its own"
    lists = f"; in lists of {known.cancel_list_size}" if known.cancel_list_size else "; no lists of orders"
    return f"{words}; other scopes are listed and canceled by id{lists}"


def _listing(known: Capabilities) -> str:
    out = f"leaves out {', '.join(known.not_listed)}: no kill proves these gone" if known.not_listed else ""
    words = out or "shows every open order, as far as is known"
    return words + ("" if known.lists_accounts else "; no call for the accounts")


def _reads(known: Capabilities) -> str:
    more = {"a trail of each order": known.has_trail, "a history of dead orders": known.has_history}
    has = ", ".join(name for name, there in more.items() if there)
    lacks = ", ".join(name for name, there in more.items() if not there)
    words = f"up to {known.read_lag_s:g} s old, so a proof takes longer than that"
    return words + (f"; has {has}" if has else "") + (f"; lacks {lacks}" if lacks else "")


def _limits(limits: Sequence[Limit], *, whole_account: bool) -> str:
    told = [_limit(one) for one in limits]
    if not told:
        return "none declared; what the venue itself counts is not known"
    counted = [one for one in limits if CallKind.CANCEL in one.kinds]
    if not counted:
        return "; ".join(told)
    batch_s, kill_s = (max(_least_s(one, orders) for one in counted) for orders in (_BATCH, _KILL))
    native = ", unless the venue's own call does it at once" if whole_account else ""
    return (
        f"{'; '.join(told)}; at these a batch of {_BATCH} orders of one account takes"
        f" at least {batch_s:.0f} s, a kill of {_KILL} {kill_s:.0f} s{native}"
    )


def _limit(limit: Limit) -> str:
    kinds = ", ".join(sorted(kind.value for kind in limit.kinds))
    return f"{limit.rate * _MINUTE_S:g} a minute and {limit.per.value} ({kinds}), {limit.burst} at once"


def _least_s(limit: Limit, calls: int) -> float:
    return max(0, calls - limit.burst) / limit.rate
