"""What the changes of an order take in both ledgers, in words for whoever posts them by hand."""

from collections.abc import Iterator

from tieout.domain.ledger import Document
from tieout.domain.money import ZERO
from tieout.domain.order import Order
from tieout.domain.order_changes.changes import Change, ChangeKind, changes_of
from tieout.domain.order_changes.documents import (
    MoneyBack,
    Settles,
    account_memo,
    changes_order,
    credit_lines,
    money_back,
    stock_memo,
)
from tieout.errors import RejectedError
from tieout.mapping.shop_changes import changed_order

SETTLES = {
    Settles.DEPOSIT: "customer deposits",
    Settles.STOCK_MEMO: "the credit memo with stock",
    Settles.ACCOUNT_MEMO: "the credit memo without stock",
    Settles.ADJUSTMENTS: "refund adjustments",
}


def told_changes(document: Document, order: Order, *, zone: str) -> str:
    """Say, to go behind another sentence, which documents refunds and a cancellation take.

    What does not add up is said with its figures; '' = nobody can say.
    """
    if not order.is_refunded and not order.is_cancelled:
        return ""
    try:
        known = changed_order(order, document.corrected, zone=zone)
        changes = changes_of(known) if known else ()
    except RejectedError as error:
        return f" {error.message}"
    return "".join(f" {_told(one, order)}" for one in changes)


def _told(change: Change, order: Order) -> str:
    what = "Cancellation" if change.kind is ChangeKind.CANCELLATION else "Refund"
    name = what if change.kind is ChangeKind.CANCELLATION else f"{what} {change.source_id}"
    parts = [*_in_xero(change), *_in_sage100(change)]
    return f"{name} of {change.book_date.isoformat()} ({order.currency}): {'; '.join(parts)}."


def _in_xero(change: Change) -> Iterator[str]:
    if credit_lines(change):
        yield f"in Xero a credit note over {change.total}, {change.tax} of it tax"
    for payment in change.payments:
        against = "it" if credit_lines(change) else "the earlier credit note"
        yield f"{payment.amount} paid back for {against} out of {payment.gateway}"


def _in_sage100(change: Change) -> Iterator[str]:
    memos = ((stock_memo(change), "with"), (account_memo(change), "without"))
    for lines, stock in memos:
        if lines:
            total = sum((one.gross for one in lines), ZERO)
            tax = sum((one.tax for one in lines), ZERO)
            yield f"in Sage 100 a credit memo {stock} stock over {total}, {tax} of it tax"
    if changes_order(change):
        off = ", ".join(
            f"{one.line.quantity.normalize():f} x {one.line.item_code or one.line.title}"
            for one in change.lines
            if one.goods is not None
        )
        yield f"in Sage 100 take off the order {off}"
    for back in money_back(change):
        yield f"in Sage 100 {_receipt(back)}"


def _receipt(back: MoneyBack) -> str:
    parts = " and ".join(f"{part.amount} from {SETTLES[part.settles]}" for part in back.parts)
    return f"a receipt of {-back.amount}, {parts}"
