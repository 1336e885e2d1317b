"""Commands that look: status, tie-out, warnings."""

import argparse
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tieout.cli.common import NOT_GOOD, OK, add_report, open_installation, show

if TYPE_CHECKING:
    from tieout.cli.common import Commands
    from tieout.domain.base import Json

WARNED_MAX = 200
"""How many records are listed; the ledger has them all."""


def add(commands: "Commands") -> None:
    """Add the commands."""
    for name, run, text in (
        ("status", _status, "count where every message from a shop is"),
        ("tie-out", _tie_out, "prove that both ledgers agree, naming every difference"),
        ("warnings", _warnings, "list what the gate let through with warnings, the newest first"),
    ):
        parser = commands.add_parser(name, help=text)
        add_report(parser, run=run)
        if name == "tie-out":
            parser.add_argument(
                "--as-of", type=date.fromisoformat, metavar="DAY", help="the cut-off, today if none"
            )
            parser.add_argument(
                "--save", type=Path, metavar="DIR", help="write it there as HTML, CSV and JSON"
            )


def _status(given: argparse.Namespace) -> int:
    from tieout.stack import reports

    tieout = open_installation(given)
    pairs = [one for one in tieout.status().pairs if given.pair in {None, one.pair}]
    estimates = [tieout.catch_up(one) for one in pairs]
    alarms = tieout.webhook_alarms()
    parents = {one.pair: tieout.ledger.parents(one.pair) for one in pairs}
    waits = filter(None, [reports.parents_text(parents), reports.catch_up_text(estimates)])
    text = "\n".join([reports.conservation_text(pairs), *waits, *alarms])
    found: Json = {
        **reports.conservation_json(pairs),
        "parents": reports.parents_json(parents),
        "catch_up": [one.model_dump(mode="json") for one in estimates],
        "webhook_alarms": list(alarms),
    }
    show(given, found, text)
    return OK if all(pair.is_conserved for pair in pairs) and not alarms else NOT_GOOD


def _warnings(given: argparse.Namespace) -> int:
    from tieout.stack import letters

    warned = open_installation(given).ledger.warned(given.pair, limit=WARNED_MAX)
    show(given, letters.warnings_json(warned), letters.warnings_text(warned))
    return OK


def _tie_out(given: argparse.Namespace) -> int:
    from tieout.stack import reports
    from tieout.stack.tie_out_files import save

    tieout = open_installation(given)
    pairs = [given.pair] if given.pair else list(tieout.pairs)
    proofs = [tieout.tie_out(pair, as_of=given.as_of) for pair in pairs]
    for proof in proofs if given.save else ():
        save(proof, given.save)
    text = "\n\n".join(reports.tie_out_text(proof) for proof in proofs)
    show(given, reports.tie_out_json(proofs), text)
    return OK if all(reports.is_good(proof) for proof in proofs) else NOT_GOOD
