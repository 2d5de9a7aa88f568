"""What a venue and its credentials can be built of."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from countermand.errors import ConfigurationError
from countermand.venue import CONTRACT, load_venue
from countermand_autoshares import PLUGIN, AccessToken, AutoShares, Password

BASE = "https://api.autoshares.dev"
SECRET = "canary-3f9c"


def autoshares(base_url: str = BASE, app_key: object = SECRET, **settings: object) -> AutoShares:
    return AutoShares(base_url, app_key, **{"auth": AccessToken(SECRET), **settings})  # type: ignore[arg-type]  # settings by name


BAD = {
    "base_url": (lambda: autoshares("http://api.autoshares.dev"), "base_url"),
    "app_key empty": (lambda: autoshares(app_key=""), "app_key"),
    "app_key with a line": (lambda: autoshares(app_key=f"{SECRET}\n"), "app_key"),
    "app_key no text": (lambda: autoshares(app_key=lambda: SECRET), "app_key"),
    "auth": (lambda: autoshares(auth=7), "auth"),
    "name empty": (lambda: autoshares(name=""), "name"),
    "name a number": (lambda: autoshares(name="7"), "name"),
    "api_version with a v": (lambda: autoshares(api_version="v1.0"), "api_version"),
    "api_version a path": (lambda: autoshares(api_version="1.0/x"), "api_version"),
    "api_version a number": (lambda: autoshares(api_version=1.0), "api_version"),
    "read_lag_s negative": (lambda: autoshares(read_lag_s=-1), "read_lag_s"),
    "read_lag_s no end": (lambda: autoshares(read_lag_s=float("inf")), "read_lag_s"),
    "read_lag_s no number": (lambda: autoshares(read_lag_s=True), "read_lag_s"),
    "token empty": (lambda: AccessToken(""), "token"),
    "token with a line": (lambda: AccessToken(f"{SECRET}\r\nX: y"), "token"),
    "username empty": (lambda: Password("", SECRET), "username"),
    "username no text": (lambda: Password(7, SECRET), "username"),  # type: ignore[arg-type]  # what is tested
    "password beyond ASCII": (lambda: Password("user", f"{SECRET}é"), "password"),
    "password callable": (lambda: Password("user", lambda: SECRET), "password"),  # type: ignore[arg-type]  # what is tested
    "code a text": (lambda: Password("user", SECRET, code=SECRET), "code"),  # type: ignore[arg-type]  # what is tested
}


@pytest.mark.parametrize(("build", "setting"), BAD.values(), ids=BAD)
def test_a_setting_that_cannot_be_used_is_refused_at_birth(build: Callable[[], object], setting: str) -> None:
    """The error names the setting and shows no secret."""
    with pytest.raises(ConfigurationError, match=setting) as caught:
        build()
    assert SECRET not in str(caught.value)


def test_what_is_left_out_has_its_documented_default() -> None:
    """Name, version and read lag; the slash at the end of the base URL does not count."""
    venue = autoshares(BASE + "/api/")
    assert (venue.base_url, venue.name) == (BASE + "/api", "autoshares")
    assert (venue.api_version, venue.capabilities.read_lag_s) == ("1.0", 5.0)


@pytest.mark.parametrize(
    ("auth", "renewable"),
    [(AccessToken("t"), False), (AccessToken(lambda: "t"), True), (Password("user", "secret"), True)],
    ids=["a token", "a callable", "a password"],
)
def test_a_session_is_renewable_unless_its_token_is_fixed(
    auth: AccessToken | Password, renewable: bool
) -> None:
    """A fixed token that was refused would be refused again."""
    assert autoshares(auth=auth).renewable is renewable


def test_no_secret_has_a_repr() -> None:
    """Neither key nor token, password or source of codes."""
    for auth in (AccessToken(SECRET), Password("user", SECRET, code=lambda: SECRET)):
        assert SECRET not in repr(autoshares(auth=auth))
    assert "user" in repr(Password("user", SECRET))


def test_the_entry_point_names_this_plugin() -> None:
    """The core finds it by its name, as it would anyone's."""
    assert load_venue("autoshares") is PLUGIN
    assert (PLUGIN.contract, PLUGIN.venue) == (CONTRACT, AutoShares)
    assert PLUGIN.credentials == {"access-token": AccessToken, "password": Password}
