"""Commands of the desk of dead letters: dead-letters, correct, dismiss, resolve."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from tieout.cli.common import (
    OK,
    actor,
    add_by,
    add_connections,
    add_letter_filters,
    add_report,
    letter_query,
    open_installation,
    say,
    show,
)
from tieout.errors import RejectedError

if TYPE_CHECKING:
    from tieout.cli.common import Commands
    from tieout.domain.base import DeadLetterId
    from tieout.domain.json_patch import Operation


def add(commands: "Commands") -> None:
    """Add the commands."""
    _add_list(commands.add_parser("dead-letters", help="list or show what was set aside"))
    _add_correct(commands.add_parser("correct", help="change what a dead letter's record says"))
    _add_dismiss(commands.add_parser("dismiss", help="close a dead letter that nobody will post"))
    resolve = commands.add_parser("resolve", help="close what is proven posted, with the proof")
    add_report(resolve, run=_resolve)


def _add_list(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--all", action="store_true", help="the closed ones too")
    add_letter_filters(parser)
    add_connections(parser)
    parser.set_defaults(run=_list)
    actions = parser.add_subparsers(dest="action", metavar="show")
    one = actions.add_parser("show", help="show all there is to see of one")
    _add_number(one)
    one.add_argument("--json", action="store_true", help="print JSON, with whole payloads")
    add_connections(one)
    one.set_defaults(run=_show)


def _add_number(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "dead_letter_id", type=int, metavar="ID", help="number, as dead-letters lists it"
    )


def _add_correct(parser: argparse.ArgumentParser) -> None:
    _add_number(parser)
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="/PATH=VALUE",
        help="put a value at a place (JSON pointer, RFC 6901); may be repeated",
    )
    parser.add_argument(
        "--remove", action="append", default=[], metavar="/PATH", help="remove what is there"
    )
    parser.add_argument("--patch", type=Path, metavar="FILE", help="a JSON Patch (RFC 6902)")
    parser.add_argument("--by", required=True, metavar="NAME", help="who corrects it")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_connections(parser)
    parser.set_defaults(run=_correct)


def _add_dismiss(parser: argparse.ArgumentParser) -> None:
    _add_number(parser)
    add_by(parser)
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why nobody will post it")
    add_connections(parser)
    parser.set_defaults(run=_dismiss)


def _list(given: argparse.Namespace) -> int:
    from tieout.stack import letters

    query = letter_query(given, is_open=None if given.all else True)
    found = open_installation(given).desk.letters(query)
    show(given, letters.letters_json(found), letters.letters_text(found))
    return OK


def _show(given: argparse.Namespace) -> int:
    from tieout.stack import letters
    from tieout.usecases.desk import show as show_letter

    tieout = open_installation(given)
    number: DeadLetterId = given.dead_letter_id
    pair = tieout.desk.case(number).letter.pair
    shown = show_letter(tieout.desk, tieout.mapper(pair), number)
    show(given, letters.shown_json(shown), letters.shown_text(shown))
    return OK


def _correct(given: argparse.Namespace) -> int:
    from tieout.stack import letters
    from tieout.usecases.desk import Wish, correct

    tieout = open_installation(given)
    number: DeadLetterId = given.dead_letter_id
    pair = tieout.desk.case(number).letter.pair
    wish = Wish(
        texts=tuple(_assignment(text) for text in given.set),
        removals=tuple(given.remove),
        operations=_operations(given.patch) if given.patch else (),
    )
    made = correct(tieout.desk, tieout.mapper(pair), number, wish, by=given.by, reason=given.reason)
    show(given, made.model_dump(mode="json"), letters.correction_text(made))
    if not given.json:
        say(f"Try it with 'tieout replay {number} --dry-run', then 'tieout replay {number}'.")
    return OK


def _assignment(text: str) -> tuple[str, str]:
    path, is_given, value = text.partition("=")
    if not is_given or not path.startswith("/"):
        raise RejectedError(
            f"--set {text} is not /PATH=VALUE.",
            remedy="Write for example --set /lineItems/nodes/0/sku=LAMP-01.",
            cause="correction_does_not_apply",
        )
    return path, value


def _operations(path: Path) -> "tuple[Operation, ...]":
    from pydantic import TypeAdapter, ValidationError

    from tieout.domain.json_patch import Operation

    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return TypeAdapter(tuple[Operation, ...]).validate_python(raw)
    except (OSError, ValueError, ValidationError) as error:
        raise RejectedError(
            f"{path} is no JSON Patch of add, remove and replace: {type(error).__name__}.",
            remedy='Write a list of operations such as {"op": "remove", "path": "/note"}.',
            cause="correction_does_not_apply",
        ) from error


def _dismiss(given: argparse.Namespace) -> int:
    number: DeadLetterId = given.dead_letter_id
    tieout = open_installation(given)
    tieout.desk.dismiss(number, by=actor(given), reason=given.reason)
    say(f"{number}  dismissed; its record is skipped by the rule 'dismissed'")
    return OK


def _resolve(given: argparse.Namespace) -> int:
    from tieout.stack import letters

    tieout = open_installation(given)
    pairs = [given.pair] if given.pair else list(tieout.pairs)
    resolved = [one for pair in pairs for one in tieout.resolve_proven(pair)]
    show(given, letters.resolved_json(resolved), letters.resolved_text(resolved))
    return OK
