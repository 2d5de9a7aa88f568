"""Whether listings show every order, page after page, and end."""

from __future__ import annotations

from countermand.testing.contract.asking import SESSION, STAMP
from countermand.testing.contract.examples import Examples
from countermand.testing.contract.listing import Lists, fill_book, rows_of
from countermand.testing.contract.questions import Question
from countermand.testing.contract.requirement import one_line, require
from countermand.testing.contract.worlds import performed, reach_another_account, session_of
from countermand.venue import Accounts, Page

#: How many orders a book holds: none, one, and so many that they need pages.
_COUNTS = (0, 1, 99, 100, 101, 250)


class PagesCases(Examples):
    """Listings against the simulator's book."""

    def test_a_listing_shows_every_open_order(self) -> None:
        """Of none, of one, of more than a page; what is dead beside them hides none."""
        for count in _COUNTS:
            simulator = self.new_simulator()
            fill_book(simulator, count)
            venue = self.simulated(simulator)
            shown = {row.order_id.value for row in rows_of(simulator, venue, venue.list_open)}
            account = simulator.credentials.account
            open_ids = {order.order_id for order in simulator.book.open_orders(account)}
            require(
                open_ids <= shown,
                f"Let `list_open` show every open order: of {count} orders it hides {len(open_ids - shown)}.",
            )
            every = {order.order_id for order in simulator.book.orders(account)}
            require(shown <= every, "Let `list_open` show the orders of the account, and no others.")

    def test_a_history_shows_every_order(self) -> None:
        """Of whatever state."""
        for count in _COUNTS:
            simulator = self.new_simulator()
            fill_book(simulator, count)
            venue = self.simulated(simulator)
            if not venue.capabilities.has_history:
                return
            shown = {row.order_id.value for row in rows_of(simulator, venue, venue.list_history)}
            every = {order.order_id for order in simulator.book.orders(simulator.credentials.account)}
            require(
                shown == every,
                f"Let `list_history` show every order: of {count} it shows {len(shown & every)}.",
            )

    def test_pages_that_shift_hide_no_order(self) -> None:
        """Between two pages orders come and go; one that is open all the time is seen, or the total tells."""
        simulator = self.new_simulator()
        placed = [simulator.place(0.0).order_id for _ in range(250)]
        venue = self.simulated(simulator)
        totals: list[int | None] = []

        def shift(page: Page) -> None:
            totals.append(page.total)
            first = next(iter(page.rows), None)
            if first is not None and len(totals) == 1:
                simulator.book.cancel(first.order_id.value, 0.0)
            else:
                simulator.place(0.0)

        shown = {row.order_id.value for row in rows_of(simulator, venue, venue.list_open, shift)}
        missed = {one for one in placed if not simulator.book.order(one).dead} - shown
        require(
            not missed or len(set(totals)) > 1,
            "Page so that orders that come and go between two pages hide none, or give `total`: of 249 that"
            f" were open all the time {len(missed)} are missed.",
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
            cursor = page.next_page if isinstance(page, Page) else None
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
            isinstance(page, Page) and page.next_page is None and not list(page.rows),
            f"Read the listing of an account without orders as one empty Page: it is {one_line(page)}.",
        )

    def test_a_listing_shows_orders_as_they_are(self) -> None:
        """Row by row what a single read would tell."""
        simulator = self.new_simulator()
        fill_book(simulator, 20)
        venue = self.simulated(simulator)
        for row in rows_of(simulator, venue, venue.list_open):
            order = simulator.book.order(row.order_id.value)
            require(
                (row.status, row.filled_quantity) == (order.status, order.filled)
                and row.account in (None, order.account)
                and row.instrument in (None, order.instrument),
                f"Read the rows of `list_open` as the orders are: {order.status.value} is read as"
                f" {one_line(row)}.",
            )

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
