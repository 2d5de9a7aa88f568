"""A plugin under a check: what it declares without a call for it, and how little a broken one harms."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest_plugins = ["countermand.testing.fixtures"]

Run = Callable[..., Any]
Install = Callable[..., None]

ENTRY = "[countermand.venues]\nodd = odd_plugin:PLUGIN\n"
#: A venue as a stranger writes it; what follows it in a test breaks it.
MODULE = """
import attrs
from countermand.errors import InvalidRequestError
from countermand.venue import *
from countermand.venue import CONTRACT, UUID, one_of, whole_number
from countermand.venue.credentials import Credential, GivenToken

GET = HttpRequest(method="GET", path="/")

@attrs.frozen
class Odd(Venue):
    ids = Ids(account=whole_number(99), order=UUID, instrument=None)
    base_url: str = attrs.field(converter=clean_base_url)
    name: str = attrs.field(kw_only=True)
    auth: Credential = attrs.field(kw_only=True)
    capabilities = Capabilities(has_trail=True)

    def cancel(self, target): raise AssertionError("a check asks for no cancel")
    def read_order(self, account, order_id): raise AssertionError("a check reads no order")
    def list_open(self, account, page=None):
        return self.call(CallKind.LISTING, "orders", GET, lambda _: Page(rows=()))
    def read_trail(self, account, order_id):
        return self.call(CallKind.READ, "trail", GET, lambda _: Unreadable())

class Broken(Odd):
    __slots__ = ()
    {body}

WAYS = {{"token": GivenToken, "none": Credential}}
PLUGIN = Plugin({contract}, venue={venue}, summary="odd", credentials=WAYS)
"""
TOML = '[venues.odd]\nplugin = "odd"\nbase_url = "{url}"\naccounts = {accounts}\nauth = {auth}\n'
TOKEN = '{kind = "token", token = {env = "ODD_TOKEN"}}'


@pytest.fixture
def odd(
    run: Run, install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict[str, dict[str, Any]]]:
    """Check a venue of a stranger's plugin at an address where nobody listens, unless another is given."""
    monkeypatch.setenv("ODD_TOKEN", "planted-in-the-environment")
    monkeypatch.delitem(sys.modules, "odd_plugin", raising=False)

    def check(
        body: str = "pass",
        url: str = "http://127.0.0.1:1",
        accounts: str = '["9"]',
        auth: str = TOKEN,
        venue: str = "Broken",
        contract: str = "contract=CONTRACT",
    ) -> dict[str, dict[str, Any]]:
        install(ENTRY, odd_plugin=MODULE.format(body=body, venue=venue, contract=contract))
        (tmp_path / "odd.toml").write_text(TOML.format(url=url, accounts=accounts, auth=auth))
        ran = run("check", "--json", "--config", str(tmp_path / "odd.toml"), "--timeout", "2")
        assert "planted" not in ran.out + ran.err
        (told,) = json.loads(ran.out)["venues"]
        return {finding["about"]: finding for finding in told["findings"]}

    return check


def test_plugin_is_named(odd: Callable[..., Any]) -> None:
    """A plugin is told with its entry point, its distribution and version, its contract and its class."""
    found = odd()
    assert found["plugin"]["mark"] == "pass"
    assert found["plugin"]["found"] == (
        "the plugin 'odd' (odd_plugin:PLUGIN of third-party 1.0), contract 1, class odd_plugin.Broken"
    )
    assert (found["declarations"]["mark"], found["declarations"]["found"]) == (
        "pass",
        "a call for each of read_trail",
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param({"contract": "contract=2"}, "is made for contract 2, this core speaks 1", id="contract"),
        pytest.param({"contract": "kind=2"}, "cannot be loaded: TypeError", id="import"),
    ],
)
def test_plugin_that_cannot_be_used(odd: Callable[..., Any], given: dict[str, str], words: str) -> None:
    """A plugin for another contract, or none at all, is a failure that names it."""
    found = odd(**given)
    assert [found[about]["mark"] for about in ("configuration", "plugin", "declarations", "log-in")] == [
        *("fail", "fail", "skipped", "skipped")
    ]
    assert words in found["plugin"]["found"]
    assert "made for contract 1" in found["plugin"]["advice"]


