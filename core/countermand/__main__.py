"""The command `countermand`, also as `python -m countermand`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

#: What the commands need beyond the library: the extra `cli`.
_EXTRA = frozenset({"cyclopts", "rich", "h11"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; 2 with a hint where the extra `cli` is missing."""
    try:
        from countermand.cli import run  # noqa: PLC0415 - an extra, which the library does not need
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        print(f"countermand: {error.name} is missing: pip install 'countermand[cli]'", file=sys.stderr)  # noqa: T201 - the command's own word
        return 2
    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
