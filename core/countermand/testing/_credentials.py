"""What a router needs to log in at a simulated venue: fixed, public, worth nothing."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class SimulatedCredentials:
    """The test credentials of every simulator; any account but `other_account` belongs to this user."""

    user: str = "router"
    password: str = "simulated-password"  # noqa: S105 - a test credential, public
    #: The second factor, where the behaviour asks for one.
    code: str = "235991"
    api_key: str = "simulated-api-key"
    secret: str = "simulated-secret"  # noqa: S105 - a test credential, public
    user_id: str = "81"
    #: Valid from the start, without a log-in.
    session_token: str = "simulated-session-token"  # noqa: S105 - a test credential, public
    app_key: str = "simulated-application-key"
    account: str = "9"
    #: An account that belongs to somebody else.
    other_account: str = "13"
