"""Lets worlds speak TLS: one authority certifies all simulators of this process, and its clients trust it."""

from __future__ import annotations

import atexit
import functools
import os
import ssl
import threading

import trustme

from proof.scripts import Script

#: Where httpx's defaults look for whom to trust.
_TRUST = "SSL_CERT_FILE"

#: Many worlds begin at once, each in a thread: of two authorities only one would be trusted.
_ONE_AT_A_TIME = threading.Lock()


def tls_of(script: Script) -> ssl.SSLContext | None:
    """Return a server's context for a world that speaks TLS, of its own: its faults change it."""
    if not script.tls:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with _ONE_AT_A_TIME:
        certificate = _certificate()
    certificate.configure_cert(context)
    return context


@functools.cache
def _certificate() -> trustme.LeafCert:
    authority = trustme.CA()
    file = authority.cert_pem.tempfile()
    os.environ[_TRUST] = file.__enter__()
    atexit.register(file.__exit__, None, None, None)
    return authority.issue_cert("127.0.0.1")
