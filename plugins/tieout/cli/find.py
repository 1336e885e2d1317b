"""The commands that find a document by any of its names: find, passport."""

import argparse
from typing import TYPE_CHECKING

from tieout.cli.common import NOT_GOOD, OK, add_connections, open_installation, show

if TYPE_CHECKING:
    from pydantic import JsonValue

    from tieout.cli.common import Commands


def add(commands: "Commands") -> None:
    """Add the commands."""
    text = "find a document by any id, name, number or reference that it has in any system"
    parser = commands.add_parser("find", help=text)
    parser.add_argument("reference", metavar="ID", help="such as 1042, HP-1042 or a Sage number")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_connections(parser)
    parser.set_defaults(run=_find)
    text = "show a document's whole chain, from its capture to the books, by any id of it"
    passport = commands.add_parser("passport", help=text)
    passport.add_argument("reference", metavar="ID", help="as find takes it")
    passport.add_argument("--json", action="store_true", help="print JSON, with every payload")
    add_connections(passport)
    passport.set_defaults(run=_passport)


def _find(given: argparse.Namespace) -> int:
    from tieout.stack.tables import text_table

    tieout = open_installation(given)
    found = tieout.desk.find(given.reference)
    written = tieout.ledger.deliveries([one.document_id for one in found])
    lines = []
    for one in found:
        lines.append(f"{one.pair}  {one.name}  {one.source} {one.source_id}  {one.state}")
        rows = [
            (each.target, each.entity, each.external_no or each.external_id, each.state)
            for each in written
            if each.document_id == one.document_id
        ]
        lines.append(text_table(("system", "record", "number", "state"), rows))
    documents: list[JsonValue] = [
        {
            "document": one.model_dump(mode="json", include=_SHOWN),
            "deliveries": [
                each.model_dump(mode="json", include=_WRITTEN)
                for each in written
                if each.document_id == one.document_id
            ],
        }
        for one in found
    ]
    show(given, {"found": documents}, "\n".join(lines) or f"Nothing is known as {given.reference}.")
    return OK if found else NOT_GOOD


def _passport(given: argparse.Namespace) -> int:
    from tieout.ledger.passports import passports
    from tieout.stack import passport_reports

    found = passports(open_installation(given).ledger.database, given.reference)
    show(given, passport_reports.passports_json(found), passport_reports.passports_text(found))
    return OK


_SHOWN = {"pair", "document_id", "source", "account", "source_id", "name", "state"}
_WRITTEN = {"target", "entity", "document_key", "external_id", "external_no", "state"}
