"""The commands in one place, and what their mistakes look like."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError, Parameter

from countermand import __version__
from countermand.cli._cancel import cancel
from countermand.cli._cancel_all import cancel_all
from countermand.cli._cancel_many import cancel_many
from countermand.cli._checkup._command import check
from countermand.cli._demo import demo
from countermand.cli._kill import kill
from countermand.cli._new_venue import new_venue
from countermand.cli._orders import orders
from countermand.cli._settle import settle
from countermand.cli._simulate import simulate
from countermand.cli._venues import venues
from countermand.errors import CountermandError

#: The exit code for a wrong usage, a configuration that cannot be used, a plugin that is not there.
MISUSE = 2
#: As shells have it: 128 and the number of SIGINT.
INTERRUPTED = 130
#: What is said of an interrupt that says nothing of itself.
_MAY_ACT = "a cancel that was sent may yet take effect"

app = App(
    name="countermand",
    version=__version__,
    help="Cancel orders at many trading venues and know what became of them.",
    default_parameter=Parameter(negative=""),  # a flag is given or left out; there is no --no-json
    suppress_keyboard_interrupt=False,  # told below
)
for _command in (
    demo,
    simulate,
    cancel,
    cancel_many,
    cancel_all,
    kill,
    orders,
    settle,
    venues,
    check,
    new_venue,
):
    app.command(_command)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; whatever is the user's mistake is one line on stderr and `MISUSE`."""
    try:
        code = app(
            sys.argv[1:] if arguments is None else list(arguments),
            exit_on_error=False,
            print_error=True,
            result_action="return_value",
        )
    except CycloptsError:  # it has been told
        return MISUSE
    except CountermandError as error:
        print(f"countermand: {error}", file=sys.stderr)
        return MISUSE
    except KeyboardInterrupt as interrupt:
        print(f"countermand: interrupted; {interrupt if interrupt.args else _MAY_ACT}", file=sys.stderr)
        return INTERRUPTED
    return code or 0
