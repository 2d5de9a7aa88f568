"""Who may call the simulated venue: the application key, tokens, and the log-in that gives one."""

from __future__ import annotations

from countermand.testing import Reply, Simulator, json_response
from countermand.venue import HttpResponse
from countermand_autoshares.simulator._answers import Refusal, RefusalError
from countermand_autoshares.simulator._ask import Ask

#: The calls that need no session token.
_PUBLIC = frozenset({"POST token", "POST logout"})


def check_access(simulator: Simulator, ask: Ask, now: float) -> None:
    """Raise `RefusalError` for a wrong application key, token or account."""
    if ask.headers.get("et-app-key") != simulator.credentials.app_key:
        raise RefusalError(Refusal.APP_KEY, int(simulator.word("app_key_status")))
    if ask.call in _PUBLIC:
        return
    if not simulator.token_valid(ask.bearer, now) or ask.account == simulator.credentials.other_account:
        raise RefusalError(Refusal.TOKEN)
    if ask.account is not None and not _knows_account(simulator, ask.account):
        raise RefusalError(Refusal.SERVER)


def log_in(simulator: Simulator, ask: Ask, now: float) -> Reply:
    """Answer POST token; AutoShares Single-Factor Authentication, Two-Factor Authentication."""
    known = simulator.credentials
    if (ask.headers.get("username"), ask.headers.get("password")) != (known.user, known.password):
        raise RefusalError(Refusal.CREDENTIALS)
    code = ask.headers.get("verificationcode")
    if simulator.behaviour.second_factor and not code:
        return Reply(response=_second_factor_wanted(simulator))
    if simulator.behaviour.second_factor:
        interim = ask.bearer or ""
        if not simulator.tokens.is_interim(interim) or code != known.code:
            raise RefusalError(Refusal.CODE)
        simulator.tokens.revoke(interim)
    return Reply(response=json_response({"State": "Succeeded", "Token": simulator.tokens.issue(now)}))


def log_out(simulator: Simulator, ask: Ask, _now: float) -> Reply:
    """Answer POST logout, whose answer no document tells: the session is over."""
    simulator.tokens.revoke(ask.bearer or "")
    return Reply(response=HttpResponse(status=200))


def list_accounts(simulator: Simulator, _ask: Ask, _now: float) -> Reply:
    """Answer GET users/@me/accounts: the accounts the user reaches; Swagger, UserAccountModel."""
    rows = [{"Id": int(one), "AccessType": "Owner", "Enabled": True} for one in simulator.accounts]
    return Reply(response=json_response(rows))


def _second_factor_wanted(simulator: Simulator) -> HttpResponse:
    answer = {
        "Step": "VerificationCode",
        "Reason": "Expecting confirmation code",
        "State": "Expecting",
        "Token": simulator.tokens.issue_interim(),
    }
    return json_response(answer, int(simulator.word("expecting_status")))


def _knows_account(simulator: Simulator, account: str) -> bool:
    return account in simulator.accounts or simulator.book.has_account(account)
