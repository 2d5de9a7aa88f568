"""Who may call the simulated venue: tokens, key headers, and the log-ins that give a token."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from countermand.testing import Ask, Simulator, json_response
from countermand.venue import HttpResponse
from countermand_apex.simulator._answers import RECEIVED


def admitted(simulator: Simulator, ask: Ask, now: float) -> bool:
    """Tell whether a call bears a valid session token, or key headers that fit."""
    return simulator.token_valid(ask.headers.get("aptoken"), now) or _signed(simulator, ask.headers)


def log_in(simulator: Simulator, ask: Ask, now: float) -> HttpResponse:
    """Answer Authenticate: a user with a password, or a key, in headers or in fields."""
    fields = {name: str(value) for name, value in ask.fields.items()}
    if _signed(simulator, ask.headers) or _signed(simulator, fields):
        return _logged_in(simulator, simulator.tokens.issue(now))
    user, password = ask.basic or (None, None)
    grant = simulator.begin_session(now, user=user, password=password)
    if not grant.wants_code:
        return _logged_in(simulator, grant.token)
    return json_response(
        {"Authenticated": True, "Requires2FA": True, "AuthType": "Google", "Pending2FaToken": grant.token}
    )


def log_in_2fa(simulator: Simulator, ask: Ask, now: float) -> HttpResponse:
    """Answer Authenticate2FA: the code, under the token that the first factor gave."""
    interim = ask.headers.get("pending2fatoken")
    return _logged_in(simulator, simulator.confirm_code(now, code=ask.text("Code"), interim=interim).token)


def log_out(simulator: Simulator, ask: Ask, _now: float) -> HttpResponse:
    """Answer LogOut: the session is over."""
    simulator.tokens.revoke(ask.headers.get("aptoken", ""))
    return RECEIVED


def _signed(simulator: Simulator, values: Mapping[str, str]) -> bool:
    known = simulator.credentials
    nonce, signature = values.get("nonce", ""), values.get("signature", "")
    message = f"{nonce}{known.user_id}{known.api_key}".encode()
    expected = hmac.new(known.secret.encode(), message, hashlib.sha256).hexdigest()
    asked = (values.get("userid"), values.get("apikey"))
    return asked == (known.user_id, known.api_key) and signature == expected and nonce != ""


def _logged_in(simulator: Simulator, token: str) -> HttpResponse:
    known = simulator.credentials
    user = {"UserId": int(known.user_id), "UserName": known.user, "AccountId": int(known.account), "OMSId": 1}
    return json_response(
        {
            "Authenticated": True,
            "SessionToken": token,
            "User": user,
            "Locked": False,
            "Requires2FA": False,
            "EnforceEnable2FA": False,
            "TwoFAType": None,
            "TwoFAToken": None,
            "errormsg": None,
        }
    )