def test_class_may_be_any_callable(odd: Callable[..., Any]) -> None:
    """A venue may be made by whatever can be called."""
    found = odd(venue="__import__('functools').partial(Broken)")
    assert found["plugin"]["found"].endswith("class functools.partial")


DECLARES = "capabilities = Capabilities({})"
SCOPES = (
    "capabilities = Capabilities(scopes=frozenset({{ScopeKind.{}}}))\n    def cancel_all(self, scope): {}"
)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        pytest.param(
            DECLARES.format("lists_accounts=True"),
            "it declares lists_accounts, and its class has no list_accounts of its own",
            id="not overridden",
        ),
        pytest.param(
            DECLARES.format("scopes=frozenset({ScopeKind.ACCOUNT})"),
            "it declares the scope 'account', and its class has no cancel_all of its own",
            id="scope not overridden",
        ),
        pytest.param(
            SCOPES.format("ACCOUNT", "raise InvalidRequestError('no such call')"),
            "it declares the scope 'account', and cancel_all refuses it: no such call",
            id="scope refused",
        ),
        pytest.param(
            SCOPES.format("VENUE_WIDE", "raise KeyError('planted-in-the-environment')"),
            "it declares the scope 'venue wide', and cancel_all raises KeyError: '[redacted]'",
            id="scope raises",
        ),
        pytest.param(
            SCOPES.format("ACCOUNT", "return None"),
            "it declares the scope 'account', and cancel_all gives a NoneType, no Call",
            id="no call",
        ),
        pytest.param(
            SCOPES.format("ORDERS", "return self.list_open('9')"),
            "it declares the scope 'orders', and cancel_all gives a call of kind 'listing'",
            id="another kind",
        ),
        pytest.param(
            SCOPES.format("USER", "return None"),
            "it declares the scope 'user', and cancel_all refuses it: its ids have no user",
            id="no such id",
        ),
        pytest.param(
            SCOPES.format("INSTRUMENT", "return None"),
            "it declares the scope 'instrument', and cancel_all refuses it: its ids have no instrument",
            id="no instrument",
        ),
        pytest.param(
            SCOPES.format("MINE", "return 1"),
            "it declares the scope 'mine', and cancel_all gives a int, no Call",
            id="mine",
        ),
        pytest.param(
            DECLARES.format("cancel_list_size=5, has_history=True")
            + "\n    def cancel_list(self, targets): return targets\n"
            + "    def list_history(self, account, page=None): return self.read_trail(account, None)",
            "it declares cancel_list_size, and cancel_list gives a list, no Call; "
            "it declares has_history, and list_history gives a call of kind 'read'",
            id="two",
        ),
        pytest.param(
            "capabilities = {}", "it cannot be asked: TypeError: its capabilities are a dict", id="dict"
        ),
        pytest.param(
            "@property\n    def capabilities(self): raise ValueError(self.auth.token)",
            "it cannot be asked: ValueError: [redacted]",
            id="raises",
        ),
        pytest.param(
            "@property\n    def capabilities(self): raise SystemExit(3)",
            "it cannot be asked: SystemExit: 3",
            id="exits",
        ),
        pytest.param(
            SCOPES.format("ACCOUNT", "raise SystemExit(3)"),
            "it declares the scope 'account', and cancel_all raises SystemExit: 3",
            id="scope exits",
        ),
    ],
)
def test_what_is_declared_in_vain(odd: Callable[..., Any], body: str, complaint: str) -> None:
    """Whatever a venue declares without a call for it is told, with what became of the try."""
    finding = odd(body)["declarations"]
    assert (finding["mark"], finding["found"]) == ("fail", complaint)
    assert "author of the plugin" in finding["advice"]


def test_ids_that_nobody_can_guess(odd: Callable[..., Any]) -> None:
    """Of a call that needs an id of an unknown look nothing is said."""
    finding = odd("ids = Ids(account=one_of('K-7'), order=UUID)", accounts="[]")["declarations"]
    assert finding["mark"] == "pass"


def test_no_further_call(odd: Callable[..., Any]) -> None:
    """A venue that can do no more than it must declares nothing that could be wrong."""
    finding = odd("capabilities = Capabilities()")["declarations"]
    assert finding["found"] == "it declares no further calls"


