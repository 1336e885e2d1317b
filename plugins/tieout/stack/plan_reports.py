"""Plans as text for people, and as files that ``tieout apply`` reads back."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import JsonValue, TypeAdapter, ValidationError

from tieout.domain.base import Frozen
from tieout.domain.in_step.merge import in_words
from tieout.domain.plan import (
    Action,
    Ending,
    GlEffect,
    Plan,
    PlannedConflict,
    PlannedDocument,
    PlannedWrite,
    When,
)
from tieout.errors import ConfigurationError
from tieout.stack.tables import text_table
from tieout.usecases.planning.apply import Applied

WHEN_WORDS = {When.AT_ONCE: "at once", When.ON_UPDATE: "when its register is updated"}
SHORT_HASH = 12
"""How many digits of a plan's hash people may give."""
PLAN_FILE_MODE = 0o600


class _File(Frozen):
    plans: tuple[Plan, ...]


_value: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


def plans_json(plans: Sequence[Plan]) -> JsonValue:
    """Return the plans as a plan file has them."""
    return _value.validate_python(_File(plans=tuple(plans)).model_dump(mode="json"))


def write_plans(path: Path, plans: Sequence[Plan]) -> None:
    """Write a plan file that only its owner may read: it can quote names and amounts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PLAN_FILE_MODE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(plans_json(plans), file, indent=2, ensure_ascii=False)


def read_plans(path: Path) -> list[Plan]:
    """Read a plan file.

    Raises:
        ConfigurationError: It is not there, or is none.
    """
    try:
        return list(_File.model_validate_json(path.read_bytes()).plans)
    except OSError as error:
        raise ConfigurationError(
            f"The plan file {path} cannot be read: {error.strerror}.",
            remedy="Make one with 'tieout plan --out FILE'.",
        ) from error
    except ValidationError as error:
        raise ConfigurationError(
            f"{path} is no plan file of this version.", remedy="Plan again with 'tieout plan'."
        ) from error


def plan_text(plan: Plan) -> str:
    """Return a plan: documents, effects on the books, calls, and the hash to apply it by."""
    counts = Counter(document.ending for document in plan.documents)
    endings = ", ".join(f"{counts[ending]} {ending}" for ending in Ending if counts[ending])
    actions = ", ".join(f"{plan.count(action)} {action}" for action in Action if plan.count(action))
    parts = [
        f"{plan.pair}, {plan.flow}: {len(plan.documents)} documents ({endings or 'nothing waits'})",
        f"writes: {actions or 'none'}",
        _conflicts_text(plan),
        *(_document_text(document) for document in plan.documents),
        effects_text(plan.effects),
    ]
    if plan.calls:
        rows = [(str(one.system), str(one.reads), str(one.writes)) for one in plan.calls]
        parts.append(text_table(("calls", "reads", "writes"), rows, right=" rr"))
    if plan.others_waiting:
        parts.append(f"{plan.others_waiting} more wait and are not in this plan.")
    parts += [f"cannot be applied yet: {stream}" for stream in plan.blocked]
    parts.append(f"plan {plan.plan_hash}")
    return "\n".join(part for part in parts if part)


def _document_text(document: PlannedDocument) -> str:
    amount = f"  {document.total} {document.currency}" if document.total is not None else ""
    why = document.cause or document.rule
    lines = [f"{document.name}  {document.ending}{f' [{why}]' if why else ''}{amount}"]
    if document.message:
        lines += [f"  {document.message}", f"  {document.remedy}"]
    lines += [_write_text(write) for write in document.writes]
    lines += [_conflict_text(conflict) for conflict in document.conflicts]
    return "\n".join(lines)


def _conflicts_text(plan: Plan) -> str:
    met = [conflict for document in plan.documents for conflict in document.conflicts]
    waiting = sum(conflict.winner is None for conflict in met)
    return f"conflicts: {len(met)}, of which {waiting} wait for a person" if met else ""


def _conflict_text(conflict: PlannedConflict) -> str:
    said = "".join(f"\n      {system}: {in_words(value)}" for system, value in conflict.values)
    return f"  conflict  {conflict.field} ({conflict.reason}): {conflict.effect}{said}"


def _write_text(write: PlannedWrite) -> str:
    number = f" {write.number}" if write.number else ""
    changes = "".join(
        f"\n      {one.field}: {one.before or '(nothing)'} -> {one.after}" for one in write.changes
    )
    note = f"  ({write.note})" if write.note else ""
    live = "  (as of now; set to the state at the time)" if write.is_live else ""
    return f"  {write.action:9} {write.target} {write.entity}{number}{note}{live}{changes}"


def effects_text(effects: Iterable[GlEffect]) -> str:
    """Return debits and credits by account, each ledger by itself."""
    rows = [
        (
            str(one.ledger),
            one.account,
            one.role,
            f"{one.debit:.2f}" if one.debit else "",
            f"{one.credit:.2f}" if one.credit else "",
            one.currency,
            WHEN_WORDS[one.when],
        )
        for one in effects
    ]
    if not rows:
        return "no effect on either general ledger"
    headers = ("ledger", "account", "role", "debit", "credit", "", "in the general ledger")
    return text_table(headers, rows, right="   rr  ")


def applied_text(applied: Applied) -> str:
    """Return what an applied plan came to."""
    counts = (
        f"{applied.pair}: {applied.done} done, {applied.skipped} skipped, "
        f"{applied.set_aside} set aside, {applied.unfinished} unfinished"
    )
    end = "as planned" if applied.is_as_planned else "NOT as planned:"
    return "\n".join([counts, effects_text(applied.effects), end, *applied.deviations])
