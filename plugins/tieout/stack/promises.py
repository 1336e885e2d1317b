"""What is promised of each kind of write, as the table in docs/exactly-once.md.

``python -m tieout.stack.promises`` prints it; a test compares. It says what the catalog and the
targets say, and decides only the words.
"""

import sys

from tieout.connectors.sage100.targets.table import TARGETS as SAGE100_TARGETS
from tieout.connectors.shopify import stock
from tieout.connectors.shopify import targets as shopify
from tieout.connectors.xero.targets.table import TARGETS as XERO_TARGETS
from tieout.ports.targets import Target
from tieout.usecases.catalog import WRITE_KINDS, OnChange, WriteKind

TARGETS: tuple[type[Target], ...] = (
    *XERO_TARGETS.values(),
    *SAGE100_TARGETS.values(),
    stock.InventoryLevelTarget,
    shopify.OrderStatusTarget,
)
HEADER = ("document type", "target", "done means", "what refuses a second copy", "promise")


def promise(kind: WriteKind, target: type[Target]) -> str:
    """Return what is promised of one kind of write."""
    if kind.on_change is OnChange.SEND:
        return "sets a state: any number of sends has the effect of one"
    if target.guard:
        return "exactly once"
    return (
        "one writer at a time, look-up before every send; "
        "a double is detected and held within 15 minutes"
    )


def table() -> str:
    """Return the table in Markdown, one row per kind of the catalog."""
    by_kind = {(target.system, target.entity): target for target in TARGETS}
    rows = [HEADER, ("---",) * len(HEADER)]
    for kind in WRITE_KINDS:
        target = by_kind[kind.target, kind.entity]
        guard = target.guard or "nothing"
        rows.append((kind.entity, kind.target, kind.final_state, guard, promise(kind, target)))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    sys.stdout.write(f"{table()}\n")
