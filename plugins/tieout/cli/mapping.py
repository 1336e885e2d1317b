"""Commands on mapping files: mapping check, explain, preview, coverage, replay. None writes."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tieout.cli.common import (
    NOT_GOOD,
    OK,
    add_connections,
    add_report,
    connections_file,
    include_folder,
    open_installation,
    show,
)
from tieout.errors import ConfigurationError

if TYPE_CHECKING:
    from tieout.cli.common import Commands
    from tieout.domain.base import Json
    from tieout.domain.ledger import Document
    from tieout.wiring.installation import Tieout
    from tieout.wiring.mappings import Mappings

ORDER = "its name (#1042) or id"
ACCOUNTS_DAYS = 90


def add(commands: "Commands") -> None:
    """Add the commands."""
    parser = commands.add_parser("mapping", help="check, explain and try mapping files")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, run, text in (
        ("check", _check, "check every file, against both sides' schemas and the pair's codes"),
        ("coverage", _coverage, "say which fields are moved, and which sales have an account"),
    ):
        one = actions.add_parser(name, help=text)
        one.add_argument("--offline", action="store_true", help="ask no system")
        add_report(one, run=run)
        if run is _coverage:
            one.add_argument("--fields", action="store_true", help="also name what is left")
            one.add_argument(
                "--days",
                type=int,
                default=ACCOUNTS_DAYS,
                metavar="N",
                help=f"of how many days sales are asked for their account; {ACCOUNTS_DAYS} else",
            )
    explain = actions.add_parser("explain", help="say where each field comes from, with values")
    explain.add_argument("mapping", metavar="MAPPING", help="such as to_sage100/customer")
    explain.add_argument("--field", default="", help="only fields that begin so")
    _add_order(explain, run=_explain)
    preview = actions.add_parser("preview", help="show the payloads that an order makes")
    _add_order(preview, run=_preview)
    replay = actions.add_parser("replay", help="show what the files would do to past orders")
    replay.add_argument("--days", type=int, required=True, metavar="N", help="done in so many days")
    add_report(replay, run=_replay)


def _add_order(parser: argparse.ArgumentParser, *, run: object) -> None:
    parser.add_argument("order", nargs="?", default="", metavar="ORDER", help=ORDER)
    parser.add_argument("--file", type=Path, help="a JSON file with the record, instead of ORDER")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--pair", required=True, help="the pair whose files they are")
    add_connections(parser)
    parser.set_defaults(run=run)


def _opened(given: argparse.Namespace) -> "Tieout | None":
    """Return the installation, None where none is named or wanted."""
    is_offline = getattr(given, "offline", False) or not connections_file(given).exists()
    return None if is_offline else open_installation(given)


def _all(given: argparse.Namespace) -> "dict[str, Mappings]":
    from tieout.settings import load_pairs
    from tieout.wiring.mappings import Mappings

    include, tieout = include_folder(given), _opened(given)
    pairs = load_pairs(include)
    if given.pair and given.pair not in pairs:
        message = f"There is no pair {given.pair!r}; there are {', '.join(pairs)}."
        raise ConfigurationError(message, remedy="Use one of these.")
    return {
        name: Mappings(include, pair, tieout)
        for name, pair in pairs.items()
        if given.pair in (None, name)
    }


def _check(given: argparse.Namespace) -> int:
    from tieout.stack import mapping_reports

    problems = {pair: one.problems() for pair, one in _all(given).items()}
    against = "the vendors' documents" if _opened(given) is None else "both live systems"
    text = mapping_reports.problems_text(problems, against=against)
    listed: Json = {pair: [*found] for pair, found in problems.items()}
    show(given, {"against": against, "problems": listed}, text)
    return NOT_GOOD if any(problems.values()) else OK


def _coverage(given: argparse.Namespace) -> int:
    from tieout.stack import account_reports, mapping_reports

    found: Json = {}
    texts = []
    for pair, one in _all(given).items():
        covered, nowhere = one.coverage()
        sold = one.accounts_covered(given.days)
        found[pair] = mapping_reports.coverage_json(covered, nowhere, sold)
        text = mapping_reports.coverage_text(covered, nowhere, with_fields=given.fields)
        accounts = account_reports.coverage_text(sold, days=given.days)
        texts.append(f"{pair}\n{text}\n\n{accounts}")
    show(given, found, "\n\n".join(texts))
    return OK


def _explain(given: argparse.Namespace) -> int:
    from tieout.stack import mapping_reports

    mappings = _one(given)
    explained = mappings.explained(given.mapping, _source(given, mappings))
    wanted = [[one for one in fields if one.field.startswith(given.field)] for fields in explained]
    shown = mapping_reports.explained_json(wanted)
    show(given, shown, mapping_reports.explained_text(wanted))
    return OK if not any(one.problem for fields in wanted for one in fields) else NOT_GOOD


def _source(given: argparse.Namespace, mappings: "Mappings") -> "Document | Json":
    from tieout.mapping.mapper import READ_BY
    from tieout.wiring.mappings import read_json

    if given.file and given.mapping in READ_BY.values():
        return read_json(given.file)
    return _order(given, mappings)


def _order(given: argparse.Namespace, mappings: "Mappings") -> "Document":
    if bool(given.order) == bool(given.file):
        raise ConfigurationError("Which order?", remedy=f"Give {ORDER}, or --file FILE.")
    return mappings.from_file(given.file) if given.file else mappings.document(given.order)


def _one(given: argparse.Namespace) -> "Mappings":
    (mappings,) = _all(given).values()
    return mappings


def _preview(given: argparse.Namespace) -> int:
    from tieout.stack import mapping_reports

    mappings = _one(given)
    (tried,) = mappings.tried([_order(given, mappings)])
    show(given, mapping_reports.preview_json(tried), mapping_reports.preview_text(tried))
    return NOT_GOOD if tried.problem else OK


def _replay(given: argparse.Namespace) -> int:
    from tieout.stack import mapping_reports

    tried = {pair: one.replayed(given.days) for pair, one in _all(given).items()}
    shown = mapping_reports.replay_json(tried)
    show(given, shown, mapping_reports.replay_text(tried, days=given.days))
    return NOT_GOOD if any(one.differs for found in tried.values() for one in found) else OK
