"""Payment reconciliation as text for people and as plain values for programs.

Renders what the use case returns and decides nothing.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from pydantic import JsonValue

from tieout.domain.reconciliation.records import ERRORS, Variance
from tieout.stack.tables import text_table
from tieout.usecases.payment_reconciliation import PairPayments

VARIANCES_SHOWN_MAX = 40
"""How many variances of a pair the text lists; --json lists all."""


def payments_json(found: Sequence[PairPayments]) -> JsonValue:
    """Return everything that was found."""
    return {
        "is_good": all(one.is_good for one in found),
        "pairs": [{**one.model_dump(mode="json"), "is_good": one.is_good} for one in found],
    }


def payments_text(found: PairPayments) -> str:
    """Return one pair's settlements in a line, its variances in money, and its payouts."""
    head = (
        f"{found.pair}: {len(found.settlements)} settlements, {len(found.variances)} variances, "
        f"{len(found.payouts)} payouts that add up, {len(found.parked)} that do not."
    )
    lines = [head]
    # What must be corrected first, then what is most.
    ordered = sorted(
        found.variances, key=lambda one: (one.variance_class not in ERRORS, -one.amount)
    )
    if ordered:
        lines += [_table(ordered[:VARIANCES_SHOWN_MAX]), *sums(ordered)]
    if len(ordered) > VARIANCES_SHOWN_MAX:
        lines.append(f"... and {len(ordered) - VARIANCES_SHOWN_MAX} more; --json lists all.")
    lines += [f"{one.shop}: {one.message} Parked whole." for one in found.parked]
    if found.entries:
        lines.append("Proposed for the payouts:")
        rows = [
            (one.day.isoformat(), one.what, f"{role} {amount}", one.currency)
            for one in found.entries
            for role, amount in one.amounts.items()
        ]
        lines.append(text_table(("day", "entry", "account", "currency"), rows))
    return "\n".join(lines)


def _table(variances: Sequence[Variance]) -> str:
    rows = [
        (
            one.variance_class,
            f"{one.amount} {one.currency}",
            f"{one.age_days} d",
            one.owner,
            ", ".join(one.evidence),
            one.proposal,
        )
        for one in variances
    ]
    return text_table(("class", "amount", "age", "owner", "documents", "what to do"), rows)


def sums(variances: Sequence[Variance]) -> Iterator[str]:
    """Yield count and money by class and currency."""
    sums: Counter[tuple[str, str]] = Counter()
    amounts: dict[tuple[str, str], Decimal] = {}
    for one in variances:
        key = str(one.variance_class), one.currency
        sums[key] += 1
        amounts[key] = amounts.get(key, Decimal(0)) + one.amount
    for (name, currency), count in sorted(sums.items()):
        yield f"{name}: {count}, {amounts[name, currency]} {currency}"
