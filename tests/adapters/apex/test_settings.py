"""Settings that cannot be used are refused when the venue is made, and secrets have no repr."""

from __future__ import annotations

import attrs
import pytest

from countermand.errors import ConfigurationError
from countermand.venue import CONTRACT, Plugin, load_venue
from countermand_apex import PLUGIN, Apex, ApiKey, Password, SessionToken

BASE = "https://api.venue.example:8443"

BAD_VENUES: dict[str, dict[str, object]] = {
    "oms_id 0": {"oms_id": 0},
    "oms_id negative": {"oms_id": -1},
    "oms_id a text": {"oms_id": "1"},
    "oms_id a bool": {"oms_id": True},
    "client_order_id_key unknown": {"client_order_id_key": "clordid"},
    "client_order_ids_unique a text": {"client_order_ids_unique": "no"},
    "cancel_list a text": {"cancel_list": "yes"},
    "native_instrument_scope a number": {"native_instrument_scope": 1},
    "user_scopes none": {"user_scopes": None},
    "name empty": {"name": ""},
    "name with a blank": {"name": "my apex"},
    "name a number": {"name": "007"},
    "name no text": {"name": 1},
    "read_lag_s negative": {"read_lag_s": -0.1},
    "read_lag_s infinite": {"read_lag_s": float("inf")},
    "read_lag_s not a number": {"read_lag_s": float("nan")},
    "read_lag_s a bool": {"read_lag_s": True},
    "read_lag_s a text": {"read_lag_s": "5"},
    "auth a bare token": {"auth": "token"},
    "auth missing": {"auth": None},
    "base_url in clear text": {"base_url": "http://api.venue.example"},
    "base_url no URL": {"base_url": "api.venue.example"},
}


@pytest.mark.parametrize(("case", "settings"), BAD_VENUES.items(), ids=BAD_VENUES)
def test_a_venue_with_a_bad_setting_cannot_be_made(case: str, settings: dict[str, object]) -> None:
    """The error names the setting."""
    with pytest.raises(ConfigurationError, match=rf"\b{case.split(maxsplit=1)[0]}\b"):
        Apex(**{"base_url": BASE, "auth": SessionToken("token"), **settings})  # type: ignore[arg-type]  # settings by name


def test_the_defaults_are_those_of_most_venues() -> None:
    """A base URL and a credential are enough."""
    venue = Apex(base_url=BASE + "/", auth=SessionToken("token"))
    assert (venue.base_url, venue.oms_id, venue.name) == (BASE, 1, "apex")
    assert (venue.client_order_id_key, venue.client_order_ids_unique, venue.read_lag_s) == (
        "ClOrderId",
        False,
        5.0,
    )


def test_a_venue_cannot_be_changed() -> None:
    """It is a value, like everything else."""
    venue = Apex(BASE, auth=SessionToken("token"))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        venue.oms_id = 2  # type: ignore[misc]  # what is tested


SECRET = "s3cret-c4nary"

BAD_CREDENTIALS = {
    "token": lambda: SessionToken(""),
    "token with a line break": lambda: SessionToken(f"{SECRET}\r\nX: y"),
    "token no text": lambda: SessionToken(5),  # type: ignore[arg-type]  # what is tested
    "username": lambda: Password("", SECRET),
    "username with a colon": lambda: Password("a:b", SECRET),
    "username no text": lambda: Password(None, SECRET),  # type: ignore[arg-type]  # what is tested
    "password": lambda: Password("user", ""),
    "password no text": lambda: Password("user", 5),  # type: ignore[arg-type]  # what is tested
    "code": lambda: Password("user", SECRET, code="235991"),  # type: ignore[arg-type]  # what is tested
    "key": lambda: ApiKey("", SECRET, "81"),
    "key beyond ASCII": lambda: ApiKey(f"{SECRET}ü", SECRET, "81"),
    "key no text": lambda: ApiKey(lambda: SECRET, SECRET, "81"),  # type: ignore[arg-type]  # what is tested
    "secret": lambda: ApiKey("key", "", "81"),
    "user_id": lambda: ApiKey("key", SECRET, "me"),
    "user_id 0": lambda: ApiKey("key", SECRET, "0"),
    "user_id no text": lambda: ApiKey("key", SECRET, 8.1),
    "every_call": lambda: ApiKey("key", SECRET, "81", every_call="no"),  # type: ignore[arg-type]  # what is tested
}


@pytest.mark.parametrize(("case", "make"), BAD_CREDENTIALS.items(), ids=BAD_CREDENTIALS)
def test_a_bad_credential_cannot_be_made(case: str, make: object) -> None:
    """The error names the field, and never shows a secret."""
    with pytest.raises(ConfigurationError, match=case.split(maxsplit=1)[0]) as refused:
        make()  # type: ignore[operator]  # a table of callables
    assert SECRET not in str(refused.value)


def test_a_user_id_may_be_given_as_a_number() -> None:
    """A configuration file may say `user_id = 81`."""
    assert ApiKey("key", "secret", 81).user_id == "81"


CREDENTIALS = {
    "session token": SessionToken(SECRET),
    "session token from a callable": SessionToken(lambda: SECRET),
    "password": Password("user", SECRET, code=lambda: SECRET),
    "api key": ApiKey(SECRET, SECRET, "81"),
    "api key on every call": ApiKey(SECRET, SECRET, "81", every_call=True),
}


@pytest.mark.parametrize("auth", CREDENTIALS.values(), ids=CREDENTIALS)
def test_secrets_have_no_repr(auth: SessionToken | Password | ApiKey) -> None:
    """Neither a credential, nor a venue, nor a call or request shows a secret."""
    venue = Apex(BASE, auth=auth)
    call = venue.list_open("9")
    shown = [repr(thing) for thing in (auth, venue, call)]
    assert not any(SECRET in text for text in shown)


def test_the_plugin_is_found_by_its_name() -> None:
    """The entry point `apex` names the descriptor of this package."""
    assert load_venue("apex") is PLUGIN
    assert isinstance(PLUGIN, Plugin)
    assert (PLUGIN.contract, PLUGIN.venue) == (CONTRACT, Apex)
    assert PLUGIN.credentials == {
        "session-token": SessionToken,
        "password": Password,
        "api-key": ApiKey,
    }


def test_the_public_names_are_exactly_these() -> None:
    """Whatever else the package holds is private."""
    import countermand_apex  # noqa: PLC0415 - its namespace is what is tested

    public = {
        name
        for name, value in vars(countermand_apex).items()
        if not name.startswith("_") and getattr(value, "__module__", "").startswith("countermand_apex")
    }
    assert {*public, "PLUGIN"} == set(countermand_apex.__all__)
