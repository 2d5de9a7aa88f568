"""Which parser reads the answers: the one over httptools where that is installed, else the one over h11."""

from __future__ import annotations

from importlib.util import find_spec

from countermand._wire._h11_parser import H11Parser
from countermand._wire._head import Parser


def parser_over(library: str) -> type[Parser]:
    """Return the parser over httptools if that library is there, else the one that needs none."""
    if find_spec(library) is None:
        return H11Parser
    from countermand._wire._httptools_parser import HttptoolsParser  # noqa: PLC0415 - it may not be there

    return HttptoolsParser


FASTEST = parser_over("httptools")
