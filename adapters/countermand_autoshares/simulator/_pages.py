"""Pages of a listing: what may be asked for, and what comes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from countermand import OrderStatus, StatusClass
from countermand.testing import Pages, RefusalError, SimulatedOrder
from countermand_autoshares._statuses import STATUSES
from countermand_autoshares._wire import PAGE_SIZE
from countermand_autoshares.simulator._answers import FILTER, INVALID

#: AutoShares Get Filtered Orders: a status is a number in the filter; Held has none.
_NUMBERED = [status for status in STATUSES.values() if status is not OrderStatus.HELD]
_FILTER = re.compile(r"\s*Status\s+in\s*\(\s*(\d{1,4}\s*(?:,\s*\d{1,4}\s*)*)\)\s*", re.IGNORECASE)


@attrs.frozen(kw_only=True)
class PageAsked:
    """What a router asks of a listing; `statuses` is None for orders of any."""

    number: int
    #: They overlap by a row at a venue that cuts badly.
    pages: Pages
    descending: bool = False
    statuses: frozenset[OrderStatus] | None = None

    @property
    def shows_open_only(self) -> bool:
        """Whether no dead order is asked for."""
        return self.statuses is not None and not any(
            status.status_class is StatusClass.DEAD for status in self.statuses
        )

    def choose(self, orders: Sequence[SimulatedOrder]) -> list[SimulatedOrder]:
        """Return the orders of all pages, in the order asked for: by id."""
        chosen = [order for order in orders if self.statuses is None or order.status in self.statuses]
        return sorted(chosen, key=lambda order: int(order.order_id), reverse=self.descending)


def read_page_asked(query: Mapping[str, str], overlap: int = 0) -> PageAsked:
    """Read the query of a listing, keys in lower case; raises `RefusalError`.

    AutoShares Get Filtered Orders: pageNumber and pageSize are required.
    """
    number, size = query.get("pagenumber", ""), query.get("pagesize", "")
    if not _is_number(number) or not _is_number(size) or not 1 <= int(size) <= PAGE_SIZE:
        raise RefusalError(INVALID)
    if query.get("sortfield", "Id").casefold() != "id":
        raise RefusalError(INVALID)
    asked = PageAsked(
        number=int(number),
        pages=Pages(size=int(size), overlap=min(overlap, int(size) - 1)),
        descending=query.get("desc", "").casefold() == "true",
    )
    return attrs.evolve(asked, statuses=_read_filter(query["filter"])) if query.get("filter") else asked


def write_page(asked: PageAsked, rows: Sequence[Any], count: int, path: str) -> dict[str, object]:
    """Write the page asked for, of `count` rows in all; API description (Swagger), PagingResult."""

    def link(number: int) -> str:
        there = asked.pages.begins(number, count)
        return f"{path}?pageNumber={number}&pageSize={asked.pages.size}" if there else ""

    return {
        "Result": rows,
        "NextPageLink": link(asked.number + 1),
        "PreviousPageLink": link(asked.number - 1),
        "TotalCount": count,
    }


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9]{1,9}", text))


def _read_filter(text: str) -> frozenset[OrderStatus]:
    found = _FILTER.fullmatch(text)
    numbers = [int(number) for number in found[1].split(",")] if found else []
    if not numbers or max(numbers) >= len(_NUMBERED):
        raise RefusalError(FILTER)
    return frozenset(_NUMBERED[number] for number in numbers)
