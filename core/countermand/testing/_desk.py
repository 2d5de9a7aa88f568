"""What the handlers of all venues do alike: who may call, which order is meant, what a read may show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

import attrs

from countermand._http import HttpResponse
from countermand.testing._answers import Answers, RefusalError
from countermand.testing._ask import Ask
from countermand.testing._asked import Asked
from countermand.testing._order import SimulatedOrder
from countermand.testing._reply import Reply
from countermand.testing._simulated_venue import SimulatedVenue

#: The first word of a switch such as `cancel_answer`: the venue answers as it should.
PLAIN = "plain"


@attrs.frozen(kw_only=True)
class Grant:
    """What a step of a log-in gives: a session token, or an interim one that wants a second factor."""

    token: str
    wants_code: bool = False


class Desk(SimulatedVenue):
    """What stands between the calls of a venue and its book."""

    #: The venue's receipts and refusals.
    answers: ClassVar[Answers] = Answers()
    #: Word of the switches `cancel_answer`, `mass_answer` and `read_answer` to what is answered then,
    #: instead of the truth; the switches are there where there is a word.
    shapes: ClassVar[Mapping[str, HttpResponse]] = {}
    #: By which names a path, a body or a query names an account and an order.
    account_key: ClassVar[str] = "account"
    order_key: ClassVar[str] = "order_id"

    # --- who calls, and about what ----------------------------------------------------------------

    def subject_of(self, ask: Ask) -> Asked:
        """Tell which account and order a call names; may raise `RefusalError`.

        At a venue whose keys belong to an account, that one is named by every call.
        """
        return Asked(account=ask.text(self.account_key) or None, order_id=ask.text(self.order_key) or None)

    def admitted(self, ask: Ask, now: float) -> bool:
        """Tell whether a call bears a valid session: a bearer token, unless the venue has another way."""
        return self.token_valid(ask.bearer, now)

    def check_access(self, ask: Ask, now: float) -> None:
        """Raise `RefusalError` for a call that its caller may not make; every call comes by here."""
        if ask.route.public:
            return
        if not self.admitted(ask, now):
            raise RefusalError(self.answers.denied)
        account = self.subject_of(ask).account
        if account == self.credentials.other_account:
            raise RefusalError(self.answers.other_account)
        if account is not None and account not in self.accounts and not self.book.has_account(account):
            raise RefusalError(self.answers.unknown_account)

    def begin_session(
        self,
        now: float,
        *,
        user: str | None,
        password: str | None,
        code: str | None = None,
        interim: str | None = None,
    ) -> Grant:
        """Log a user in: at once, or with a code under an interim token if the behaviour wants one.

        Raises `RefusalError` for a wrong password or code.
        """
        if (user, password) != (self.credentials.user, self.credentials.password):
            raise RefusalError(self.answers.wrong_password)
        if not self.behaviour.second_factor:
            return Grant(token=self.tokens.issue(now))
        if not code:
            return Grant(token=self.tokens.issue_interim(), wants_code=True)
        return self.confirm_code(now, code=code, interim=interim)

    def confirm_code(self, now: float, *, code: str | None, interim: str | None) -> Grant:
        """Give a session for the code of an interim token; raises `RefusalError` for a wrong one."""
        if interim is None or not self.tokens.is_interim(interim) or code != self.credentials.code:
            raise RefusalError(self.answers.wrong_code)
        self.tokens.revoke(interim)
        return Grant(token=self.tokens.issue(now))

    def reaches(self, order: SimulatedOrder, account: str | None) -> bool:
        """Tell whether an order is one of that account, or where none is named, not somebody else's."""
        return order.account == account if account else order.account != self.credentials.other_account

    # --- orders as they are -----------------------------------------------------------------------

    def true_order(self, ask: Ask) -> SimulatedOrder | None:
        """Return the order that a call names as it truly is; None for an unknown one or somebody else's."""
        asked = self.subject_of(ask)
        order = None if asked.order_id is None else self.book.find(asked.order_id)
        return order if order is not None and self.reaches(order, asked.account) else None

    def refusal_of_cancel(self, order: SimulatedOrder | None) -> HttpResponse | None:
        """Return the answer to a cancel of an order, or of an unknown one; None where that is received.

        A cancel of a dead order that is received has no effect.
        """
        if order is None:
            return self.answers.unknown_order
        return self.answers.not_open if order.dead else None

    def accept_cancel(
        self, order: SimulatedOrder | None, now: float, receipt: Reply | HttpResponse | None = None
    ) -> Reply:
        """Take a cancel of whatever order it names, and answer it: `receipt`, or the venue's usual one.

        Raises `RefusalError` as `refusal_of_cancel` says.
        """
        shape = self._shape("cancel_answer")
        if shape is None and (refusal := self.refusal_of_cancel(order)) is not None:
            raise RefusalError(refusal)
        answer = shape or as_reply(receipt or self.answers.received)
        acts = shape is None or self.word("cancel_acts") == "yes"
        if order is None or order.dead or not acts:
            return answer
        return self.receive_cancel(order.order_id, now, answer)

    def accept_cancels(
        self, orders: Iterable[SimulatedOrder], now: float, receipt: Reply | HttpResponse | None = None
    ) -> Reply:
        """Take the cancels of all those orders that are open, and answer them together."""
        shape = self._shape("mass_answer")
        answer = shape or as_reply(receipt or self.answers.received)
        if shape is None or self.word("cancel_acts") == "yes":
            for order in orders:
                # An earlier cancel of this very call may have taken it along.
                if not self.book.order(order.order_id).dead:
                    self.receive_cancel(order.order_id, now, answer)
        return answer

    # --- orders as reads show them ----------------------------------------------------------------

    def as_of(self, now: float, *, fresh: bool = False) -> float:
        """Return the time whose state a read shows: `read_lag_s` ago, or now if the read is `fresh`."""
        return now if fresh else now - self.behaviour.read_lag_s

    def refusal_of_read(self) -> HttpResponse:
        """Return the answer to a read of an order that the account has not, or not yet."""
        return self.answers.unknown_order

    def shown_order(self, ask: Ask, now: float, *, fresh: bool = False) -> SimulatedOrder:
        """Return the order that a call names as a read shows it; raises `RefusalError` if it shows none."""
        asked = self.subject_of(ask)
        order = self.book.visible(asked.order_id or "", self.as_of(now, fresh=fresh))
        if order is None or not self.reaches(order, asked.account):
            raise RefusalError(self.refusal_of_read())
        return order

    def shown_states(self, ask: Ask, now: float, *, fresh: bool = False) -> tuple[SimulatedOrder, ...]:
        """Return the states of the order that a call names, oldest first; raises `RefusalError` as above."""
        last = self.shown_order(ask, now, fresh=fresh)
        return self.book.visible_history(last.order_id, self.as_of(now, fresh=fresh))

    def shown_orders(self, ask: Ask, now: float, *, fresh: bool = False) -> tuple[SimulatedOrder, ...]:
        """Return the orders, of any status, of the account that a call names, in the order of placing."""
        return self.book.visible_orders(self.subject_of(ask).account, self.as_of(now, fresh=fresh))

    def shown_open(self, ask: Ask, now: float, *, fresh: bool = False) -> tuple[SimulatedOrder, ...]:
        """Return those of them that seem open."""
        return tuple(order for order in self.shown_orders(ask, now, fresh=fresh) if not order.dead)

    def _shape(self, switch: str) -> Reply | None:
        word = self.word(switch) if self.shapes else PLAIN
        return None if word == PLAIN else Reply(response=self.shapes[word])


def as_reply(answer: Reply | HttpResponse) -> Reply:
    """Return an answer as a reply that comes at once, unless it is a reply already."""
    return answer if isinstance(answer, Reply) else Reply(response=answer)
