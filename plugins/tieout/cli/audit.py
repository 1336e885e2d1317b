"""Commands on the audit: audit seal, verify, export, anchors, redact."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tieout.cli.common import (
    HOME_DEFAULT,
    NOT_GOOD,
    OK,
    add_connections,
    open_installation,
    say,
    show,
)
from tieout.ledger.audit_anchors import ANCHORS_NAME

if TYPE_CHECKING:
    from pydantic import JsonValue

    from tieout.cli.common import Commands
    from tieout.ledger.session import Database


def add(commands: "Commands") -> None:
    """Add the commands."""
    parser = commands.add_parser("audit", help="seal, verify or export the audit; redact a record")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, run, text in (
        ("seal", _seal, "seal what is new, and anchor the seals outside the database"),
        ("verify", _verify, "compare every row with its seal and the seals with their anchors"),
        ("export", _export, "write rows and seals as JSON lines, for any verifier"),
        ("anchors", _anchors, "list the anchors, and which seals have none"),
        ("redact", _redact, "redact the personal data of one record for good"),
    ):
        action = actions.add_parser(name, help=text)
        action.add_argument("--json", action="store_true", help="print JSON")
        add_connections(action)
        action.set_defaults(run=run)
        if name in {"seal", "verify", "anchors"}:
            action.add_argument(
                "--anchors",
                type=Path,
                help=f"anchor file, default {ANCHORS_NAME} beside the connections file",
            )
        if name == "export":
            action.add_argument("file", type=Path, metavar="FILE")
        if name == "redact":
            _add_record(action)


def _add_record(action: argparse.ArgumentParser) -> None:
    action.add_argument("--pair", required=True)
    action.add_argument("--account", required=True, help="shop domain or tenant")
    action.add_argument("--record", required=True, help="the record's id there")
    action.add_argument("--by", default="", help="who asks for it, named in the audit")


def _database(given: argparse.Namespace) -> "Database":
    return open_installation(given).ledger.database


def _anchor_file(given: argparse.Namespace) -> Path:
    if given.anchors is not None:
        return Path(given.anchors)
    connections: Path = given.connections or HOME_DEFAULT / "connections.json"
    return connections.parent / ANCHORS_NAME


def _seal(given: argparse.Namespace) -> int:
    from tieout.ledger.audit import seal_and_anchor

    file = _anchor_file(given)
    sealed = seal_and_anchor(_database(given), file)
    value: JsonValue = {
        "seals": len(sealed.seals),
        "rows": sealed.rows,
        "anchors": sealed.anchors,
        "anchor_file": str(file),
    }
    show(
        given,
        value,
        f"{sealed.rows} rows sealed in {len(sealed.seals)} seals; "
        f"{sealed.anchors} anchors appended to {file}",
    )
    return OK


def _verify(given: argparse.Namespace) -> int:
    from tieout.ledger.audit import verify
    from tieout.ledger.audit_anchors import read_anchors

    verdict = verify(_database(given), read_anchors(_anchor_file(given)))
    counts = (
        f"{verdict.rows_sealed} rows in {verdict.seals} seals, {verdict.anchors} anchors, "
        f"{verdict.rows_unsealed} rows not yet sealed"
    )
    found = [f"{finding.kind}: {finding.message}" for finding in verdict.findings]
    last = "The audit is what was sealed." if verdict.is_good else "THE AUDIT WAS TAMPERED WITH."
    value = {"is_good": verdict.is_good, **verdict.model_dump(mode="json")}
    show(given, value, "\n".join([counts, *found, last]))
    return OK if verdict.is_good else NOT_GOOD


def _export(given: argparse.Namespace) -> int:
    from tieout.ledger.audit import export

    exported = export(_database(given), given.file)
    text = f"{exported.rows} rows and {exported.seals} seals written to {given.file}"
    show(given, exported.model_dump(mode="json"), text)
    return OK


def _anchors(given: argparse.Namespace) -> int:
    """List the anchors; not good if one is not that of the ledger's seal, or a seal has none."""
    from tieout.ledger.audit import seals_and_anchors
    from tieout.ledger.audit_anchors import read_anchors

    noted = {anchor.seal_no: anchor for anchor in read_anchors(_anchor_file(given))}
    wanted = {anchor.seal_no: anchor for anchor in seals_and_anchors(_database(given))}
    lines: list[str] = []
    values: list[JsonValue] = []
    for seal_no in sorted({*noted, *wanted}):
        anchor = noted.get(seal_no) or wanted[seal_no]
        state = _anchor_state(seal_no in noted, noted.get(seal_no) == wanted.get(seal_no))
        values.append({**anchor.model_dump(mode="json"), "state": state})
        lines.append(
            f"{seal_no:>6}  {anchor.at}  {anchor.rows:>10} rows  {anchor.seal_hash[:16]}  {state}"
        )
    show(given, {"anchors": values}, "\n".join(lines) or "There is no seal yet.")
    return OK if noted == wanted else NOT_GOOD


def _anchor_state(is_noted: bool, is_same: bool) -> str:  # noqa: FBT001 - the two columns compared
    if is_same:
        return "anchored"
    return "differs" if is_noted else "not anchored"


def _redact(given: argparse.Namespace) -> int:
    from tieout.ledger.redaction import Record, redact

    record = Record(pair=given.pair, account=given.account, source_id=given.record)
    redacted = redact(_database(given), record, actor=given.by)
    show(
        given,
        redacted.model_dump(mode="json"),
        f"Redaction {redacted.redaction_id}: "
        + ", ".join(f"{count} of {table}" for table, count in redacted.row_counts.items()),
    )
    if not given.json:
        say(
            "Backups and copies of the database still have the data until they are overwritten; "
            "redact in the shop as well, or the next message brings it back."
        )
    return OK
