"""Gaps: which orders of an interval are not known, not posted, or posted in part.

Starts from the shop's orders that changed in the interval and asks ledger and books for these
alone, by their keys. Nothing is written. What to do about it is usecases.backfill's.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from tieout.domain.books import XeroInvoice, XeroPayment
from tieout.domain.gaps import Gap, GapKind, KnownRecord, PairGaps
from tieout.domain.ledger import UNFINISHED, DocumentState
from tieout.domain.order import Order
from tieout.domain.pair import Pair, Shop
from tieout.errors import ConfigurationError, RejectedError
from tieout.ports.systems import Sage100, Xero
from tieout.usecases.capture import order_hash
from tieout.usecases.flow import SHOP_ORDER, Flow
from tieout.usecases.order_names import check_no, invoice_number_of


@dataclass(frozen=True)
class _Seen:
    """One order as the shop shows it; ``order`` is None when it cannot be read."""

    shop: str
    source_id: str
    number: str
    changed_at: datetime
    content: str
    order: Order | None


@dataclass(frozen=True)
class _Books:
    """What both books hold of the interval's orders, by invoice number or check number."""

    invoices: Mapping[str, XeroInvoice]
    payments: Mapping[str, Collection[str]] = field(default_factory=dict)
    """References of the payments by invoice id, where the amount due told too little."""
    sales_orders: Mapping[str, str] = field(default_factory=dict)
    receipts: Collection[str] = ()


def find_gaps(flow: Flow, since: datetime, until: datetime) -> PairGaps:
    """Compare the orders that the pair's shops changed in [since, until) with ledger and books.

    Raises:
        ConfigurationError: An end has no time zone, or the interval is empty.
    """
    _refuse_unclear(since, until)
    seen = [one for shop in flow.pair.shops for one in _seen_in(flow, shop, since, until)]
    known = {
        (shop.domain, source_id): record
        for shop in flow.pair.shops
        for source_id, record in flow.ledger.known_records(
            flow.pair.pair,
            shop.domain,
            SHOP_ORDER,
            [one.source_id for one in seen if one.shop == shop.domain],
        ).items()
    }
    books = _read_books(flow.xero, flow.sage100, seen)
    gaps: list[Gap] = []
    payments = 0
    for one in seen:
        record = known.get((one.shop, one.source_id), KnownRecord(source_id=one.source_id))
        gap = _judge(flow.pair, one, record, books)
        if gap is not None:
            gaps.append(gap)
            payments += len(one.order.payments) if one.order else 0
    return PairGaps(
        pair=flow.pair.pair,
        since=since,
        until=until,
        orders=len(seen),
        gaps=tuple(sorted(gaps, key=lambda gap: (gap.changed_at, gap.source_id))),
        payments=payments,
    )


def _refuse_unclear(since: datetime, until: datetime) -> None:
    for name, moment in (("from", since), ("to", until)):
        if moment.utcoffset() is None:
            raise ConfigurationError(
                f"--{name} {moment.isoformat()} names no time zone.",
                remedy=f"Say which, such as {moment.isoformat()}Z for UTC.",
            )
    if since >= until:
        raise ConfigurationError(
            f"The interval from {since.isoformat()} to {until.isoformat()} is empty.",
            remedy="Give an end that is later than the start.",
        )


def _seen_in(flow: Flow, shop: Shop, since: datetime, until: datetime) -> Iterable[_Seen]:
    for node in flow.shops[shop.domain].changed_orders(since, until):
        try:
            order = flow.mapper.order_from_shop(node, shop=shop.domain)
        except RejectedError:
            order = None
        yield _Seen(
            shop=shop.domain,
            source_id=str(node.get("legacyResourceId")),
            number=invoice_number_of(shop, str(node.get("name"))),
            changed_at=datetime.fromisoformat(str(node.get("updatedAt"))),
            content=order_hash(node),
            order=order,
        )


def _read_books(xero: Xero, sage100: Sage100, seen: Sequence[_Seen]) -> _Books:
    numbers = [one.number for one in seen]
    invoices = {one.number: one for one in xero.invoices_numbered(numbers)}
    unclear = [
        invoices[one.number].invoice_id
        for one in seen
        if one.number in invoices and _paid(invoices[one.number]) != _captured(one)
    ]
    payments: dict[str, set[str]] = {}
    for payment in xero.payments_on(unclear):
        payments.setdefault(payment.invoice_id, set()).add(_transaction(payment))
    checks = [check_no(p) for one in seen if one.order for p in one.order.payments]
    return _Books(
        invoices=invoices,
        payments=payments,
        sales_orders=sage100.order_numbers(numbers),
        receipts=sage100.receipts_entered(checks),
    )


def _paid(invoice: XeroInvoice) -> Decimal:
    return invoice.total - invoice.amount_due


def _captured(one: _Seen) -> Decimal:
    return one.order.captured if one.order else Decimal(0)


def _transaction(payment: XeroPayment) -> str:
    """Return the shop's transaction that a payment is about: the last word of its reference."""
    return payment.reference.rpartition(" ")[2]


def _judge(pair: Pair, one: _Seen, known: KnownRecord, books: _Books) -> Gap | None:
    found, absent = _documents(one, books)
    kind = _kind(one, known, is_begun=bool(found), is_whole=not absent)
    if kind is None:
        return None
    return Gap(
        pair=pair.pair,
        shop=one.shop,
        source_id=one.source_id,
        number=one.number,
        kind=kind,
        changed_at=one.changed_at,
        found=tuple(found),
        absent=tuple(absent),
    )


def _kind(one: _Seen, known: KnownRecord, *, is_begun: bool, is_whole: bool) -> GapKind | None:
    """Say why an order is a gap; None when it is the same everywhere, or skipped by a rule."""
    if known.state is None or known.content_hash != one.content:
        return _kind_of_unknown(known)
    match known.state:
        case DocumentState.DEAD_LETTER:
            return GapKind.SET_ASIDE
        case DocumentState.HELD:
            return GapKind.HELD
        case DocumentState.SKIPPED:
            return None
        case state if state in UNFINISHED:
            return GapKind.HALF_POSTED if is_begun else GapKind.WAITING
        case _:
            return None if is_whole else GapKind.HALF_POSTED


def _kind_of_unknown(known: KnownRecord) -> GapKind:
    """Say what is to be expected of an order whose present content is in no document."""
    if known.is_pending:
        return GapKind.WAITING
    if known.is_set_aside:
        return GapKind.SET_ASIDE
    return GapKind.MISSING if known.state is None else GapKind.CHANGED


def _documents(one: _Seen, books: _Books) -> tuple[list[str], list[str]]:
    """Return which of the order's documents are in the books, and which are not."""
    found: list[str] = []
    absent: list[str] = []

    def sort(name: str, *, is_there: bool) -> None:
        (found if is_there else absent).append(name)

    invoice = books.invoices.get(one.number)
    order_no = books.sales_orders.get(one.number, "")
    sort(f"xero invoice {one.number}", is_there=invoice is not None)
    sort(f"sage100 sales order {order_no}".rstrip(), is_there=bool(order_no))
    for payment in one.order.payments if one.order else ():
        is_paid = invoice is not None and (
            _paid(invoice) == _captured(one)
            or payment.source_id in books.payments.get(invoice.invoice_id, ())
        )
        sort(f"xero payment {payment.source_id}", is_there=is_paid)
        check = check_no(payment)
        sort(f"sage100 cash receipt {check}", is_there=check in books.receipts)
    return found, absent
