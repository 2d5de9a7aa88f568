"""Whether an order is read as the venue shows it, and never guessed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from countermand import OrderId, OrderReport, OrderStatus
from countermand.testing.contract.examples import Examples
from countermand.testing.contract.requirement import one_line, reading, require
from countermand.testing.contract.spoiled import without_a_field
from countermand.testing.contract.worlds import next_id, performed, session_of
from countermand.venue import HttpResponse, OrderRead

_UNDOCUMENTED = ("Frobnicated", "NotCanceled", "canceled?", "Cancelled by nobody", "")
#: Digits that no float holds.
_EXACT = Decimal("3.0000000000000000001")
_EXACT_OF = Decimal("10.0000000000000000003")


class ReadsCases(Examples):
    """Single reads."""

    def test_every_status_is_read(self) -> None:
        """Each of the venue's words, as `states` has it."""
        require(self.first_word, "Let no status word be empty: see `states`.")
        for word, status in self.states.items():
            report = self._report(word)
            filled: object = Decimal(0) if report is None else report.filled_quantity
            require(isinstance(filled, Decimal), f"Report quantities as Decimals, not as {filled!r}.")
            require(
                report is not None and report.status is status,
                f"Read the status {word!r} as {status.name}: it is read as"
                f" {'no order' if report is None else report.status.name}.",
            )

    def test_a_status_that_is_not_documented_is_unknown(self) -> None:
        """No word is taken for another that it looks like."""
        for word in _UNDOCUMENTED:
            report = self._report(word)
            require(
                report is None or report.status is OrderStatus.UNKNOWN,
                f"Read a status that is in no document, such as {word!r}, as OrderStatus.UNKNOWN.",
            )

    def test_another_order_is_read_as_another(self) -> None:
        """The core compares ids, and must see the one that came."""
        asked, other = self._asked, next_id(self._asked)
        for word in self.states:
            report = self._report(word, order_id=other)
            require(
                report is None or report.order_id.value != asked,
                "Report the order id that stands in the answer, not the one that was asked for.",
            )

    def test_another_account_is_read_as_another(self) -> None:
        """The core compares accounts, where the venue tells them."""
        account = self.request.account
        report = self._report(self.first_word, account=next_id(account))
        require(
            report is None or report.account != account,
            "Report the account that stands in the answer, not the one that was asked for.",
        )
        order = (self._asked, self.first_word)
        require(
            report is None
            or report.account is not None
            or self.order_answer(order[0], account, order[1])
            == self.order_answer(order[0], next_id(account), order[1]),
            "Report the account of an order: the answers for two accounts differ, and the reports name none.",
        )

    def test_a_field_that_is_missing_or_wrong_is_never_guessed(self) -> None:
        """Such an answer is Unreadable, or its status UNKNOWN; what can still be read is as it was."""
        require(self.first_word, "Let no status word be empty: see `states`.")
        for word, status in self.states.items():
            true = self._report(word)
            for name, response in without_a_field(self.order_answer(self._asked, self.request.account, word)):
                report = self._read(response)
                require(
                    report is None
                    or true is None
                    or (
                        report.order_id == true.order_id
                        and report.status in (status, OrderStatus.UNKNOWN)
                        and report.filled_quantity == true.filled_quantity
                        and report.account in (None, true.account)
                    ),
                    f"Read an order whose {name} as Unreadable: it is read as {one_line(report)}.",
                )

    def test_a_read_shows_the_order_of_the_book(self) -> None:
        """Its status, its fill, and whose it is, as the simulator has it."""
        simulator = self.new_simulator()
        venue = self.simulated(simulator)
        session = session_of(simulator, venue)
        for status in sorted(set(self.states.values()) - {OrderStatus.UNKNOWN}, key=lambda one: one.value):
            filled = {"filled": Decimal(3)} if status is OrderStatus.PARTIALLY_FILLED else {}
            order = simulator.place(0.0, status=status, **filled)
            verdict = performed(simulator, venue.read_order(order.account, OrderId(order.order_id)), session)
            require(
                isinstance(verdict, OrderRead)
                and verdict.report.order_id.value == order.order_id
                and verdict.report.status is status
                and verdict.report.filled_quantity == order.filled
                and verdict.report.account in (None, order.account),
                f"Read an order of the simulator as the book has it, {status.value} with {order.filled}"
                f" filled: it is read as {one_line(verdict)}.",
            )

    def test_quantities_are_exact(self) -> None:
        """What was asked for and what was filled are Decimals, of as many digits as the venue wrote."""
        simulator = self.new_simulator()
        venue = self.simulated(simulator)
        order = simulator.place(0.0, quantity=_EXACT_OF, filled=_EXACT)
        session = session_of(simulator, venue)
        verdict = performed(simulator, venue.read_order(order.account, OrderId(order.order_id)), session)
        require(
            isinstance(verdict, OrderRead)
            and verdict.report.filled_quantity == _EXACT
            and verdict.report.quantity in (None, _EXACT_OF),
            f"Read quantities as exact Decimals, never through a float: {_EXACT} of {_EXACT_OF} is read as"
            f" {one_line(verdict)}.",
        )

    @property
    def _asked(self) -> str:
        return str(self.request.order)

    def _report(
        self, word: str, *, order_id: str | None = None, account: str | None = None
    ) -> OrderReport | None:
        answer = self.order_answer(order_id or self._asked, account or self.request.account, word)
        return self._read(answer)

    def _read(self, response: HttpResponse) -> OrderReport | None:
        verdict: Any = reading(self.venue().read_order(self.request.account, OrderId(self._asked)), response)
        return verdict.report if isinstance(verdict, OrderRead) else None
