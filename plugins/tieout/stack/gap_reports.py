"""Gaps and the backfill plan, as text for people and as plain values for programs.

Renders what the use cases return and decides nothing.
"""

import shlex
from collections import Counter
from collections.abc import Sequence

from pydantic import JsonValue

from tieout.domain.gaps import BackfillDay, BackfillPlan, PairGaps
from tieout.stack.tables import text_table

GAPS_SHOWN_MAX = 40
"""How many orders the text lists; --json lists all."""


def gaps_json(found: Sequence[PairGaps], plan: BackfillPlan) -> JsonValue:
    """Return the gaps of each pair and the plan; the command is one line, ready for a shell."""
    backfill = plan.backfill
    return {
        "is_clean": not any(one.gaps for one in found),
        "counts": dict(sorted(_counts(found).items())),
        "pairs": [one.model_dump(mode="json") for one in found],
        "plan": {
            **plan.model_dump(mode="json"),
            "command": shlex.join(backfill.command) if backfill else "",
        },
    }


def gaps_text(found: Sequence[PairGaps], plan: BackfillPlan) -> str:
    """Return the counts, the orders, and what to do."""
    orders = sum(one.orders for one in found)
    counts = _counts(found)
    if not counts:
        return f"{orders} orders changed in the interval: no differences."
    named = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
    gaps = [gap for one in found for gap in one.gaps]
    rows = [
        (
            gap.kind,
            gap.number,
            gap.changed_at.strftime("%Y-%m-%d %H:%M"),
            ", ".join(gap.absent) or "-",
        )
        for gap in gaps[:GAPS_SHOWN_MAX]
    ]
    table = text_table(("what", "order", "changed (UTC)", "not in the books"), rows)
    more = len(gaps) - len(rows)
    parts = [f"{orders} orders changed in the interval: {named}.", table]
    if more:
        parts.append(f"... and {more} more; --json lists all.")
    return "\n".join([*parts, "", *_plan_lines(plan)])


def _counts(found: Sequence[PairGaps]) -> Counter[str]:
    return Counter(str(gap.kind) for one in found for gap in one.gaps)


def _plan_lines(plan: BackfillPlan) -> list[str]:
    lines = []
    if plan.refusal:
        lines += [
            "Refused as one backfill:",
            f"  {plan.refusal}",
            "Bring it in on several days:",
            *(_day_line(day) for day in plan.schedule),
        ]
    elif plan.backfill is None:
        lines.append("No backfill is needed: what the ledger knows goes on by itself.")
    else:
        runs = plan.backfill.runs
        lines.append(f"Backfill over {runs} interval{'s' if runs > 1 else ''}:")
        lines.append(f"  {shlex.join(plan.backfill.command)}")
    if plan.next_sweep:
        lines.append(f"{plan.next_sweep} changed just now: the next sweep brings them in.")
    loads = [
        (str(load.system), f"{load.amount} {load.unit}", f"{load.minutes:.1f}", str(load.days))
        for load in plan.loads
    ]
    if loads:
        lines.append(
            f"To post {plan.orders} orders, with a quarter of every minute left to live ones:"
        )
        lines.append(text_table(("system", "asks for", "minutes", "days"), loads, right="  rr"))
        lines.append(f"About {plan.minutes:.0f} minutes in all, on {plan.days} day(s).")
    return lines


def _day_line(day: BackfillDay) -> str:
    """Return from when on a part may be brought in, what it is, and the command for it."""
    what = f"{day.orders} orders, about {day.calls} calls of Xero"
    command = shlex.join(day.backfill.command)
    return f"  from {day.starts_at:%Y-%m-%d %H:%M} UTC: {what}\n    {command}"
