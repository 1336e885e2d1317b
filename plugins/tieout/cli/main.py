"""The entry point: parse, call one function, turn errors into exit codes.

Each command imports what it runs when it runs, so that ``tieout --help`` is quick and the
simulators need no Airflow. A family of commands is one module with ``add``, listed in FAMILIES.
"""

import argparse
import sys
from collections.abc import Sequence

from tieout.cli import (
    agents,
    audit,
    bindings,
    budget,
    close,
    conflicts,
    connect,
    desk,
    find,
    follow,
    gaps,
    holding,
    mapping,
    match,
    merges,
    plans,
    processes,
    replays,
    reports,
    streams,
    variances,
    webhooks,
)
from tieout.cli.common import FAILED
from tieout.errors import TieoutError

FAMILIES = (
    processes,
    reports,
    follow,
    gaps,
    variances,
    holding,
    plans,
    find,
    desk,
    close,
    replays,
    audit,
    streams,
    conflicts,
    bindings,
    connect,
    webhooks,
    budget,
    agents,
    mapping,
    match,
    merges,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 = done and good, 1 = done and not good, 2 = could not be done."""
    given = build_parser().parse_args(arguments)
    try:
        code: int = given.run(given)
    except TieoutError as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    except KeyboardInterrupt:
        return FAILED
    return code


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(prog="tieout", description="Keeps Xero and Sage 100 in step.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for family in FAMILIES:
        family.add(commands)
    return parser
