"""`countermand new-venue`: the package of a plugin, whose tests tell what is left to fill in."""

from __future__ import annotations

import shlex
from pathlib import Path

from countermand.cli._new_venue_files import write_package
from countermand.cli._new_venue_name import VenueName


def new_venue(name: str, /, *, directory: Path = Path()) -> int:
    """Write the package of a plugin for a new venue, with a simulator and tests that run at once.

    Its tests fail in the parts that the venue's documents decide, each with what to do.

    :param name: What the venue is called: a lower-case Python identifier, such as "acme".
    :param directory: Where the package's folder, countermand_NAME, is made.
    """
    venue = VenueName(name)
    home = write_package(venue, directory)
    print(
        f"{home} is written. Next:\n\n"
        f"  cd {shlex.quote(str(home))}\n"
        "  pip install -e '.[test]'\n"
        "  pytest\n\n"
        f"Each case that fails tells what to do. Write what the documents of {venue.title} say into\n"
        f"tests/documents.py, then mend src/{venue.package} until all cases pass.\n"
        "docs/new-venue.md of countermand goes this way step by step."
    )
    return 0
