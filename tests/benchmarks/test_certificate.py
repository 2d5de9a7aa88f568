"""Worlds that speak TLS: many of them begin at once."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
import pytest

from proof.certificate import _TRUST, _certificate, tls_of

AT_ONCE = 8


def test_all_worlds_have_one_authority(hand: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whom one world trusts no other world changes, also where they begin at the same moment."""
    script = attrs.evolve(hand.world(()).script, sockets=True, tls=True)
    together = threading.Barrier(AT_ONCE)

    def trusted() -> str:
        together.wait()
        assert tls_of(script) is not None
        return os.environ[_TRUST]

    monkeypatch.setenv(_TRUST, "nobody's")
    _certificate.cache_clear()
    try:
        with ThreadPoolExecutor(AT_ONCE) as worlds:
            begun = [worlds.submit(trusted) for _ in range(AT_ONCE)]
        assert len({one.result() for one in begun}) == 1
    finally:
        _certificate.cache_clear()
