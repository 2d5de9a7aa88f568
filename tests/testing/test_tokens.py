"""The life of a session token, in a time that is passed in."""

from __future__ import annotations

import pytest

from countermand.testing import Tokens


@pytest.fixture
def tokens() -> Tokens:
    return Tokens("fixed")


def test_tokens_are_each_their_own_and_the_same_in_every_run(tokens: Tokens) -> None:
    """Two runs of one test see the same tokens."""
    issued = [tokens.issue(0.0), tokens.issue_interim(), tokens.issue(0.0)]
    assert len(set(issued)) == 3
    assert issued[0] == Tokens("fixed").issue(5.0)


@pytest.mark.parametrize(
    ("uses", "valid"),
    [
        pytest.param([10.0], [True], id="in-time"),
        pytest.param([10.1], [False], id="too-late"),
        pytest.param([9.0, 18.0, 28.0], [True, True, True], id="each-use-counts"),
        pytest.param([9.0, 19.1, 19.2], [True, False, False], id="dead-for-good"),
    ],
)
def test_lifetime_counts_from_the_last_use(tokens: Tokens, uses: list[float], valid: list[bool]) -> None:
    """A token expires when it was not used for its lifetime."""
    token = tokens.issue(0.0)
    assert [tokens.use(token, now, 10.0) for now in uses] == valid


def test_token_without_lifetime_lives_on(tokens: Tokens) -> None:
    """Without a lifetime a token is valid for ever."""
    token = tokens.issue(0.0)
    assert tokens.use(token, 1e9, None)


def test_fixed_token_begins_to_age_with_its_first_use(tokens: Tokens) -> None:
    """The fixed token is valid whenever the test begins, and expires like any other."""
    assert tokens.use("fixed", 1e9, 10.0)
    assert not tokens.use("fixed", 1e9 + 11, 10.0)


def test_expiry_spares_none(tokens: Tokens) -> None:
    """After `expire` no token is valid, but new ones are."""
    token, interim = tokens.issue(0.0), tokens.issue_interim()
    tokens.expire()
    assert not any(tokens.use(dead, 1.0, None) for dead in (token, "fixed"))
    assert not tokens.is_interim(interim)
    assert tokens.use(tokens.issue(1.0), 1.0, None)


def test_revoked_token_is_invalid_at_once(tokens: Tokens) -> None:
    """A log-out ends one token of either kind and no other."""
    token, interim, other = tokens.issue(0.0), tokens.issue_interim(), tokens.issue_interim()
    tokens.revoke(token)
    tokens.revoke(interim)
    tokens.revoke("never seen")
    assert not tokens.use(token, 0.0, None)
    assert (tokens.is_interim(interim), tokens.is_interim(other)) == (False, True)


def test_interim_token_is_no_session(tokens: Tokens) -> None:
    """Half a log-in opens nothing."""
    assert not tokens.use(tokens.issue_interim(), 0.0, None)