def test_abilities_of_a_broken_venue(odd: Callable[..., Any]) -> None:
    """What a venue can do is not told where it cannot say so."""
    assert odd("capabilities = 7")["abilities"]["mark"] == "skipped"


@pytest.mark.parametrize(
    ("body", "about"),
    [
        pytest.param("def log_in(self): raise ValueError(self.auth.token)", "log-in", id="log-in"),
        pytest.param("def log_in(self): return self.auth.token", "log-in", id="no conversation"),
        pytest.param(
            "def list_open(self, account, page=None): raise ValueError(self.auth.token)",
            "log-in",
            id="call",
        ),
        pytest.param(
            "def list_open(self, account, page=None):\n"
            "        def read(_): raise ValueError(self.auth.token)\n"
            "        return self.call(CallKind.LISTING, 'orders', GET, read)",
            "account 9",
            id="read",
        ),
        pytest.param(
            "def list_open(self, account, page=None):\n"
            "        return self.call(CallKind.LISTING, self.auth.token, GET, lambda _: Refused(\n"
            "            reason=None, text='you sent ' + self.auth.token))",
            "account 9",
            id="echo",
        ),
        pytest.param(
            "def __getattribute__(self, name):\n"
            "        told = object.__getattribute__(self, 'auth' if name == 'base_url' else name)\n"
            "        return told.token + '://' if name == 'base_url' else told",
            "check",
            id="address",
        ),
    ],
)
def test_secret_is_nowhere(
    odd: Callable[..., Any], simulators: Callable[..., Any], body: str, about: str
) -> None:
    """A plugin that breaks with its secret in hand does not tell it; the fixture looks through the output."""
    found = odd(body, url=simulators("apex").base_url)
    assert found[about]["mark"] == "fail"


def test_signed_calls_need_no_log_in(odd: Callable[..., Any], simulators: Callable[..., Any]) -> None:
    """Where each call is signed, whether the venue takes it is seen by the calls."""
    found = odd(url=simulators("apex").base_url, auth='{kind = "none"}')
    assert (found["log-in"]["mark"], found["log-in"]["found"]) == (
        "pass",
        "none is needed: each call is signed",
    )
    assert found["accounts"]["found"] == "9; the venue has no call that could confirm it"
    assert found["secrets"]["mark"] == "skipped"


def test_nothing_to_ask(odd: Callable[..., Any], simulators: Callable[..., Any]) -> None:
    """Without an account, and a call for them, nobody knows whether the venue takes the token."""
    found = odd(url=simulators("apex").base_url, accounts="[]")
    assert found["log-in"]["mark"] == "skipped"
    assert (found["accounts"]["mark"], found["accounts"]["found"]) == (
        "warn",
        "none is configured: a kill without scopes does nothing here",
    )
    assert 'accounts = ["..."]' in found["accounts"]["advice"]


def test_listing_that_is_not_whole(odd: Callable[..., Any], simulators: Callable[..., Any]) -> None:
    """A listing that tells of more rows than it has is a warning."""
    body = (
        "def list_open(self, account, page=None):\n"
        "        page = Page(rows=(), total=2, listed=0)\n"
        "        return self.call(CallKind.LISTING, 'orders', GET, lambda _: page)"
    )
    found = odd(body, url=simulators("apex").base_url)["account 9"]
    assert (found["mark"], found["found"].startswith("0 open orders, incomplete, in ")) == ("warn", True)


def test_a_plugin_that_breaks_at_an_account_is_no_fault_of_the_file(odd: Callable[..., Any]) -> None:
    """Only what says that the venue has no such account is told of the key."""
    broken = "def check_scope(self, scope): raise LookupError('in the plugin')"
    assert odd(broken)["configuration"]["mark"] == "pass"


def test_an_account_that_the_plugin_refuses_is_a_fault_of_the_file(odd: Callable[..., Any]) -> None:
    """Under its key, whether or not anybody listens."""
    refused = odd(accounts='["9", "100"]')["configuration"]
    assert refused["mark"] == "fail"
    assert "venues.odd.accounts: " in refused["found"]
    assert "got '100'" in refused["found"]
