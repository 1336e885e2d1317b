"""Commands on who is whom in the two ledgers: bindings list, link, part, import, and so on."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tieout.cli.common import (
    NOT_GOOD,
    OK,
    actor,
    add_by,
    add_connections,
    open_installation,
    say,
    show,
)

if TYPE_CHECKING:
    from pydantic import JsonValue

    from tieout.cli.common import Commands
    from tieout.domain.in_step.crosswalk import KeptBinding, KeptNotSame, RecordName
    from tieout.domain.ledger import DeadLetter
    from tieout.usecases.in_step.binding import Bindings, Said

KINDS = ("customer", "item", "vendor")
KEYS_LISTED_MAX = 500
RECORD = "a record, such as xero:ID or sage100:00-ACME"


def add(commands: "Commands") -> None:
    """Add the commands."""
    parser = commands.add_parser("bindings", help="say who is whom in the two ledgers")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = _action(actions, "list", _list, "list who is bound to whom, and who said so")
    listing.add_argument("--of", default="", metavar="ID", help="only of this key, id or number")
    listing.add_argument("--all", action="store_true", help="what was ended or taken back, too")
    listing.add_argument("--json", action="store_true", help="print JSON")
    link = _two(actions, "link", _link, "bind a record of one ledger to one of the other")
    link.add_argument("--reason", default="", metavar="TEXT", help="why; kept with it")
    unlink = _action(actions, "unlink", _unlink, "end a record's binding")
    unlink.add_argument("record", metavar="RECORD", help=RECORD)
    unlink.add_argument("--reason", required=True, metavar="TEXT", help="why; kept with it")
    add_by(unlink)
    part = _two(actions, "part", _part, "keep that two records are not the same")
    part.add_argument("--reason", default="", metavar="TEXT", help="why; kept with it")
    _two(actions, "rejoin", _rejoin, "take back that two records are not the same")
    orphans = _action(actions, "orphans", _orphans, "list what is bound to nothing both show")
    orphans.add_argument("--json", action="store_true", help="print JSON")
    export = _action(actions, "export", _export, "write all of it into a CSV file")
    export.add_argument("--out", type=Path, required=True, metavar="FILE")
    bring_in = _action(actions, "import", _import, "keep what such a file says")
    bring_in.add_argument("file", type=Path, metavar="FILE")
    bring_in.add_argument("--dry-run", action="store_true", help="only say what it would come to")
    bring_in.add_argument(
        "--good-rows", action="store_true", help="keep the good rows even if others are wrong"
    )
    add_by(bring_in)


def _action(actions: "Commands", name: str, run: object, text: str) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=text)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--pair", required=True, help="whose records")
    add_connections(parser)
    parser.set_defaults(run=run)
    return parser


def _two(actions: "Commands", name: str, run: object, text: str) -> argparse.ArgumentParser:
    parser = _action(actions, name, run, text)
    parser.add_argument("one", metavar="RECORD", help=RECORD)
    parser.add_argument("other", metavar="RECORD", help="another one")
    add_by(parser)
    return parser


def _open(given: argparse.Namespace, *, by: str = "") -> "Bindings":
    from tieout.wiring.bindings import open_bindings

    tieout = open_installation(given)
    return open_bindings(tieout.acting_as(by) if by else tieout, given.pair, given.kind)


def _named(given: argparse.Namespace) -> "tuple[RecordName, RecordName]":
    from tieout.domain.in_step.crosswalk import RecordName

    return RecordName.read(given.one), RecordName.read(given.other)


def _list(given: argparse.Namespace) -> int:
    bindings = _open(given)
    kept = bindings.kept(given.of, with_ended=given.all, limit=KEYS_LISTED_MAX)
    parted = bindings.parted(given.of, with_ended=given.all)
    listed: dict[str, JsonValue] = {
        "bindings": [one.model_dump(mode="json") for one in kept],
        "parted": [one.model_dump(mode="json") for one in parted],
    }
    told = [*map(_binding_text, kept), *map(_parted_text, parted)]
    show(given, listed, "\n".join(told) or "Nothing is bound.")
    return OK


def _binding_text(one: "KeptBinding") -> str:
    who = f", {one.bound_by}" if one.bound_by else ""
    sure = f", confidence {one.confidence:g}" if one.confidence is not None else ""
    told = f"{one.key}  {one.record}  {one.bound_at:%Y-%m-%d %H:%M}{who}: {one.provenance}{sure}"
    if one.ended_at is None:
        return told
    return f"{told}; ended {one.ended_at:%Y-%m-%d %H:%M}, {one.ended_by}: {one.ended_why}"


def _parted_text(one: "KeptNotSame") -> str:
    first, second = one.records
    why = f": {one.why}" if one.why else ""
    told = f"{first} is not {second}  {one.said_at:%Y-%m-%d %H:%M}, {one.said_by}{why}"
    if one.ended_at is None:
        return told
    return f"{told}; taken back {one.ended_at:%Y-%m-%d %H:%M}, {one.ended_by}"


def _link(given: argparse.Namespace) -> int:
    one, other = _named(given)
    said = _open(given, by=actor(given)).link(one, other, why=given.reason)
    names = _both(said, one, other)
    if not said.is_new:
        say(f"{names} were one before, as {said.key}.")
        return OK
    say(f"{names} are one from now on, as {said.key}. {_next(said.replayable, 'compares them')}")
    return OK


def _unlink(given: argparse.Namespace) -> int:
    from tieout.domain.in_step.crosswalk import RecordName

    record = RecordName.read(given.record)
    said = _open(given, by=actor(given)).unlink(record, why=given.reason)
    ended = " and ".join(map(str, said.ended))
    say(
        f"{ended}: no longer bound to {said.key}. What is alike is set aside when it changes next; "
        "say with tieout bindings link or part who it is."
    )
    return OK


def _part(given: argparse.Namespace) -> int:
    one, other = _named(given)
    said = _open(given, by=actor(given)).part(one, other, why=given.reason)
    names = _both(said, one, other)
    kept = "are not the same from now on" if said.is_new else "were said not to be the same before"
    say(f"{names} {kept}. {_next(said.replayable, '')}".rstrip())
    return OK


def _both(said: "Said", one: "RecordName", other: "RecordName") -> str:
    first, second = said.names
    return f"{first} ({one}) and {second} ({other})"


def _next(letters: "tuple[DeadLetter, ...]", otherwise: str) -> str:
    """Say what comes next: a replay of what was set aside for this, or the next run."""
    if not letters:
        return f"The next run {otherwise}." if otherwise else ""
    numbers = " ".join(str(one.dead_letter_id) for one in letters)
    return f"What was set aside for it can go on: tieout replay {numbers}"


def _rejoin(given: argparse.Namespace) -> int:
    one, other = _named(given)
    _open(given, by=actor(given)).rejoin(one, other)
    say(
        f"{one} and {other} may be the same again. What is alike is set aside when it changes next."
    )
    return OK


def _orphans(given: argparse.Namespace) -> int:
    from tieout.usecases.in_step.orphans import report_text
    from tieout.wiring.bindings import open_orphans

    found = open_orphans(open_installation(given), given.pair, given.kind).orphans()
    listed: list[JsonValue] = [one.model_dump(mode="json") for one in found]
    show(given, {"orphans": listed}, report_text(found))
    return NOT_GOOD if found else OK


def _export(given: argparse.Namespace) -> int:
    from tieout.stack import binding_files
    from tieout.usecases.in_step.importing import exported

    count = binding_files.write(given.out, given.pair, given.kind, exported(_open(given)))
    say(f"{count} rows in {given.out}.")
    return OK


def _import(given: argparse.Namespace) -> int:
    from tieout.stack import binding_files
    from tieout.usecases.in_step.importing import bring_in

    rows, faults = binding_files.read(given.file, given.pair, given.kind)
    imported = bring_in(
        _open(given, by=actor(given)),
        rows,
        is_dry=given.dry_run or bool(faults and not given.good_rows),
        only_good=given.good_rows,
    )
    wrong = [*faults, *imported.faults]
    told = (
        f"{imported.bound} to bind, {imported.bound_before} bound before, {imported.parted} apart"
    )
    kept = "kept" if imported.is_kept else "nothing was kept"
    say("\n".join([*wrong, f"{told}, {len(wrong)} wrong: {kept}."]))
    return NOT_GOOD if wrong else OK
