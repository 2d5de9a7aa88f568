"""What a setting of this venue must be, besides what every venue asks."""

from __future__ import annotations

from countermand.venue.settings import must_match

#: AutoShares Single-Factor Authentication, Syntax: user and password are headers, so are bound to ASCII.
must_be_header_text = must_match(
    "a non-empty text of printable ASCII characters, no blank at its ends", r"[!-~]([ -~]*[!-~])?"
)
must_be_version = must_match('a version like "1.0"', r"[0-9]{1,4}(\.[0-9]{1,4})?")
