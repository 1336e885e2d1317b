"""The gate of order-to-cash: read each document, skip by rule, have its row judged.

Good orders go on, bad ones become dead letters with the rule and the value. Which rows fail is
include/expectations' word; rows/orders.py computes what the rules look at.
"""

from collections.abc import Collection, Mapping, Sequence
from zoneinfo import ZoneInfo

from tieout.domain.base import BatchId, DocumentId, System
from tieout.domain.ledger import UNFINISHED, DeliveryState, Document, DocumentState, NewDeadLetter
from tieout.domain.money import ZERO
from tieout.domain.order import LineKind, Order
from tieout.domain.pair import Pair
from tieout.domain.streams import is_too_bad, source_stream
from tieout.errors import ConfigurationError, RejectedError
from tieout.ports.gate import Finding
from tieout.usecases.catalog import INVOICE, SALES_ORDER
from tieout.usecases.credit import on_account
from tieout.usecases.flow import (
    SHOP_ORDER,
    Flow,
    ReadyOrder,
    StepReport,
    as_refused,
    dead_letter_of,
    documents_of,
    item_code,
)
from tieout.usecases.guarded import ensure_readable, guarded_read
from tieout.usecases.parents import item_parent
from tieout.usecases.rows.facts import Known
from tieout.usecases.rows.orders import order_row, products

SUITE = "shop_order"
STEP = "gate_orders"
UNKNOWN_ITEM = "unknown_item"
"""The rule of the suite whose failing rows wait for the items that they name."""
SALE_KINDS = frozenset({LineKind.PRODUCT, LineKind.SHIPPING})


def gate_orders(flow: Flow, batch_id: BatchId) -> StepReport:
    """Judge the batch's received documents.

    While the stream of orders pauses nothing is judged but a probe now and then: a batch that is
    good enough lets it go on, and of any other nothing is set aside.

    Raises:
        StreamPausedError: A system that judging must read does not answer; nothing was read.
        ConfigurationError: An expectation of severity *halt* failed; nothing of the batch goes on.
    """
    for system in (System.XERO, System.SAGE100):
        ensure_readable(flow, system)
    stream = source_stream(flow.pair.pair, SHOP_ORDER)
    admission = flow.streams.admit(stream)
    if not admission.is_admitted:
        return StepReport(step=STEP, documents=0, confirmed=0, set_aside=0)
    received = documents_of(flow, batch_id, DocumentState.RECEIVED)
    newest = _newest(flow, received)
    posted = _posted(flow, newest)
    orders, bad = _read(flow, newest, posted)
    verdict = flow.gate.validate(SUITE, _rows(flow, orders, posted), page=str(batch_id))
    _halt(flow.pair, verdict.findings)
    bad |= _failed(flow.pair, orders, verdict.findings)
    good = {r.document_id: r for r in orders if r.document_id not in bad}
    if admission.is_probe:
        if not good or is_too_bad(judged=len(good) + len(bad), bad=len(bad)):
            return StepReport(step=STEP, documents=len(received), confirmed=0, set_aside=0)
        flow.streams.succeeded(stream)
    confirmed, aside = _settle(flow, stream, newest, good, bad)
    return StepReport(step=STEP, documents=len(received), confirmed=confirmed, set_aside=aside)


def _settle(
    flow: Flow,
    stream: str,
    documents: Sequence[Document],
    good: Mapping[DocumentId, ReadyOrder],
    bad: Mapping[DocumentId, NewDeadLetter],
) -> tuple[int, int]:
    """Let the good ones on and set the bad ones aside, until the stream pauses.

    What was not reached by then stays received. Returns how many went on and were set aside.
    """
    uncounted = confirmed = aside = 0
    for document in documents:
        ready, letter = good.get(document.document_id), bad.get(document.document_id)
        if ready is not None:
            canonical = ready.order.model_dump(mode="json")
            flow.ledger.mark_validated(document.document_id, canonical)
            confirmed += 1
            uncounted += 1
        elif letter is not None:
            if not flow.streams.judged(stream, good=uncounted, is_bad=True):
                return confirmed, aside
            uncounted = 0
            flow.ledger.set_aside(letter)
            aside += 1
    if uncounted:
        flow.streams.judged(stream, good=uncounted, is_bad=False)
    return confirmed, aside


def _newest(flow: Flow, documents: Sequence[Document]) -> list[Document]:
    """Skip the unfinished versions that a newer one supersedes, whichever run holds them.

    Of an order that a person holds, a newer version is held as well: the word is on the order.
    """
    newest = {(document.account, document.source_id): document for document in documents}
    given = [document.document_id for document in newest.values()]
    for document in flow.ledger.other_versions(given):
        record = (document.account, document.source_id)
        newer = newest.get(record)
        if newer is None or document.document_id >= newer.document_id:
            continue
        if document.state in UNFINISHED:
            flow.ledger.skip_document(document.document_id, rule="superseded")
        elif document.state is DocumentState.HELD:
            flow.ledger.hold(newer.document_id, reason=document.held_for)
            del newest[record]
    return list(newest.values())


def _posted(flow: Flow, documents: Sequence[Document]) -> set[str]:
    """Return the orders of which a target holds something, or may hold it."""
    numbers = [document.source_id for document in documents]
    untouched = (DeliveryState.INTENT, DeliveryState.REFUSED)
    return {
        delivery.document_key
        for kind in (INVOICE, SALES_ORDER)
        for delivery in flow.ledger.deliveries_of(flow.pair.pair, kind.entity, numbers)
        if delivery.state not in untouched
    }


