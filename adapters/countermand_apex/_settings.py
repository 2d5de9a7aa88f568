"""What a setting of this venue must be, besides what every venue asks."""

from __future__ import annotations

from countermand.venue.settings import must_be, must_match

#: AlphaPoint CancelOrder, Request: "OMSId: integer", where ids are "long integer".
must_be_oms = must_be(
    "a whole number from 1 to 2^31-1", lambda value: type(value) is int and 0 < value < 1 << 31
)
must_be_text = must_be("a non-empty text", lambda value: isinstance(value, str) and value != "")
must_be_user_id = must_match("a positive whole number", r"[1-9][0-9]{0,18}")
#: RFC 7617, 2: "a user-id containing a colon character is invalid", and so are control characters.
must_be_user_name = must_match("a non-empty text without colon or control characters", r"[^:\x00-\x1f\x7f]+")
