"""What tells Tieout of a change, and how soon: the table of docs/reference/triggers.md.

``python -m tieout.stack.trigger_reference`` prints it; a test compares. It says what connectors,
hints and schedules say, so that nobody counts on an event that does not exist.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from tieout.connectors.xero.events import EVENT_CATEGORIES
from tieout.connectors.xero.resources import RESOURCES
from tieout.domain.base import System
from tieout.domain.pair import FlowName, Pair
from tieout.provider.posting_operators import POSTINGS_CRON
from tieout.provider.triggers import HINT_WAIT_S, POLL_S, REST_S, SAGE100_POLL_S
from tieout.settings import SWEEP_CRON, sweep_interval
from tieout.usecases.catalog import WRITE_KINDS
from tieout.usecases.follow import FOLLOWED
from tieout.usecases.guarded import REFERENCE_AGE_MAX_S
from tieout.usecases.hints import EVENTS, LISTS
from tieout.usecases.in_step.entities import IN_STEP
from tieout.usecases.procure_to_pay.capture import LISTS as BILL_LISTS
from tieout.usecases.procure_to_pay.payments import CHECKS, XERO_LIST
from tieout.usecases.purchase_orders import ORDER_LIST
from tieout.usecases.stock_sync import STOCK_LIST
from tieout.wiring.systems import SUBSCRIBED_TOPICS

HEADER = ("system", "records", "webhook", "read by", "seen at the latest after")
NONE = "none"
GATE_LISTS = ("Organisation", "Items", "Currencies", "Accounts", "TaxRates")
"""What gates read whole, one for all for some time (ports.Xero.reference)."""
DAY = "a day"


KEPT = {side.resource: flow for flow, entity in IN_STEP.items() for side in entity.sides.values()}
"""Which flow keeps the records of a list in step."""


PAYABLE = {
    **dict.fromkeys(BILL_LISTS, FlowName.PROCURE_TO_PAY),
    XERO_LIST: FlowName.BILL_PAYMENTS,
}
"""Which flow works on a list of what vendors charge and are paid."""
HINTED = {
    side.resource
    for entity in IN_STEP.values()
    for side in entity.sides.values()
    if side.hint or side.is_passed_on
}
PASSED_ON = {
    side.resource
    for entity in IN_STEP.values()
    for side in entity.sides.values()
    if side.is_passed_on
}
"""Lists of whose records another flow hears first."""


class Row(NamedTuple):
    """One kind of record of one system, in words."""

    system: str
    records: str
    webhook: str
    read_by: str
    latest: str


def rows() -> Iterator[Row]:
    """Yield a row for every kind of record that Tieout reads or writes."""
    topics = ", ".join(f"`{topic.lower().replace('_', '/', 1)}`" for topic in SUBSCRIBED_TOPICS)
    yield Row(
        "Shopify",
        "orders",
        topics,
        "`order_to_cash` on the webhook and at every sweep; `nightly`, all of them",
        f"{POLL_S + REST_S:.0f} s; without the webhook {_sweep()}",
    )
    for resource in RESOURCES:
        yield Row("Xero", f"`{resource.name}`", _category(resource.name), *_xero(resource.name))
    for entity in IN_STEP.values():
        table_name = entity.sides[System.SAGE100].resource
        by = f"`{KEPT[table_name]}`, where a pair has it on"
        yield Row("Sage 100", f"`{table_name}`", NONE, by, f"{_sweep()}; deletes {DAY}")
    yield Row(
        "Sage 100",
        f"`{STOCK_LIST}`",
        NONE,
        f"`{FlowName.STOCK_SYNC}`, where a pair has it on",
        _sweep(),
    )
    yield Row(
        "Sage 100",
        f"`{ORDER_LIST}`",
        NONE,
        f"`{FlowName.PURCHASE_ORDERS}`, where a pair has it on",
        f"{_sweep()}; deletes {DAY}",
    )
    by = f"`{FlowName.BILL_PAYMENTS}`, where a pair has it on"
    yield Row("Sage 100", f"`{CHECKS}`", NONE, by, _sweep())
    reading = "no flow; `Sage100ExtractOperator`, when a DAG has it; `Sage100ChangeSensor`"
    yield Row(
        "Sage 100", "any other table", NONE, reading, f"{SAGE100_POLL_S:.0f} s; deletes {DAY}"
    )
    for kind in WRITE_KINDS:
        if kind.posting in FOLLOWED:
            by = "`postings`; `follow_postings` of `nightly`, all of them; `tieout follow`"
            latest = f"{_minutes(POSTINGS_CRON)}; what was deleted {DAY}"
            yield Row("Sage 100", f"`{kind.entity}`, once written", NONE, by, latest)


def _category(resource: str) -> str:
    category = EVENT_CATEGORIES.get(resource)
    if resource in PASSED_ON:
        return f"`{EVENT_CATEGORIES['Contacts']}`, once bound, passed on by `customer_sync`"
    return f"`{category}`" if category else NONE


def _xero(resource: str) -> tuple[str, str]:
    """Return what reads a list of Xero, and how soon."""
    is_hinted = EVENT_CATEGORIES.get(resource, "").lower() in EVENTS
    is_polled = resource in LISTS and resource in _polls()
    if is_hinted and is_polled:
        event_s = POLL_S + HINT_WAIT_S
        return "`hints` on the webhook; `polls`", f"{event_s:.0f} s; without the webhook {_sweep()}"
    if is_polled:
        return "`polls`", _sweep()
    if resource in KEPT:
        judging = "; the gates, whole" if resource in GATE_LISTS else ""
        by = f"`{KEPT[resource]}`, where a pair has it on{judging}"
        event_s = (2 if resource in PASSED_ON else 1) * (POLL_S + REST_S)
        soon = f"{event_s:.0f} s; without the webhook " if resource in HINTED else ""
        return by, f"{soon}{_sweep()}"
    if resource in PAYABLE:
        return f"`{PAYABLE[resource]}`, where a pair has it on", _sweep()
    if resource in GATE_LISTS:
        minutes = REFERENCE_AGE_MAX_S / 60
        return "the gates, whole", f"{minutes:.0f} min; at once for what would be set aside"
    return "no flow; `polls`, when a pair names it", f"{_sweep()}, when it is polled"


def _polls() -> tuple[str, ...]:
    default: tuple[str, ...] = Pair.model_fields["polls"].default
    return default


def _sweep() -> str:
    return _minutes(SWEEP_CRON)


def _minutes(cron: str) -> str:
    return f"{_every(cron) // timedelta(minutes=1)} min"


def _every(cron: str) -> timedelta:
    start, end = sweep_interval(cron, datetime(2026, 1, 1, tzinfo=UTC))
    return end - start


def table() -> str:
    """Return the table in Markdown."""
    lines = [HEADER, ("---",) * len(HEADER), *rows()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def calls_per_day() -> int:
    """Return how many calls a day the polls of one organization take when nothing changes."""
    return len(_polls()) * (timedelta(days=1) // _every(SWEEP_CRON))


if __name__ == "__main__":
    sys.stdout.write(f"{table()}\n")
