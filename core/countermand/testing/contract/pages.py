"""Whether listings show every order, page after page, and end."""

from __future__ import annotations

from collections import deque

from countermand import OrderReport, OrderStatus
from countermand.testing._virtual_loop import run_virtually
from countermand.testing.contract.asking import SESSION, STAMP
from countermand.testing.contract.examples import Examples
from countermand.testing.contract.listing import Lists, fill_book, rows_of
from countermand.testing.contract.questions import Question
from countermand.testing.contract.requirement import one_line, require
from countermand.testing.contract.shifting import listed_meanwhile
from countermand.testing.contract.worlds import performed, reach_another_account, session_of
from countermand.venue import Accounts, Cursor, Page

#: How many orders a book holds: none, one, and so many that they need pages.
_COUNTS = (0, 1, 99, 100, 101, 250)
_PLACED = 5


class PagesCases(Examples):
    """Listings against the simulator's book."""

    def test_a_listing_shows_every_open_order(self) -> None:
        """Of whatever state, filled in part or not; of none, of one, of more than a page, dead ones too."""
        for count in _COUNTS:
            simulator = self.new_simulator()
            fill_book(simulator, count, self.statuses)
            venue = self.simulated(simulator)
            shown = {row.order_id.value for row in rows_of(simulator, venue, venue.list_open)}
            account = simulator.credentials.account
            open_ids = {order.order_id for order in simulator.book.open_orders(account)}
            hidden = {simulator.book.order(one).status.value for one in open_ids - shown}
            require(
                not hidden,
                f"Let `list_open` show every open order: of {count} orders it hides {len(open_ids - shown)}"
                f" that are {', '.join(sorted(hidden))}.",
            )
            every = {order.order_id for order in simulator.book.orders(account)}
            require(shown <= every, "Let `list_open` show the orders of the account, and no others.")

    def test_a_history_shows_every_order(self) -> None:
        """Of whatever state."""
        for count in _COUNTS:
            simulator = self.new_simulator()
            fill_book(simulator, count, self.statuses)
            venue = self.simulated(simulator)
            if not venue.capabilities.has_history:
                return
            shown = {row.order_id.value for row in rows_of(simulator, venue, venue.list_history)}
            every = {order.order_id for order in simulator.book.orders(simulator.credentials.account)}
            require(
                shown == every,
                f"Let `list_history` show every order: of {count} it shows {len(shown & every)}.",
            )

    def test_a_history_is_newest_first(self) -> None:
        """The core looks for the last bearer of a client's id, and stops at the first one."""
        simulator = self.new_simulator()
        placed = [simulator.place(float(at)).order_id for at in range(_PLACED)]
        venue = self.simulated(simulator)
        if not venue.capabilities.has_history:
            return
        call = venue.list_history(simulator.credentials.account)
        page = performed(simulator, call, session_of(simulator, venue), _PLACED)
        shown = [row.order_id.value for row in page.rows] if isinstance(page, Page) else []
        require(
            shown == placed[::-1],
            "Let `list_history` show the newest order first: of orders placed one after the other it shows"
            f" {', '.join(shown) or 'none'}.",
        )

    def test_pages_that_shift_hide_no_order(self) -> None:
        """Orders go between two pages; a client sees those that stay, or knows that it does not."""
        simulator = self.new_simulator()
        placed = [simulator.place(0.0).order_id for _ in range(250)]
        opened = run_virtually(listed_meanwhile(simulator, self.simulated(simulator)))
        shown = {order.order_id.value for order in opened.orders}
        missed = {one for one in placed if not simulator.book.order(one).dead} - shown
        require(
            not missed or opened.incomplete,
            "Page so that orders that go between two pages hide none, and give a `total` only as the"
            f" venue tells it: of 248 that were open all the time a client misses {len(missed)}.",
        )

    def test_a_cursor_asks_for_another_page(self) -> None:
        """A page that is asked for again and again never ends."""
        simulator = self.new_simulator()
        for _ in range(250):
            simulator.place(0.0)
        venue = self.simulated(simulator)
        account = simulator.credentials.account
        lists: list[Lists] = [venue.list_open]
        lists += [venue.list_history] if venue.capabilities.has_history else []
        for listing in lists:
            first = listing(account)
            page = performed(simulator, first, session_of(simulator, venue))
            cursor = _cursor_of(page) if isinstance(page, Page) else None
            if cursor is not None:
                require(
                    listing(account, cursor).sign(SESSION, STAMP) != first.sign(SESSION, STAMP),
                    f"Send the cursor of `next_page`: {first.name!r} asks for the first page again.",
                )

    def test_an_empty_listing_ends(self) -> None:
        """An account without an order has one page, or two."""
        simulator = self.new_simulator()
        venue = self.simulated(simulator)
        page = performed(
            simulator, venue.list_open(simulator.credentials.account), session_of(simulator, venue)
        )
        require(
            isinstance(page, Page) and not list(page.rows) and page.ended().next_page is None,
            f"Read the listing of an account without orders as one empty Page: it is {one_line(page)}.",
        )

    def test_a_listing_shows_orders_as_they_are(self) -> None:
        """Row by row what a single read would tell."""
        simulator = self.new_simulator()
        fill_book(simulator, 100, self.statuses)
        venue = self.simulated(simulator)
        for row in rows_of(simulator, venue, venue.list_open):
            order = simulator.book.order(row.order_id.value)
            require(
                self._is_status(row, order.status)
                and row.filled_quantity == order.filled
                and row.account in (None, order.account)
                and row.instrument in (None, order.instrument),
                f"Read the rows of `list_open` as the orders are: {order.status.value} is read as"
                f" {one_line(row)}.",
            )

    def _is_status(self, row: OrderReport, status: OrderStatus) -> bool:
        # A venue without a word for a fill in part shows the fill.
        unsaid = status is OrderStatus.PARTIALLY_FILLED and status not in self.states.values()
        return row.status is status or (unsaid and row.status is OrderStatus.NEW)

    def test_the_accounts_are_listed(self) -> None:
        """All that the credential reaches, and no others: a kill asks for them."""
        simulator = self.new_simulator()
        reach_another_account(simulator)
        venue = self.simulated(simulator)
        for call in self.calls(Question.ACCOUNTS, venue):
            verdict = performed(simulator, call, session_of(simulator, venue))
            require(
                isinstance(verdict, Accounts) and set(verdict.ids) == set(simulator.accounts),
                f"Let {call.name!r} tell the accounts {', '.join(simulator.accounts)}: it tells"
                f" {one_line(verdict)}.",
            )


def _cursor_of(page: Page) -> Cursor | None:
    """Read the rows of a page, for what follows may stand behind them."""
    deque(page.rows, maxlen=0)
    return page.ended().next_page
