"""Who may call the simulated venue: the application key, and the log-in that gives a token."""

from __future__ import annotations

import attrs

from countermand.testing import Ask, RefusalError, Simulator, json_response
from countermand.venue import HttpResponse
from countermand_autoshares.simulator._answers import APP_KEY


def check_app_key(simulator: Simulator, ask: Ask) -> None:
    """Raise `RefusalError` for a wrong application key."""
    if ask.headers.get("et-app-key") != simulator.credentials.app_key:
        raise RefusalError(attrs.evolve(APP_KEY, status=int(simulator.word("app_key_status"))))


def log_in(simulator: Simulator, ask: Ask, now: float) -> HttpResponse:
    """Answer POST token; AutoShares Single-Factor Authentication, Two-Factor Authentication."""
    user, password, code = map(ask.headers.get, ("username", "password", "verificationcode"))
    grant = simulator.begin_session(now, user=user, password=password, code=code, interim=ask.bearer)
    if not grant.wants_code:
        return json_response({"State": "Succeeded", "Token": grant.token})
    wanted = {
        "Step": "VerificationCode",
        "Reason": "Expecting confirmation code",
        "State": "Expecting",
        "Token": grant.token,
    }
    return json_response(wanted, int(simulator.word("expecting_status")))


def log_out(simulator: Simulator, ask: Ask, _now: float) -> HttpResponse:
    """Answer POST logout, whose answer no document tells: the session is over."""
    simulator.tokens.revoke(ask.bearer or "")
    return HttpResponse(status=200)


def list_accounts(simulator: Simulator, _ask: Ask, _now: float) -> HttpResponse:
    """Answer GET users/@me/accounts: the accounts the user reaches; Swagger, UserAccountModel."""
    rows = [{"Id": int(one), "AccessType": "Owner", "Enabled": True} for one in simulator.accounts]
    return json_response(rows)
