"""The behaviours recorded against the simulated AutoShares; `apex_scenarios.py` runs parallel to it."""

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

#: The 204 of syncorders says that the execution venue did it.
CANCELED = canceled(CanceledBy.THIS_REQUEST)
LARGEST = "2147483647"

_NAMED = {"order_id": "6500", "client_order_id": "77"}
_FAST = {"read_lag_s": 0.0}
_autoshares = partial(Scenario, plugin="autoshares")

ORDERS = (
    _autoshares(name="working", expected=CANCELED),
    _autoshares(
        name="partly_filled",
        orders=({"order_id": "6500", "filled": Decimal(4)},),
        expected=canceled(CanceledBy.THIS_REQUEST, "4"),
    ),
    _autoshares(
        name="largest_id",
        orders=({"order_id": LARGEST},),
        order=OrderId(LARGEST),
        expected=canceled(CanceledBy.THIS_REQUEST, order_id=LARGEST),
    ),
    _autoshares(name="received_only", fields={"assurance": Assurance.RECEIVED}, expected=PENDING),
    *(
        _autoshares(
            name=f"already_filled_{word}",
            orders=({"order_id": "6500", "status": OrderStatus.FILLED},),
            switches={"conflict_body": word, "key_case": "upper"},
            expected=too_late(OrderStatus.FILLED, "10"),
        )
        for word in ("empty", "envelope")
    ),
    _autoshares(
        name="already_expired",
        orders=({"order_id": "6500", "filled": Decimal(4), "status": OrderStatus.EXPIRED},),
        expected=too_late(OrderStatus.EXPIRED, "4"),
    ),
    _autoshares(
        name="already_canceled",
        orders=({"order_id": "6500", "filled": Decimal(4), "status": OrderStatus.CANCELED},),
        expected=canceled(CanceledBy.EARLIER, "4"),
    ),
    _autoshares(
        name="replaced",
        replaced=("6500",),
        expected=refused(Reason.REPLACED, status=OrderStatus.REPLACED, filled="0", successor="6501"),
    ),
    _autoshares(
        name="replaced_and_followed",
        replaced=("6500", "6501"),
        fields={"follow_replacement": True},
        expected=canceled(CanceledBy.THIS_REQUEST, order_id="6502", successor="6502"),
    ),
    _autoshares(
        name="linked",
        orders=({"order_id": "6500"}, {"order_id": "6501", "linked": ("6500",)}),
        expected=canceled(CanceledBy.THIS_REQUEST, also_canceled=("6501",)),
    ),
    _autoshares(
        name="with_legs",
        orders=(
            {"order_id": "6500"},
            {"order_id": "6501", "parent": "6500"},
            {"order_id": "6502", "parent": "6500"},
        ),
        expected=canceled(CanceledBy.THIS_REQUEST, also_canceled=("6501", "6502")),
    ),
    _autoshares(name="unknown_order", orders=(), settings=_FAST, expected=refused(Reason.NOT_FOUND)),
    _autoshares(
        name="unknown_order_404",
        orders=(),
        settings=_FAST,
        switches={"unknown_order": "404"},
        expected=refused(Reason.NOT_FOUND),
    ),
    _autoshares(
        name="unknown_order_read_409",
        orders=(),
        settings=_FAST,
        switches={"unknown_read": "409"},
        expected=refused(Reason.NOT_FOUND),
    ),
    # A 500 leaves open how far the cancel came, and no read can tell that it came to nothing.
    _autoshares(
        name="unknown_order_500",
        orders=(),
        settings=_FAST,
        switches={"unknown_order": "500", "unknown_read": "500"},
        fields={"timeout_s": 0.3},
        expected=Expected(outcome=Outcome.UNKNOWN),
    ),
)

