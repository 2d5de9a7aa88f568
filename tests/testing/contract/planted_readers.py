"""Faults of readers: statuses, bodies, orders, pages, and what they make of trouble."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar

import attrs
from tests.testing.contract.planting import Planted, Read, in_apex, in_autoshares, in_examples, reread

from countermand import ClientOrderId, OrderId, OrderReport, OrderStatus, Reason
from countermand.venue import (
    Accounts,
    Call,
    CancelTarget,
    CancelVerdict,
    HttpResponse,
    OrderRead,
    Page,
    Receipt,
    Refused,
    SessionRefused,
    Throttled,
    TrailRead,
    Unreadable,
)
from countermand_apex import Apex
from countermand_autoshares import AutoShares

_count = itertools.count(1)

Wrong = Callable[[Read, HttpResponse], object]


def in_cancels(wrong: Wrong, *cases: str) -> Planted:
    """Let AutoShares read the answers to cancels wrongly."""

    class Faulty(AutoShares):
        def cancel(self, target: CancelTarget) -> Call[CancelVerdict]:
            return reread(super().cancel(target), wrong)

    return in_autoshares(Faulty, *cases)


def in_reads(wrong: Callable[[Read, HttpResponse, str, str], object], *cases: str) -> Planted:
    """Let AutoShares read the answers to order reads wrongly, with the account and the id that were asked."""

    class Faulty(AutoShares):
        def read_order(self, account: str, order_id: OrderId) -> Call[Any]:
            call = super().read_order(account, order_id)
            return reread(call, lambda read, response: wrong(read, response, account, order_id.value))

    return in_autoshares(Faulty, *cases)


def in_listings(wrong: Wrong, *cases: str) -> Planted:
    """Let AutoShares read both of its listings wrongly."""

    class Faulty(AutoShares):
        def list_open(self, account: str, page: Any = None) -> Call[Any]:
            return reread(super().list_open(account, page), wrong)

        def list_history(self, account: str, page: Any = None) -> Call[Any]:
            return reread(super().list_history(account, page), wrong)

    return in_autoshares(Faulty, *cases)


def in_all(wrong: Wrong, *cases: str) -> Planted:
    """Let AutoShares read every answer wrongly, but those to log-ins."""

    class Faulty(AutoShares):
        def call(self, kind: Any, name: str, request: Any, read: Any) -> Call[Any]:
            return reread(super().call(kind, name, request, read), wrong)

    return in_autoshares(Faulty, *cases)


def status_as(verdict: object, *statuses: int) -> Wrong:
    """Read some statuses as a verdict, whatever the body."""
    return lambda read, response: verdict if response.status in statuses else read(response)


def changed(**fields: object) -> Wrong:
    """Change fields of every verdict that has them."""

    def read_changed(read: Read, response: HttpResponse) -> object:
        verdict = read(response)
        has = {name: value for name, value in fields.items() if hasattr(verdict, name)}
        return attrs.evolve(verdict, **has)

    return read_changed


def as_under_200(read: Read, response: HttpResponse) -> object:
    return read(attrs.evolve(response, status=200) if response.status == 409 else response)


def page_of_html(read: Read, response: HttpResponse) -> object:
    verdict = read(response)
    return Receipt() if b"<html" in response.content and response.status == 200 else verdict


def cut_json(read: Read, response: HttpResponse) -> object:
    verdict = read(response)
    return Receipt() if response.content.startswith(b"{") and response.status == 200 else verdict


def empty_page(read: Read, response: HttpResponse) -> object:
    return Page(rows=()) if not response.content.strip() else read(response)


def whole_text(read: Read, response: HttpResponse) -> object:
    verdict: Any = read(response)
    told = response.content.decode(errors="replace")
    return attrs.evolve(verdict, text=told) if hasattr(verdict, "text") else verdict


def without_wait(read: Read, response: HttpResponse) -> object:
    verdict = read(response)
    return attrs.evolve(verdict, retry_after_s=None) if isinstance(verdict, Throttled) else verdict


def raising(read: Read, response: HttpResponse) -> object:
    return read(attrs.evolve(response, content=response.content.decode().encode()))


def counting(read: Read, response: HttpResponse) -> object:
    verdict: Any = read(response)
    return attrs.evolve(verdict, text=str(next(_count))) if hasattr(verdict, "text") else verdict


def slow(read: Read, response: HttpResponse) -> object:
    began = time.thread_time()
    while time.thread_time() - began < len(response.content) / (64 << 10) * 0.04:
        pass
    return read(response)


def foreign(read: Read, response: HttpResponse) -> object:
    verdict = read(response)
    return None if isinstance(verdict, Unreadable) else verdict


def as_report(**fields: object) -> Callable[[Read, HttpResponse, str, str], object]:
    """Change fields of the report that an order read shows."""

    def read_changed(read: Read, response: HttpResponse, _account: str, _asked: str) -> object:
        verdict = read(response)
        if not isinstance(verdict, OrderRead):
            return verdict
        report: Any = verdict.report
        return OrderRead(report=attrs.evolve(report, **fields))

    return read_changed


def filled_as_canceled(read: Read, response: HttpResponse, _account: str, _asked: str) -> object:
    verdict = read(response)
    if isinstance(verdict, OrderRead) and verdict.report.status is OrderStatus.FILLED:
        return OrderRead(report=attrs.evolve(verdict.report, status=OrderStatus.CANCELED))
    return verdict


def unknown_as_canceled(read: Read, response: HttpResponse, _account: str, _asked: str) -> object:
    verdict = read(response)
    if isinstance(verdict, OrderRead) and verdict.report.status is OrderStatus.UNKNOWN:
        return OrderRead(report=attrs.evolve(verdict.report, status=OrderStatus.CANCELED))
    return verdict


def as_asked(read: Read, response: HttpResponse, account: str, asked: str) -> object:
    verdict = read(response)
    if not isinstance(verdict, OrderRead):
        return verdict
    return OrderRead(report=attrs.evolve(verdict.report, account=account, order_id=OrderId(asked)))


def guessed(read: Read, response: HttpResponse, _account: str, asked: str) -> object:
    verdict = read(response)
    return canceled(asked) if isinstance(verdict, Unreadable) else verdict


def through_a_float(read: Read, response: HttpResponse, _account: str, _asked: str) -> object:
    verdict = read(response)
    if not isinstance(verdict, OrderRead):
        return verdict
    filled = Decimal(float(verdict.report.filled_quantity))
    return OrderRead(report=attrs.evolve(verdict.report, filled_quantity=filled))


def canceled(order_id: str) -> OrderRead:
    return OrderRead(
        report=OrderReport(
            order_id=OrderId(order_id),
            status=OrderStatus.CANCELED,
            filled_quantity=Decimal(0),
            client_order_id=ClientOrderId("4711"),
        )
    )


def first_page_only(read: Read, response: HttpResponse) -> object:
    verdict = read(response)
    return attrs.evolve(verdict, next_page=None) if isinstance(verdict, Page) else verdict


def endless(read: Read, response: HttpResponse) -> object:
    verdict = read(response)
    return attrs.evolve(verdict, next_page=1) if isinstance(verdict, Page) else verdict


def breaking_rows(read: Read, response: HttpResponse) -> object:
    verdict = read(response)
    if not isinstance(verdict, Page):
        return verdict
    nothing: dict[str, OrderReport] = {}
    return attrs.evolve(verdict, rows=(nothing[key] for key in "a"))


def rows_of_no_kind(read: Read, response: HttpResponse) -> object:
    verdict = read(response)
    none: Any = [None]
    return attrs.evolve(verdict, rows=none) if isinstance(verdict, Page) else verdict


def rows_unfilled(read: Read, response: HttpResponse) -> object:
    verdict = read(response)
    if not isinstance(verdict, Page):
        return verdict
    rows = [attrs.evolve(row, status=OrderStatus.CANCELED) for row in verdict.rows]
    return attrs.evolve(verdict, rows=rows)


def trouble_as_another(read: Read, response: HttpResponse) -> object:
    verdict = read(response)
    if not isinstance(verdict, Unreadable):
        return verdict
    row = attrs.evolve(canceled("6501").report, status=OrderStatus.NEW)
    return Page(rows=[row])


def without(hides: Callable[[OrderReport], bool]) -> Wrong:
    """Leave rows out of a page."""

    def read_fewer(read: Read, response: HttpResponse) -> object:
        verdict = read(response)
        if not isinstance(verdict, Page):
            return verdict
        return attrs.evolve(verdict, rows=[row for row in verdict.rows if not hides(row)])

    return read_fewer


def is_leaving(row: OrderReport) -> bool:
    return row.status in (OrderStatus.PENDING_CANCEL, OrderStatus.PENDING_REPLACE)


class TrailGuessed(Apex):
    def read_trail(self, account: str, order_id: OrderId) -> Call[Any]:
        def guess(read: Read, response: HttpResponse) -> object:
            verdict = read(response)
            if isinstance(verdict, Unreadable):
                return TrailRead(cancel_rejected=True)
            return verdict

        return reread(super().read_trail(account, order_id), guess)


class HistoryGuessed(Apex):
    def list_history(self, account: str, page: Any = None) -> Call[Any]:
        def guess(read: Read, response: HttpResponse) -> object:
            verdict = read(response)
            return Page(rows=[canceled("6500").report]) if isinstance(verdict, Unreadable) else verdict

        return reread(super().list_history(account, page), guess)


class ListingUnread(Apex):
    def list_open(self, account: str, page: Any = None) -> Call[Any]:
        return reread(super().list_open(account, page), lambda _read, _response: Unreadable())


class NothingListed(Apex):
    def list_open(self, account: str, page: Any = None) -> Call[Any]:
        return reread(super().list_open(account, page), lambda _read, _response: Page(rows=()))


class AccountsGuessed(AutoShares):
    answer: ClassVar = Accounts(ids=("9", "999"))

    def list_accounts(self) -> Call[Any]:
        def guess(read: Read, response: HttpResponse) -> object:
            verdict = read(response)
            return self.answer if isinstance(verdict, Unreadable) else verdict

        return reread(super().list_accounts(), guess)


class AccountLost(AutoShares):
    def list_accounts(self) -> Call[Any]:
        def lose(read: Read, response: HttpResponse) -> object:
            verdict = read(response)
            return Accounts(ids=verdict.ids[:-1]) if isinstance(verdict, Accounts) else verdict

        return reread(super().list_accounts(), lose)


_REFUSED = Refused(reason=Reason.VENUE_REFUSED, code="500")
_SHIFTING = in_listings(changed(total=248))

PLANTED = {
    "409 as a receipt": in_cancels(
        status_as(Receipt(), 409), "test_every_sample_is_read_as_it_says", "test_a_refusal_is_no_receipt"
    ),
    "404 as a receipt": in_cancels(
        status_as(Receipt(executed=True), 404), "test_every_sample_is_read_as_it_says"
    ),
    "a success believed under 409": in_cancels(as_under_200, "test_a_refusal_is_no_receipt"),
    "5xx as refused": in_cancels(
        status_as(_REFUSED, *range(500, 600)),
        "test_a_server_error_tells_nothing",
        "test_every_fault_at_a_cancel_ends_in_the_truth",
    ),
    "a redirect as a receipt": in_cancels(
        status_as(Receipt(), *range(300, 400)), "test_a_redirect_is_no_answer"
    ),
    "429 as unreadable": in_all(status_as(Unreadable(), 429), "test_too_many_requests_are_throttled"),
    "429 without its wait": in_all(without_wait, "test_too_many_requests_are_throttled"),
    "202 as a receipt": in_cancels(
        status_as(Receipt(), 202), "test_a_success_that_is_not_documented_is_no_receipt"
    ),
    "a page of HTML as a receipt": in_cancels(page_of_html, "test_a_page_of_html_is_no_answer"),
    "codes dropped": in_all(changed(code=None), "test_codes_are_kept"),
    "texts dropped": in_all(changed(text=None), "test_texts_are_kept"),
    "texts without an end": in_all(whole_text, "test_texts_can_be_written_and_are_bounded"),
    "a reader that raises": in_all(raising, "test_any_bytes_give_a_verdict"),
    "a row that breaks": in_listings(breaking_rows, "test_any_bytes_give_a_verdict"),
    "a row of no kind": in_listings(rows_of_no_kind, "test_any_bytes_give_a_verdict"),
    "an unreadable listing": in_apex(ListingUnread, "test_a_cancel_without_a_fault_is_confirmed"),
    "no page at all": in_listings(
        lambda _read, _response: Unreadable(), "test_a_listing_shows_every_open_order"
    ),
    "a verdict of no kind": in_all(foreign, "test_any_bytes_give_a_verdict"),
    "a reader that remembers": in_all(counting, "test_an_answer_is_read_alike_each_time"),
    "a slow reader": in_all(slow, "test_no_reader_is_slow"),
    "cut-off JSON as a receipt": in_cancels(cut_json, "test_an_answer_cut_short_is_no_success"),
    "nothing as an empty page": in_listings(empty_page, "test_an_empty_answer_shows_nothing"),
    "filled as canceled": in_reads(
        filled_as_canceled, "test_every_status_is_read", "test_a_read_shows_the_order_of_the_book"
    ),
    "an unknown status as canceled": in_reads(
        unknown_as_canceled, "test_a_status_that_is_not_documented_is_unknown"
    ),
    "whatever was asked": in_reads(
        as_asked,
        "test_another_order_is_read_as_another",
        "test_another_account_is_read_as_another",
        "test_every_fault_at_a_read_ends_in_the_truth",
    ),
    "a guess": in_reads(
        guessed,
        "test_a_field_that_is_missing_or_wrong_is_never_guessed",
        "test_every_fault_at_a_read_ends_in_the_truth",
    ),
    "a quantity as a float": in_reads(as_report(filled_quantity=0.0), "test_every_status_is_read"),
    "a float of a quantity": in_reads(through_a_float, "test_quantities_are_exact"),
    "never filled": in_reads(
        as_report(filled_quantity=Decimal(0)), "test_a_read_shows_the_order_of_the_book"
    ),
    "a session refused for ever": in_all(
        lambda _read, _response: SessionRefused(), "test_one_log_in_serves_many"
    ),
    "always new": in_reads(as_report(status=OrderStatus.NEW), "test_a_cancel_without_a_fault_is_confirmed"),
    "the first page only": in_listings(
        first_page_only, "test_a_listing_shows_every_open_order", "test_a_history_shows_every_order"
    ),
    "pages without an end": in_listings(
        endless, "test_an_empty_listing_ends", "test_a_listing_shows_every_open_order"
    ),
    "a total that is made up": in_examples(
        _SHIFTING.contract,
        {"behaviour": {"venue": {"dead_rows": "hidden"}}},
        "test_pages_that_shift_hide_no_order",
    ),
    "filled in part, and hidden": in_listings(
        without(lambda row: bool(row.filled_quantity)),
        "test_a_listing_shows_every_open_order",
    ),
    "pending, and hidden": in_listings(without(is_leaving), "test_a_listing_shows_every_open_order"),
    "held, and hidden": in_listings(
        without(lambda row: row.status in (OrderStatus.HELD, OrderStatus.SUSPENDED)),
        "test_a_listing_shows_every_open_order",
    ),
    "rows of another status": in_listings(rows_unfilled, "test_a_listing_shows_orders_as_they_are"),
    "an account lost": in_autoshares(AccountLost, "test_the_accounts_are_listed"),
    "accounts guessed": in_autoshares(
        AccountsGuessed, "test_every_fault_at_a_list_of_accounts_ends_in_the_truth"
    ),
    "a trail guessed": in_apex(TrailGuessed, "test_every_fault_at_a_trail_ends_in_the_truth"),
    "nothing listed": in_apex(NothingListed, "test_every_fault_at_a_mass_cancel_ends_in_the_truth"),
    "a history guessed": in_apex(HistoryGuessed, "test_every_fault_at_a_history_ends_in_the_truth"),
    "another order listed": in_listings(
        trouble_as_another, "test_every_fault_at_a_listing_ends_in_the_truth"
    ),
}
