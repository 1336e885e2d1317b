"""The demo's verdict: what each system holds beside what should be there, every difference named.

Pure: what is compared was asked for by demo.py.
"""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from tieout.domain.base import Frozen
from tieout.domain.ledger import DeadLetter, Document
from tieout.stack import witness

POSTED = "posted"
NOWHERE = "nowhere"
ORDERLESS_CAUSES = frozenset({"body_too_large", "body_not_json"})
"""Causes of messages that cannot be read: they name no order, and the shop shows none for them."""


class Expected(Frozen):
    """One order the demo placed and what should become of it."""

    pair: str
    source_id: str
    name: str
    outcome: str
    """``posted``, ``skipped:<rule>`` or ``dead_letter:<cause>``."""


class Aside(Frozen):
    """What our ledger did not post for a pair: its open dead letters, and how much it skipped."""

    causes: dict[str, tuple[str, ...]]
    """The causes of the dead letters of an order, by the order's id in the shop."""
    orderless: tuple[str, ...]
    """The causes of dead letters of messages that became no order."""
    skipped: dict[str, int]
    """How many messages were skipped, by rule."""


def aside(
    letters: Sequence[DeadLetter], documents: Sequence[Document], skipped: dict[str, int]
) -> Aside:
    """Return the causes by order; a letter whose document is not there counts as orderless."""
    orders = {document.document_id: document.source_id for document in documents}
    causes: dict[str, tuple[str, ...]] = {}
    orderless: list[str] = []
    for letter in letters:
        source_id = orders.get(letter.document_id) if letter.document_id is not None else None
        if source_id is None:
            orderless.append(letter.cause)
        else:
            causes[source_id] = (*causes.get(source_id, ()), letter.cause)
    return Aside(causes=causes, orderless=tuple(orderless), skipped=skipped)


def observed_state(
    order: witness.ShopOrder,
    invoices: list[witness.XeroBooking],
    sales_orders: list[witness.SageBooking],
    found: Aside,
) -> str:
    """Return what became of an order, as far as the systems and our ledger show it.

    Our ledger counts what it skipped by rule, not by order; the shop says which orders a rule fits.
    """
    states = [f"dead_letter:{cause}" for cause in found.causes.get(order.source_id, ())]
    if invoices and sales_orders:
        states.append(POSTED)
    elif invoices or sales_orders:
        states.append("in Xero only" if invoices else "in Sage 100 only")
    if states:
        return " and ".join(states)
    for fits, rule in (
        (order.is_test, "test_order"),
        (order.is_cancelled, "cancelled_before_posting"),
    ):
        if fits and found.skipped.get(rule, 0):
            return f"skipped:{rule}"
    return NOWHERE


def state_problems(state: str, wanted: str) -> list[str]:
    """Return that an order's state is not the wanted one, if so."""
    return [] if state == wanted else [f"is {state}, must be {wanted}"]


def order_problems(
    order: witness.ShopOrder,
    invoices: list[witness.XeroBooking],
    sales_orders: list[witness.SageBooking],
    *,
    is_wanted: bool,
) -> list[str]:
    """Return what is wrong with how the two ledgers hold an order."""
    if not is_wanted:
        return [
            f"must not be posted, and is in {system} as {booking.number}"
            for system, bookings in (("Xero", invoices), ("Sage 100", sales_orders))
            for booking in bookings
        ]
    problems = [
        f"is in {system} {len(bookings)} times, not once"
        for system, bookings in (("Xero", invoices), ("Sage 100", sales_orders))
        if len(bookings) != 1
    ]
    for invoice in invoices:
        problems += _unequal("Xero's total", invoice.total, order.total)
        problems += _unequal("Xero's payments", invoice.paid, order.captured)
    for sales_order in sales_orders:
        problems += _unequal("Sage 100's total", sales_order.total, order.total)
        problems += _unequal("Sage 100's deposit", sales_order.deposit, order.captured)
    return problems


def pair_problems(expected: Sequence[Expected], found: Aside, shown: set[str]) -> list[str]:
    """Return what no single order of the shop can show, about the orders of one pair.

    ``shown`` has the ids of the shop's orders; what became of those is compared order by order.
    """
    names = {order.source_id: f"{order.pair} {order.name}" for order in expected}
    unread = [order for order in expected if _detail(order, "dead_letter") in ORDERLESS_CAUSES]
    missing = {order.source_id for order in expected} - shown - {one.source_id for one in unread}
    problems = [f"{names[source_id]}: the shop does not show it" for source_id in sorted(missing)]
    problems += [
        f"{names.get(source_id, source_id)}: dead letter for {cause}, and no order in the shop"
        for source_id, causes in found.causes.items()
        if source_id not in shown
        for cause in causes
    ]
    wanted, got = Counter(_detail(one, "dead_letter") for one in unread), Counter(found.orderless)
    problems += [
        f"dead letters without an order for {cause}: {got[cause]} found, {wanted[cause]} expected"
        for cause in sorted(wanted | got)
        if wanted[cause] != got[cause]
    ]
    rules = Counter(_detail(one, "skipped") for one in expected if _detail(one, "skipped"))
    return problems + [
        f"skipped by {rule}: {found.skipped.get(rule, 0)} found, at least {count} expected"
        for rule, count in sorted(rules.items())
        if found.skipped.get(rule, 0) < count
    ]


def _detail(order: Expected, kind: str) -> str:
    """Return the cause or rule of an expected outcome of this kind, else ''."""
    named, _colon, detail = order.outcome.partition(":")
    return detail if named == kind else ""


def _unequal(what: str, found: Decimal, wanted: Decimal) -> list[str]:
    return [f"{what} is {found:.2f}, the shop's is {wanted:.2f}"] if found != wanted else []