CLIENT_IDS = (
    _autoshares(name="by_client_id", orders=(_NAMED,), order=CLIENT_ORDER, expected=CANCELED),
    _autoshares(
        name="by_client_id_filled",
        orders=(_NAMED | {"status": OrderStatus.FILLED},),
        order=CLIENT_ORDER,
        expected=too_late(OrderStatus.FILLED, "10", **UNSENT),
    ),
    _autoshares(
        name="by_client_id_used_again",
        orders=(_NAMED | {"status": OrderStatus.FILLED}, _NAMED | {"order_id": "6501"}),
        order=CLIENT_ORDER,
        expected=canceled(CanceledBy.THIS_REQUEST, order_id="6501"),
    ),
    _autoshares(
        name="by_client_id_on_second_page",
        orders=(_NAMED, *100 * ({"status": OrderStatus.FILLED},)),
        order=CLIENT_ORDER,
        expected=CANCELED,
    ),
    _autoshares(
        name="by_client_id_ambiguous",
        orders=(_NAMED, _NAMED | {"order_id": "6501"}),
        order=CLIENT_ORDER,
        expected=refused(Reason.AMBIGUOUS_ORDER, order_id=None, **UNSENT),
    ),
    _autoshares(
        name="by_client_id_unknown",
        orders=(),
        order=CLIENT_ORDER,
        settings=_FAST,
        expected=refused(Reason.NOT_FOUND, order_id=None, **UNSENT),
    ),
)

ACCESS = (
    _autoshares(
        name="wrong_token", wrong={"session_token": "wrong"}, expected=refused(Reason.NOT_AUTHORIZED)
    ),
    *(
        _autoshares(
            name=f"wrong_application_key_{word}",
            wrong={"app_key": "wrong-application-key"},
            switches={"app_key_status": word},
            expected=refused(Reason.NOT_AUTHORIZED),
        )
        for word in ("403", "401")
    ),
    _autoshares(
        name="other_account",
        orders=({"order_id": "6500", "account": "13"},),
        fields={"account": "13"},
        expected=refused(Reason.NOT_AUTHORIZED),
    ),
    _autoshares(name="password", auth=PASSWORD, expected=CANCELED),
    *(
        _autoshares(
            name=f"second_factor_{word}",
            auth=PASSWORD_AND_CODE,
            behaviour={"second_factor": True},
            switches={"expecting_status": word},
            expected=CANCELED,
        )
        for word in ("202", "200")
    ),
    _autoshares(
        name="second_factor_wrong",
        auth=PASSWORD_AND_CODE,
        wrong={"code": "000000"},
        behaviour={"second_factor": True},
        expected=refused(Reason.NOT_AUTHORIZED, **UNSENT),
    ),
    _autoshares(
        name="second_factor_missing",
        auth=PASSWORD,
        behaviour={"second_factor": True},
        expected=refused(Reason.NOT_AUTHORIZED, **UNSENT),
    ),
    _autoshares(
        name="wrong_password",
        auth=PASSWORD,
        wrong={"password": "wrong-password"},
        expected=refused(Reason.NOT_AUTHORIZED, **UNSENT),
    ),
    _autoshares(
        name="expired_token",
        auth=PASSWORD,
        orders=({"order_id": "6500"}, {"order_id": "6501"}),
        earlier=OrderId("6501"),
        expected=CANCELED,
    ),
)

ANSWERS = (
    *(
        _autoshares(
            name=f"answer_{word}", switches={"cancel_answer": word}, settings=_FAST, expected=alive(reason)
        )
        for word, reason in {
            "400": Reason.INVALID_REQUEST,
            "409": Reason.VENUE_REFUSED,
            "422": Reason.INVALID_REQUEST,
        }.items()
    ),
    *(
        _autoshares(
            name=f"answer_{word}_acted",
            switches={"cancel_answer": word, "cancel_acts": "yes"},
            expected=canceled(CanceledBy.UNDETERMINED),
        )
        for word in ("500", "503", "html", "429", "200", "200-object", "200-refusal")
    ),
    _autoshares(
        name="answer_503",
        switches={"cancel_answer": "503"},
        fields={"timeout_s": 0.3},
        expected=Expected(outcome=Outcome.UNKNOWN, status=OrderStatus.NEW, filled="0"),
    ),
)

SCENARIOS = (*ORDERS, *CLIENT_IDS, *ACCESS, *ANSWERS)
