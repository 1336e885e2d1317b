"""The queue of variances as text for people and as plain values for programs."""

from collections.abc import Sequence

from pydantic import JsonValue

from tieout.domain.reconciliation.queue import IN_QUEUE, KeptVariance, VarianceState
from tieout.domain.reconciliation.records import ERRORS
from tieout.stack.payment_reports import VARIANCES_SHOWN_MAX, sums
from tieout.stack.tables import text_table

NONE_KEPT = (
    "No variance is in the queue. The DAG payment_reconciliation fills it, for pairs that have it "
    "on; --live looks now."
)


def is_good(kept: Sequence[KeptVariance]) -> bool:
    """Say whether nobody has to correct anything, but for what somebody accepted."""
    return not any(one.variance_class in ERRORS and one.state is VarianceState.OPEN for one in kept)


def variances_json(kept: Sequence[KeptVariance]) -> JsonValue:
    """Return all of them."""
    return {
        "is_good": is_good(kept),
        "variances": [one.model_dump(mode="json") for one in kept],
    }


def variances_text(kept: Sequence[KeptVariance]) -> str:
    """Return a table, what is to be corrected first, and the sums by class."""
    if not kept:
        return NONE_KEPT
    ordered = sorted(
        kept,
        key=lambda one: (
            one.state not in IN_QUEUE,
            one.state is VarianceState.ACCEPTED,
            one.variance_class not in ERRORS,
            -one.amount,
        ),
    )
    rows = [
        (
            str(one.variance_id),
            one.pair,
            one.state,
            one.variance_class,
            f"{one.amount} {one.currency}",
            f"{one.age_days} d",
            one.assigned_to or one.owner,
            one.document_id,
        )
        for one in ordered[:VARIANCES_SHOWN_MAX]
    ]
    heads = ("id", "pair", "state", "class", "amount", "age", "owner", "document")
    lines = [text_table(heads, rows), *sums(kept)]
    if len(kept) > VARIANCES_SHOWN_MAX:
        lines.append(f"... and {len(kept) - VARIANCES_SHOWN_MAX} more; --json lists all.")
    return "\n".join(lines)


def variance_text(one: KeptVariance) -> str:
    """Return all that is known of one variance."""
    lines = [
        f"Variance {one.variance_id} of {one.pair}: {one.state}",
        f"  {one.variance_class}, {one.amount} {one.currency}, {one.age_days} days old",
        f"  owner: {one.owner}{f', given to {one.assigned_to}' if one.assigned_to else ''}",
        f"  documents: {', '.join(one.evidence)}",
        f"  what to do: {one.proposal}",
    ]
    if one.entry is not None:
        posted = ", ".join(f"{role} {amount}" for role, amount in one.entry.amounts.items())
        lines.append(f"  proposed: {one.entry.what} of {one.entry.day.isoformat()}: {posted}")
    if one.said_by:
        until = f" until {one.accepted_until.isoformat()}" if one.accepted_until else ""
        lines.append(f"  {one.said_by} said{until}: {one.said_why}")
    seen = f"opened {one.opened_at:%Y-%m-%d %H:%M}, last seen {one.seen_at:%Y-%m-%d %H:%M}"
    closed = f", closed {one.closed_at:%Y-%m-%d %H:%M}" if one.closed_at else ""
    return "\n".join([*lines, f"  {seen}{closed}"])
