"""Answers: a person's word on a conflict, and the record looked at again because of it."""

import hashlib
import json

from tieout.domain.base import System
from tieout.domain.in_step.merge import in_words
from tieout.domain.in_step.records import KeptConflict
from tieout.domain.ledger import NewInboxEntry, Origin
from tieout.ports.ledger import Ledger
from tieout.usecases.in_step.bank_details import check_approver
from tieout.usecases.in_step.entities import SYSTEMS, entity_of

ANSWERED = "answered"
ACCOUNT = "people"
"""What the inbox calls the account that an answer is from."""
VALUE_LENGTH_MAX = 60
"""How many signs of a value are shown."""


def answer(
    ledger: Ledger,
    conflict_id: int,
    winner: System,
    *,
    why: str,
    is_standing: bool = False,
    by: str = "",
) -> KeptConflict:
    """Answer an open conflict in the name of ``by``; the next run writes what it comes to.

    The same answer again changes nothing. ``is_standing``: it counts for the field from then on.

    Raises:
        RejectedError: There is no such conflict, or it is closed otherwise; or another person must
            answer it.
    """
    check_approver(ledger, conflict_id, by=by, is_standing=is_standing)
    conflict = ledger.answer(conflict_id, winner, why=why, is_standing=is_standing)
    ledger.land([hint for hint in [_hint(ledger, conflict)] if hint is not None])
    return conflict


def conflict_text(one: KeptConflict) -> str:
    """Return a conflict as people read it: both values, who and when, and what comes of it."""
    since = f"{one.state} ({one.reason}), since {one.opened_at:%Y-%m-%d %H:%M}"
    lines = [f"{one.conflict_id}  {one.pair}  {one.entity} {one.key}  {one.field}: {since}"]
    for system in (System.XERO, System.SAGE100):
        at, by = getattr(one, f"{system}_at"), getattr(one, f"{system}_by")
        when = f"{at:%Y-%m-%d %H:%M}" if at else "time unknown"
        value = _shortened(in_words(one.values.of(system)))
        lines.append(f"    {system:<8} {value}  ({when}{by and f', {by}'})")
    lines.append(f"    {one.effect}")
    if one.answered_by:
        lines.append(f"    {one.winner} counts, said {one.answered_by}: {one.answered_why}")
    return "\n".join(lines)


def _shortened(text: str) -> str:
    return text if len(text) <= VALUE_LENGTH_MAX else f"{text[: VALUE_LENGTH_MAX - 3]}..."


def _hint(ledger: Ledger, conflict: KeptConflict) -> NewInboxEntry | None:
    """Return an entry that has the record looked at, where it is bound still."""
    entity = entity_of(conflict.entity)
    for system in SYSTEMS:
        bound = ledger.bindings(conflict.pair, entity.name, [conflict.key], system)
        for binding in bound.values():
            resource = entity.sides[system].resource
            event = f"conflict {conflict.conflict_id}"
            return look_again(
                conflict.pair, system, f"{resource}/{ANSWERED}", binding.external_id, event
            )
    return None


def look_again(
    pair: str,
    system: System,
    topic: str,
    external_id: str,
    event: str,
    *,
    account: str = ACCOUNT,
) -> NewInboxEntry:
    """Return an entry that has the next run look at a record; an ``event`` counts once."""
    body = json.dumps({"event": event}).encode()
    return NewInboxEntry(
        pair=pair,
        source=system,
        account=account,
        topic=topic,
        event_id=event,
        resource_id=external_id,
        origin=Origin.POLL,
        body=body,
        body_sha256=hashlib.sha256(body).hexdigest(),
        body_size=len(body),
    )