def _read(
    flow: Flow, documents: Sequence[Document], posted: Collection[str]
) -> tuple[list[ReadyOrder], dict[DocumentId, NewDeadLetter]]:
    """Read documents into orders; skip by rule, return a dead letter of what cannot be read."""
    orders: list[ReadyOrder] = []
    unreadable: dict[DocumentId, NewDeadLetter] = {}
    for document in documents:
        try:
            order = flow.mapper.order_from_shop(document.corrected, shop=document.account)
            rule = _skip_rule(order, is_posted=order.source_id in posted)
            if rule:
                flow.ledger.skip_document(document.document_id, rule=rule)
                continue
            _refuse_unsupported(order)
        except RejectedError as error:
            letter = dead_letter_of(document, as_refused(error), step=STEP)
            unreadable[document.document_id] = letter
            continue
        orders.append(ReadyOrder(document=document, order=order))
    return orders, unreadable


def _skip_rule(order: Order, *, is_posted: bool) -> str:
    if order.is_test:
        return "test_order"
    if order.is_cancelled and order.captured == ZERO and not is_posted:
        return "cancelled_before_posting"
    return ""


def _refuse_unsupported(order: Order) -> None:
    """Refuse what this version does not post, in words, before any rule looks at it."""
    if order.is_cancelled:
        raise RejectedError(
            f"Order {order.name} was cancelled after it was posted, or after money was taken "
            f"({order.captured} {order.currency}).",
            remedy=(
                "Void or credit its Xero invoice, cancel its Sage 100 order, and refund what was "
                "taken, in the shop and in both ledgers."
            ),
            cause="cancelled_after_posting",
        )
    if order.captured > order.total:
        raise RejectedError(
            f"{order.captured} {order.currency} were taken for {order.name} of {order.total}.",
            remedy="Refund the excess in the shop, or post the overpayment by hand, then replay.",
            cause="overpaid_not_supported",
            field="captured",
            value=str(order.captured),
        )
    for line in order.lines:
        if line.kind not in SALE_KINDS:
            raise RejectedError(
                f"Order {order.name} sells {line.title!r}, a {line.kind}: not posted yet.",
                remedy="Post it by hand in both ledgers; the dead letter stays as its record.",
                cause="line_kind_not_supported",
                field="lines",
                value=line.kind,
            )


def _rows(
    flow: Flow, orders: Sequence[ReadyOrder], posted: Collection[str]
) -> list[dict[str, object]]:
    if not orders:
        return []
    pair = flow.pair
    codes = {item_code(pair, line) for ready in orders for line in products(ready.order)}
    credit = on_account(flow, [r.order for r in orders if r.order.source_id not in posted])
    known = Known(
        pair=pair,
        xero=guarded_read(flow, System.XERO, flow.xero.reference),
        sage100=guarded_read(flow, System.SAGE100, lambda: flow.sage100.reference(codes - {""})),
        today=flow.clock.now().astimezone(ZoneInfo(pair.time_zone)).date(),
        owing=credit.owing,
        credits=credit.credits,
    )
    return [order_row(str(ready.document_id), ready.order, known) for ready in orders]


def _halt(pair: Pair, findings: Sequence[Finding]) -> None:
    halting = [finding for finding in findings if finding.severity == "halt"]
    if halting:
        first = halting[0]
        raise ConfigurationError(
            f"The gate halted pair {pair.pair}: {first.message}", remedy=first.remedy
        )


def _failed(
    pair: Pair, orders: Sequence[ReadyOrder], findings: Sequence[Finding]
) -> dict[DocumentId, NewDeadLetter]:
    """Return the dead letter of each order that failed a *park* expectation: all that it failed."""
    parking: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.severity == "park":
            parking.setdefault(finding.row_key, []).append(finding)
    return {
        ready.document_id: _dead_letter(pair, ready, parking[str(ready.document_id)])
        for ready in orders
        if str(ready.document_id) in parking
    }


def _dead_letter(pair: Pair, ready: ReadyOrder, failed: Sequence[Finding]) -> NewDeadLetter:
    first = failed[0]
    return NewDeadLetter(
        pair=ready.document.pair,
        document_id=ready.document_id,
        trace_key=f"{ready.document.account} {ready.document.name}",
        step=STEP,
        cause=first.rule,
        message=" ".join(finding.message for finding in failed),
        remedy=first.remedy,
        rule=first.rule,
        field=first.column,
        value=first.value,
        amount=ready.order.total,
        currency=ready.order.currency,
        answer=[finding.model_dump(mode="json") for finding in failed],
        waits_for=_items_awaited(pair, ready.order, failed),
    )


def _items_awaited(pair: Pair, order: Order, failed: Sequence[Finding]) -> tuple[str, ...]:
    """Return the items that the order waits for, if it lacks nothing but them.

    A line without an item code waits for a person: no item could come to be there for it.
    """
    if any(finding.rule != UNKNOWN_ITEM for finding in failed):
        return ()
    missing = {name for finding in failed for name in finding.value.split(", ")}
    codes = {item_code(pair, line) for line in products(order)}
    return tuple(sorted(map(item_parent, missing))) if missing <= codes else ()
