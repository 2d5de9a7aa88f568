"""How one gets into Alpaca: a key and its secret, borne by every call."""

from __future__ import annotations

import attrs

from countermand.venue import Session, Stamp
from countermand.venue.credentials import Credential, Headers
from countermand.venue.settings import must_be_key


@attrs.frozen
class ApiKey(Credential):
    """A key of one account, live or paper; nothing is logged in to, and a refused key stays refused."""

    key_id: str = attrs.field(repr=False, validator=must_be_key)
    secret: str = attrs.field(repr=False, validator=must_be_key)

    @property
    def renewable(self) -> bool:
        """Whether a refused key can be had anew: no."""
        return False

    def headers(self, session: Session | None, stamp: Stamp) -> Headers:
        """Bear the key; Alpaca Trading API (OpenAPI), securitySchemes, API_Key and API_Secret."""
        return {"APCA-API-KEY-ID": self.key_id, "APCA-API-SECRET-KEY": self.secret}
