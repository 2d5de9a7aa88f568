"""The kinds of questions a venue is asked, and the verdicts that may answer each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import get_args

from countermand.venue import (
    AccountsVerdict,
    CancelVerdict,
    ListingVerdict,
    LogInVerdict,
    LogOutVerdict,
    MassCancelVerdict,
    ReadVerdict,
    TrailVerdict,
)


class Question(Enum):
    """What a venue can be asked."""

    CANCEL = "cancel"
    MASS_CANCEL = "mass cancel"
    CANCEL_LIST = "cancel list"
    READ = "order read"
    TRAIL = "trail"
    OPEN = "open orders"
    HISTORY = "history"
    ACCOUNTS = "accounts"
    LOG_IN = "log-in"
    LOG_OUT = "log-out"


#: The questions that ask the venue to act.
CANCELS = (Question.CANCEL, Question.MASS_CANCEL, Question.CANCEL_LIST)
#: The questions that only look.
READS = (Question.READ, Question.TRAIL, Question.OPEN, Question.HISTORY, Question.ACCOUNTS)

#: The verdicts that each question's reader may give.
VERDICTS: Mapping[Question, tuple[type, ...]] = {
    Question.CANCEL: get_args(CancelVerdict),
    Question.MASS_CANCEL: get_args(MassCancelVerdict),
    Question.CANCEL_LIST: get_args(MassCancelVerdict),
    Question.READ: get_args(ReadVerdict),
    Question.TRAIL: get_args(TrailVerdict),
    Question.OPEN: get_args(ListingVerdict),
    Question.HISTORY: get_args(ListingVerdict),
    Question.ACCOUNTS: get_args(AccountsVerdict),
    Question.LOG_IN: get_args(LogInVerdict),
    Question.LOG_OUT: get_args(LogOutVerdict),
}
