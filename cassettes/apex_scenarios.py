"""The behaviours recorded against the simulated APEX; `autoshares_scenarios.py` runs parallel to it."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from countermand import Assurance, CanceledBy, OrderId, OrderStatus, Outcome, Reason
from scenario import (
    CLIENT_ORDER,
    PASSWORD,
    PASSWORD_AND_CODE,
    PENDING,
    UNSENT,
    Scenario,
    alive,
    canceled,
    refused,
    too_late,
)
from sidecar import Expected

API_KEY = {"kind": "api-key", "key": "api_key", "secret": "secret", "user_id": "user_id"}
EVERY_CALL = API_KEY | {"every_call": True}
#: After a plain receipt a rival's cancel may have been the one that worked.
CANCELED = canceled(CanceledBy.UNDETERMINED)
LARGEST = "9223372036854775807"

_NAMED = {"order_id": "6500", "client_order_id": "77"}
_apex = partial(Scenario, plugin="apex")

ORDERS = (
    _apex(name="working", expected=CANCELED),
    _apex(
        name="partly_filled",
        orders=({"order_id": "6500", "filled": Decimal(4)},),
        expected=canceled(CanceledBy.UNDETERMINED, "4"),
    ),
    _apex(
        name="largest_id",
        orders=({"order_id": LARGEST},),
        order=OrderId(LARGEST),
        expected=canceled(CanceledBy.UNDETERMINED, order_id=LARGEST),
    ),
    _apex(name="received_only", fields={"assurance": Assurance.RECEIVED}, expected=PENDING),
    *(
        _apex(
            name=f"already_filled_{word}",
            orders=({"order_id": "6500", "status": OrderStatus.FILLED},),
            switches={"dead_order": word},
            expected=too_late(OrderStatus.FILLED, "10"),
        )
        for word in ("104", "101", "receipt")
    ),
    _apex(
        name="already_expired",
        orders=({"order_id": "6500", "filled": Decimal(4), "status": OrderStatus.EXPIRED},),
        expected=too_late(OrderStatus.EXPIRED, "4"),
    ),
    _apex(
        name="already_canceled",
        orders=({"order_id": "6500", "filled": Decimal(4), "status": OrderStatus.CANCELED},),
        expected=canceled(CanceledBy.EARLIER, "4"),
    ),
    _apex(
        name="already_canceled_on_second_page",
        orders=(
            {"order_id": "6500", "status": OrderStatus.CANCELED},
            *100 * ({"status": OrderStatus.FILLED},),
        ),
        expected=canceled(CanceledBy.EARLIER),
    ),
    _apex(
        name="replaced",
        replaced=("6500",),
        expected=refused(Reason.REPLACED, status=OrderStatus.CANCELED, filled="0", successor="6501"),
    ),
    _apex(
        name="replaced_and_followed",
        replaced=("6500", "6501"),
        fields={"follow_replacement": True},
        expected=canceled(CanceledBy.UNDETERMINED, order_id="6502", successor="6502"),
    ),
    _apex(
        name="unknown_order", orders=(), settings={"read_lag_s": 0.0}, expected=refused(Reason.UNKNOWN_ORDER)
    ),
)

CLIENT_IDS = (
    _apex(name="by_client_id", orders=(_NAMED,), order=CLIENT_ORDER, expected=CANCELED),
    _apex(
        name="by_client_id_filled",
        orders=(_NAMED | {"status": OrderStatus.FILLED},),
        order=CLIENT_ORDER,
        expected=too_late(OrderStatus.FILLED, "10", **UNSENT),
    ),
    _apex(
        name="by_client_id_used_again",
        orders=(_NAMED | {"status": OrderStatus.FILLED}, _NAMED | {"order_id": "6501"}),
        order=CLIENT_ORDER,
        expected=canceled(CanceledBy.UNDETERMINED, order_id="6501"),
    ),
    _apex(
        name="by_client_id_ambiguous",
        orders=(_NAMED, _NAMED | {"order_id": "6501"}),
        order=CLIENT_ORDER,
        expected=refused(Reason.AMBIGUOUS_ORDER, order_id=None, **UNSENT),
    ),
    _apex(
        name="by_client_id_unknown",
        orders=(),
        order=CLIENT_ORDER,
        settings={"read_lag_s": 0.0},
        expected=refused(Reason.NOT_FOUND, order_id=None, **UNSENT),
    ),
    _apex(
        name="by_client_id_native",
        orders=(_NAMED,),
        order=CLIENT_ORDER,
        settings={"client_order_ids_unique": True},
        expected=CANCELED,
    ),
)

ACCESS = (
    _apex(name="wrong_token", wrong={"session_token": "wrong"}, expected=refused(Reason.NOT_AUTHORIZED)),
    _apex(
        name="wrong_token_404",
        wrong={"session_token": "wrong"},
        switches={"no_session": "404"},
        expected=refused(Reason.NOT_AUTHORIZED),
    ),
    _apex(
        name="other_account",
        orders=({"order_id": "6500", "account": "13"},),
        fields={"account": "13"},
        expected=refused(Reason.NOT_AUTHORIZED),
    ),
    _apex(name="password", auth=PASSWORD, expected=CANCELED),
    _apex(
        name="second_factor",
        auth=PASSWORD_AND_CODE,
        behaviour={"second_factor": True},
        expected=CANCELED,
    ),
    _apex(
        name="second_factor_wrong",
        auth=PASSWORD_AND_CODE,
        wrong={"code": "000000"},
        behaviour={"second_factor": True},
        expected=refused(Reason.NOT_AUTHORIZED, **UNSENT),
    ),
    _apex(
        name="second_factor_missing",
        auth=PASSWORD,
        behaviour={"second_factor": True},
        expected=refused(Reason.NOT_AUTHORIZED, **UNSENT),
    ),
    _apex(
        name="wrong_password",
        auth=PASSWORD,
        wrong={"password": "wrong-password"},
        expected=refused(Reason.NOT_AUTHORIZED, **UNSENT),
    ),
    _apex(
        name="expired_token",
        auth=PASSWORD,
        orders=({"order_id": "6500"}, {"order_id": "6501"}),
        earlier=OrderId("6501"),
        expected=CANCELED,
    ),
    _apex(name="api_key", auth=API_KEY, expected=CANCELED),
    _apex(name="api_key_every_call", auth=EVERY_CALL, expected=CANCELED),
    _apex(
        name="api_key_wrong",
        auth=API_KEY,
        wrong={"secret": "wrong-secret"},
        expected=refused(Reason.NOT_AUTHORIZED, **UNSENT),
    ),
    _apex(
        name="api_key_every_call_wrong",
        auth=EVERY_CALL,
        wrong={"secret": "wrong-secret"},
        expected=refused(Reason.NOT_AUTHORIZED),
    ),
)

ANSWERS = (
    *(
        _apex(
            name=f"answer_{word}",
            switches={"cancel_answer": word},
            settings={"read_lag_s": 0.0},
            expected=alive(reason),
        )
        for word, reason in {
            "100": Reason.INVALID_REQUEST,
            "101": Reason.VENUE_REFUSED,
            "106": Reason.NOT_SUPPORTED,
        }.items()
    ),
    *(
        _apex(
            name=f"answer_{word}_acted",
            switches={"cancel_answer": word, "cancel_acts": "yes"},
            expected=CANCELED,
        )
        for word in ("102", "503", "html", "empty", "true-with-a-code", "result-as-text", "too-many-requests")
    ),
    _apex(
        name="answer_503",
        switches={"cancel_answer": "503"},
        fields={"timeout_s": 0.3},
        expected=Expected(outcome=Outcome.UNKNOWN, status=OrderStatus.NEW, filled="0"),
    ),
)

SCENARIOS = (*ORDERS, *CLIENT_IDS, *ACCESS, *ANSWERS)
