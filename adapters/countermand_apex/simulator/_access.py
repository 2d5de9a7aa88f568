"""Who may call the simulated venue: tokens, key headers, and the log-ins that give a token."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

from countermand.testing import Reply, Simulator, json_response
from countermand.venue import HttpResponse
from countermand_apex.simulator._answers import received
from countermand_apex.simulator._ask import Ask


def admitted(simulator: Simulator, ask: Ask, now: float) -> bool:
    """Tell whether a call bears a valid session token, or key headers that fit."""
    if simulator.token_valid(ask.headers.get("aptoken"), now):
        return True
    return _signed(simulator, ask.headers)


def log_in(simulator: Simulator, ask: Ask, now: float) -> Reply:
    """Answer Authenticate: a user with a password, or a key, in headers or in fields."""
    fields = {name: str(value) for name, value in ask.fields.items()}
    if _signed(simulator, ask.headers) or _signed(simulator, fields):
        return Reply(response=_logged_in(simulator, now))
    if not _knows_password(simulator, ask.headers.get("authorization", "")):
        text = "Invalid username or password"
        return Reply(response=json_response({"authenticated": False, "locked": False, "errormsg": text}))
    if simulator.behaviour.second_factor:
        return Reply(response=_second_factor_wanted(simulator))
    return Reply(response=_logged_in(simulator, now))


def log_in_2fa(simulator: Simulator, ask: Ask, now: float) -> Reply:
    """Answer Authenticate2FA: the code, under the token that the first factor gave."""
    pending = ask.headers.get("pending2fatoken", "")
    if not simulator.tokens.is_interim(pending) or ask.text("Code") != simulator.credentials.code:
        return Reply(response=json_response({"Authenticated": False, "errormsg": "Invalid code"}))
    simulator.tokens.revoke(pending)
    return Reply(response=_logged_in(simulator, now))


def log_out(simulator: Simulator, ask: Ask, _now: float) -> Reply:
    """Answer LogOut: the session is over."""
    simulator.tokens.revoke(ask.headers.get("aptoken", ""))
    return Reply(response=received())


def _signed(simulator: Simulator, values: Mapping[str, str]) -> bool:
    known = simulator.credentials
    nonce, signature = values.get("nonce", ""), values.get("signature", "")
    message = f"{nonce}{known.user_id}{known.api_key}".encode()
    expected = hmac.new(known.secret.encode(), message, hashlib.sha256).hexdigest()
    asked = (values.get("userid"), values.get("apikey"))
    return asked == (known.user_id, known.api_key) and signature == expected and nonce != ""


def _knows_password(simulator: Simulator, authorization: str) -> bool:
    scheme, _, value = authorization.partition(" ")
    try:
        given = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    known = simulator.credentials
    return scheme.lower() == "basic" and given == f"{known.user}:{known.password}".encode()


def _logged_in(simulator: Simulator, now: float) -> HttpResponse:
    known = simulator.credentials
    user = {"UserId": int(known.user_id), "UserName": known.user, "AccountId": int(known.account), "OMSId": 1}
    return json_response(
        {
            "Authenticated": True,
            "SessionToken": simulator.tokens.issue(now),
            "User": user,
            "Locked": False,
            "Requires2FA": False,
            "EnforceEnable2FA": False,
            "TwoFAType": None,
            "TwoFAToken": None,
            "errormsg": None,
        }
    )


def _second_factor_wanted(simulator: Simulator) -> HttpResponse:
    pending = simulator.tokens.issue_interim()
    return json_response(
        {"Authenticated": True, "Requires2FA": True, "AuthType": "Google", "Pending2FaToken": pending}
    )
