"""What every command shares: exit codes, options, opening an installation, printing."""

import argparse
import getpass
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import JsonValue

    from tieout.domain.desk import LetterQuery
    from tieout.wiring.installation import Tieout

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - it has no other name

HOME_DEFAULT = Path("var")
CONNECTIONS_SETTING = "TIEOUT_CONNECTIONS"
INCLUDE_SETTING = "TIEOUT_INCLUDE"
OK, NOT_GOOD, FAILED = 0, 1, 2


def add_connections(parser: argparse.ArgumentParser) -> None:
    """Add where the installation is."""
    parser.add_argument(
        "--connections",
        type=Path,
        help=f"connections file, default {HOME_DEFAULT}/connections.json",
    )
    parser.add_argument("--include", type=Path, help="folder of pairs and mappings")


def add_report(parser: argparse.ArgumentParser, *, run: object) -> None:
    """Add the options of a command that reports."""
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--pair", help="only this pair")
    add_connections(parser)
    parser.set_defaults(run=run)


def add_by(parser: argparse.ArgumentParser) -> None:
    """Add who acts; the audit names them."""
    parser.add_argument(
        "--by", default="", metavar="NAME", help="who acts, default your login name here"
    )


def actor(given: argparse.Namespace) -> str:
    """Return who acts."""
    return str(given.by).strip() or getpass.getuser()


def moment(text: str) -> datetime:
    """Read a day or a time in ISO form; without an offset it is UTC."""
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def add_letter_filters(parser: argparse.ArgumentParser) -> None:
    """Add which dead letters are meant."""
    parser.add_argument("--pair", help="only this pair")
    parser.add_argument("--cause", default="", help="only this cause")
    parser.add_argument("--flow", help="only what this flow set aside, such as order_to_cash")
    parser.add_argument("--since", type=moment, metavar="TIME", help="only set aside since")
    parser.add_argument("--until", type=moment, metavar="TIME", help="only set aside before")


def letter_query(given: argparse.Namespace, *, is_open: bool | None = True) -> "LetterQuery":
    """Return the query that the filters say."""
    from tieout.domain.desk import LetterQuery
    from tieout.usecases.desk import records_of

    return LetterQuery(
        pair=given.pair or "",
        cause=given.cause,
        records=records_of(given.flow) if given.flow else None,
        since=given.since,
        until=given.until,
        is_open=is_open,
    )


def open_installation(given: argparse.Namespace) -> "Tieout":
    """Return the installation that the options or the environment name."""
    from tieout.stack.secrets import kept_fernet_key
    from tieout.wiring.installation import open_tieout

    connections = connections_file(given)
    key = kept_fernet_key(connections.parent)
    return open_tieout(connections, include_folder(given), token_key=key)


def include_folder(given: argparse.Namespace) -> Path:
    """Return the folder of pairs and mappings that the options or the environment name."""
    from tieout.stack.configuration import checkout

    named: Path | None = given.include
    return named or Path(os.environ.get(INCLUDE_SETTING, str(checkout() / "include")))


def connections_file(given: argparse.Namespace) -> Path:
    """Return the connections file that the options or the environment name."""
    named: Path | None = given.connections
    default = os.environ.get(CONNECTIONS_SETTING, str(HOME_DEFAULT / "connections.json"))
    return named or Path(default)


def show(given: argparse.Namespace, value: "JsonValue", text: str) -> None:
    """Print ``value`` as JSON if asked for, else ``text``."""
    say(json.dumps(value, indent=2, ensure_ascii=False) if given.json else text)


def say(text: str) -> None:
    """Print one line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
