"""Tie-out: read both ledgers, match by correlation id, name every difference.

The rules are docs/reference/accounting.md's. Nothing here reads Tieout's own ledger: the proof must
hold without it. Expected effects of Sage 100 events that have not reached its GL explain what Xero
shows alone; what is left after them is an error with a name, or unknown.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

from tieout.domain.books import SageState
from tieout.domain.money import ZERO, to_currency
from tieout.domain.pair import Pair
from tieout.domain.roles import (
    DEPOSITS,
    EXCHANGE_GAINS,
    FREIGHT,
    RECEIVABLES,
    ROUNDING,
    SALES,
    SALES_TAX,
)
from tieout.domain.tie_out import (
    ERROR_CLASSES,
    DifferenceClass,
    Effect,
    Light,
    TieOut,
    TieOutAccount,
    TieOutItem,
    added,
    reversed_effect,
    size,
)
from tieout.usecases.tie_out_cases import (
    NOT_GOODS,
    STOCK_ROLES,
    Books,
    Case,
    Roles,
    cases_of,
    check_no_of,
    goods_role,
    invoice_effect,
    misplaced,
    payments_effect,
    receipt_effect,
    roles_of,
    settled,
    shipment_effect,
)

IN_FLIGHT_MAX = timedelta(days=1)
"""How long a document may stand in one ledger only before it counts as missing."""
ROUNDING_MAX = Decimal("0.05")
"""How much of one document may be rounding, by account, in the currency of the books."""


def tie_out(pair: Pair, books: Books, *, as_of: date, known_at: datetime, today: date) -> TieOut:
    """Compare both ledgers and name every difference."""
    roles = roles_of(pair, books)
    items: list[TieOutItem] = []
    for case in cases_of(books):
        items += _explain(case, roles, today)
    items += _unexplained_postings(books, roles)
    items = [_in_currency(item, pair.currency) for item in items]
    accounts = [
        account.model_copy(
            update={
                name: to_currency(getattr(account, name), pair.currency)
                for name in ("xero", "sage100", "difference", "explained")
            }
        )
        for account in _accounts(books, roles, items)
    ]
    unknown = sum(
        (size(i.amounts) for i in items if i.difference_class is DifferenceClass.UNKNOWN), ZERO
    )
    unknown += sum((abs(a.difference - a.explained) for a in accounts), ZERO)
    return TieOut(
        pair=pair.pair,
        currency=pair.currency,
        as_of=as_of,
        known_at=known_at,
        counts=_counts(books),
        accounts=tuple(accounts),
        items=tuple(items),
        unknown=unknown,
        light=_light(unknown, items),
    )


def _in_currency(item: TieOutItem, currency: str) -> TieOutItem:
    amounts = {role: to_currency(amount, currency) for role, amount in item.amounts.items()}
    return item.model_copy(update={"amounts": amounts})


def _light(unknown: Decimal, items: Iterable[TieOutItem]) -> Light:
    if unknown != ZERO:
        return Light.RED
    has_errors = any(item.difference_class in ERROR_CLASSES for item in items)
    return Light.AMBER if has_errors else Light.GREEN


def _counts(books: Books) -> dict[str, int]:
    return {
        "xero invoices": len(books.xero_invoices),
        "xero payments": len(books.xero_payments),
        "sage100 sales orders": len(books.sage_orders),
        "sage100 cash receipts": len(books.sage_receipts),
        "sage100 invoices": len(books.sage_invoices),
        "sage100 gl postings": len(books.postings),
    }


def _explain(case: Case, roles: Roles, today: date) -> list[TieOutItem]:
    """Name each difference of one order; the rest is wrong by name, or unknown."""
    shown = added(
        *(invoice_effect(one, roles) for one in case.invoices),
        payments_effect(case, roles),
    )
    posted = added(
        *(receipt_effect(r, roles) for r in case.receipts if r.state is SageState.IN_GL),
        *(
            shipment_effect(s, roles)
            for s in (*case.shipments, *case.others)
            if s.state is SageState.IN_GL
        ),
    )
    items = [
        *_receipt_items(case, roles, today),
        *_shipment_items(case, roles),
        *_extra_items(case, roles),
        *_misplaced_items(case, roles),
        *_unshipped_items(case, roles, today),
    ]
    rest = added(shown, reversed_effect(posted), *(reversed_effect(i.amounts) for i in items))
    if rest:
        items.append(_rest_item(case, rest, roles))
    return items


_UNPOSTED = {
    SageState.ENTERED: DifferenceClass.ENTERED,
    SageState.UPDATED: DifferenceClass.NOT_IN_GL,
}


def _receipt_items(case: Case, roles: Roles, today: date) -> list[TieOutItem]:
    items: list[TieOutItem] = []
    for one in settled(case, roles):
        payment = one.payment
        receipts = [r for r in case.receipts if r.check_no == check_no_of(payment)]
        if not receipts:
            effect = added(one.effect, {RECEIVABLES: one.applied}, {DEPOSITS: -one.applied})
            items.append(
                TieOutItem(
                    difference_class=_late(payment.date, today),
                    document=case.number,
                    explanation=f"payment {payment.amount} in Xero has no Sage 100 cash receipt",
                    amounts=effect,
                )
            )
        elif receipts[0].state in _UNPOSTED:
            # One receipt, with a line for each account.
            receipt = receipts[0]
            items.append(
                TieOutItem(
                    difference_class=_UNPOSTED[receipt.state],
                    document=case.number,
                    explanation=f"cash receipt {receipt.deposit_no}/{receipt.check_no} is "
                    f"{receipt.state.replace('_', ' ')}, not in the Sage 100 GL",
                    amounts=added(*(receipt_effect(line, roles) for line in receipts)),
                )
            )
    return items


def _shipment_items(case: Case, roles: Roles) -> list[TieOutItem]:
    return [
        TieOutItem(
            difference_class=_UNPOSTED[shipment.state],
            document=case.number,
            explanation=f"Sage 100 invoice {shipment.invoice_no} is "
            f"{shipment.state.replace('_', ' ')}, not in the GL",
            amounts=shipment_effect(shipment, roles),
        )
        for shipment in case.shipments
        if shipment.state in _UNPOSTED and case.invoices
    ]


def _extra_items(case: Case, roles: Roles) -> list[TieOutItem]:
    """Name what stands in the Sage 100 GL with nothing in Xero behind it."""
    paid = {check_no_of(payment) for payment in case.payments}
    extra: list[tuple[DifferenceClass, str, Effect]] = [
        (DifferenceClass.EXTRA, f"cash receipt {r.check_no}", receipt_effect(r, roles))
        for r in case.receipts
        if r.state is SageState.IN_GL and r.check_no not in paid
    ]
    kind = DifferenceClass.DUPLICATE if case.invoices else DifferenceClass.EXTRA
    extra += [
        (kind, f"A/R invoice {one.invoice_no}", shipment_effect(one, roles))
        for one in case.others
        if one.state is SageState.IN_GL
    ]
    if not case.invoices:
        extra += [
            (DifferenceClass.EXTRA, f"invoice {one.invoice_no}", shipment_effect(one, roles))
            for one in case.shipments
            if one.state is SageState.IN_GL
        ]
    return [
        TieOutItem(
            difference_class=difference_class,
            document=case.number,
            explanation=f"Sage 100 {what} has no document of its own in Xero",
            amounts=reversed_effect(effect),
        )
        for difference_class, what, effect in extra
    ]


def _billed(case: Case, roles: Roles) -> Effect:
    return added(*(invoice_effect(one, roles) for one in case.invoices))


def _invoiced(case: Case, roles: Roles) -> Effect:
    return added(*(shipment_effect(one, roles) for one in case.shipments))


def _misplaced_items(case: Case, roles: Roles) -> list[TieOutItem]:
    """Name goods that Sage 100 invoiced to another account than the one that Xero billed to."""
    strange = misplaced(case, roles)
    if not strange:
        return []
    meant = goods_role(_billed(case, roles))
    return [
        TieOutItem(
            difference_class=DifferenceClass.WRONG_ACCOUNT,
            document=case.number,
            explanation=f"Sage 100 has goods on {', '.join(sorted(strange))}, Xero on {meant}",
            amounts=added(reversed_effect(strange), {meant: sum(strange.values(), ZERO)}),
        )
    ]


def _unshipped_items(case: Case, roles: Roles, today: date) -> list[TieOutItem]:
    """Name what Xero billed at order and Sage 100 will bill when it ships."""
    if not case.invoices:
        return []
    billed, invoiced = _billed(case, roles), _invoiced(case, roles)
    strange = misplaced(case, roles)
    if strange:
        moved = {goods_role(billed): sum(strange.values(), ZERO)}
        invoiced = added(invoiced, reversed_effect(strange), moved)
    sold = {*billed, *invoiced} - {RECEIVABLES, DEPOSITS}
    rest = {role: billed.get(role, ZERO) - invoiced.get(role, ZERO) for role in sorted(sold)}
    total = -sum(rest.values(), ZERO)
    is_open = any(line.shipped < line.ordered for order in case.orders for line in order.lines)
    if not any(rest.values()) or (case.orders and not is_open):
        return []
    received = sum((one.applied for one in settled(case, roles)), ZERO)
    applied = sum((one.deposit_applied for one in case.shipments), ZERO)
    from_deposit = min(total, received - applied)
    effect = added(rest, {DEPOSITS: from_deposit}, {RECEIVABLES: total - from_deposit})
    orders = ", ".join(order.order_no for order in case.orders)
    return [
        TieOutItem(
            difference_class=DifferenceClass.UNSHIPPED
            if case.orders
            else _late(max(one.date for one in case.invoices), today),
            document=case.number,
            explanation=f"sales order {orders} is not fully invoiced in Sage 100"
            if case.orders
            else "no sales order in Sage 100",
            amounts=effect,
        )
    ]


def _rest_item(case: Case, rest: Effect, roles: Roles) -> TieOutItem:
    """Give what is left of one order a name where its shape has one."""
    differing = frozenset(rest)
    balanced = sum(rest.values(), ZERO) == ZERO
    if balanced and _is_rounding(case, rest, roles):
        difference_class = DifferenceClass.ROUNDING
    elif balanced and EXCHANGE_GAINS in differing and not differing & {SALES, FREIGHT, SALES_TAX}:
        difference_class = DifferenceClass.FX
    elif balanced and SALES_TAX in differing and differing <= {SALES_TAX, RECEIVABLES, DEPOSITS}:
        difference_class = DifferenceClass.WRONG_TAX
    elif balanced and case.invoices and not differing & NOT_GOODS:
        difference_class = DifferenceClass.WRONG_ACCOUNT
    elif balanced and case.orders and case.invoices:
        difference_class = DifferenceClass.WRONG_AMOUNT
    else:
        difference_class = DifferenceClass.UNKNOWN
    return TieOutItem(
        difference_class=difference_class,
        document=case.number,
        explanation="the documents of both ledgers show different amounts",
        amounts=rest,
    )


def _is_rounding(case: Case, rest: Effect, roles: Roles) -> bool:
    """Say whether a rounding account took what is left, or Xero's conversion part by part made it.

    Customers are never part of it: what they owe is equal in both ledgers.
    """
    is_foreign = any(one.currency != roles.currency for one in case.invoices)
    is_small = all(abs(amount) <= ROUNDING_MAX for amount in rest.values())
    owed = {RECEIVABLES, DEPOSITS, EXCHANGE_GAINS} & set(rest)
    return is_small and not owed and (ROUNDING in rest or is_foreign)


def _late(since: date, today: date) -> DifferenceClass:
    is_fresh = today - since <= IN_FLIGHT_MAX
    return DifferenceClass.IN_FLIGHT if is_fresh else DifferenceClass.MISSING


def _unexplained_postings(books: Books, roles: Roles) -> list[TieOutItem]:
    """Name GL postings on our accounts that none of the documents read explains."""
    from_documents = added(
        *(receipt_effect(r, roles) for r in books.sage_receipts if r.state is SageState.IN_GL),
        *(shipment_effect(s, roles) for s in books.sage_invoices if s.state is SageState.IN_GL),
    )
    in_gl = _gl_effect(books, roles)
    rest = added(in_gl, reversed_effect(from_documents))
    if not rest:
        return []
    return [
        TieOutItem(
            difference_class=DifferenceClass.UNKNOWN,
            document="Sage 100 GL",
            explanation="postings that no receipt or invoice explains",
            amounts=reversed_effect(rest),
        )
    ]


def _gl_effect(books: Books, roles: Roles) -> Effect:
    postings = ({roles.of_sage100(p.account): p.amount} for p in books.postings)
    effect = added(*postings)
    return {role: amount for role, amount in effect.items() if role not in STOCK_ROLES}


def _accounts(books: Books, roles: Roles, items: Iterable[TieOutItem]) -> list[TieOutAccount]:
    xero = added(
        *(invoice_effect(one, roles) for one in books.xero_invoices),
        *(payments_effect(case, roles) for case in cases_of(books)),
    )
    sage100 = _gl_effect(books, roles)
    explained = added(*(item.amounts for item in items))
    return [
        TieOutAccount(
            role=role,
            xero=xero.get(role, ZERO),
            sage100=sage100.get(role, ZERO),
            difference=xero.get(role, ZERO) - sage100.get(role, ZERO),
            explained=explained.get(role, ZERO),
        )
        for role in sorted({*xero, *sage100, *explained})
    ]
