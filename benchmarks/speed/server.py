"""The C server: built for the run, pinned to a core, ended by its own id."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from speed.loads import Link

SOURCE = Path(__file__).with_name("server.c")
_COMPILE = "gcc -O2 -Wall -Wextra -o {program} {source} -lssl -lcrypto"
_CERTIFY = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1 "
    "-addext subjectAltName=IP:127.0.0.1 -addext keyUsage=critical,digitalSignature,keyCertSign "
    "-keyout {key} -out {certificate}"
)


@attrs.frozen(kw_only=True)
class Built:
    """The program, and the certificate it shows, which is the one to trust."""

    program: Path
    certificate: Path
    key: Path


def build(folder: Path) -> Built:
    """Compile the server, and make a certificate for it.

    Raises `FileNotFoundError` without gcc or openssl, `CalledProcessError` if one of them fails.
    """
    built = Built(program=folder / "server", certificate=folder / "certificate.pem", key=folder / "key.pem")
    _run(_COMPILE, program=built.program, source=SOURCE)
    _run(_CERTIFY, key=built.key, certificate=built.certificate)
    return built


def _run(command: str, **paths: Path) -> None:
    name, *words = (word.format(**paths) for word in command.split())
    if (program := shutil.which(name)) is None:
        raise FileNotFoundError(f"{name} is needed to build the server and its certificate")
    try:
        subprocess.run([program, *words], check=True, capture_output=True, text=True)  # noqa: S603 - our own
    except subprocess.CalledProcessError as error:
        error.add_note(error.stderr)
        raise


@attrs.frozen(kw_only=True)
class Server:
    """A server that runs."""

    url: str
    port: int


@contextmanager
def running(built: Built, link: Link, core: int | None = None, *, sleeps: bool = False) -> Iterator[Server]:
    """Run a server for a link, on a core if one is given; one that `sleeps` is woken for each request."""
    words = [str(built.program), "--delay-us", str(link.delay_us), "--headers", str(link.headers)]
    words += ["--sleeps"] if sleeps else []
    words += ["--cert", str(built.certificate), "--key", str(built.key)] if link.tls else []
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - words of our own
        try:
            if core is not None:
                os.sched_setaffinity(process.pid, {core})
            assert process.stdout is not None  # noqa: S101 - for the type checker
            port = int(process.stdout.readline())
            scheme = "https" if link.tls else "http"
            yield Server(url=f"{scheme}://127.0.0.1:{port}", port=port)
        finally:
            process.kill()
