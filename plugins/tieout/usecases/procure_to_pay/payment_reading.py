"""Payments of bills read into their canonical form, from the ledger that paid or took back."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial

from tieout.domain.base import Amount, Json, System
from tieout.domain.ledger import Document
from tieout.domain.money import ZERO
from tieout.domain.pair import BankAccount
from tieout.errors import RejectedError
from tieout.mapping.xero_bills import amount_of, day_of
from tieout.usecases.catalog import PAYMENT
from tieout.usecases.flow import Flow
from tieout.usecases.guarded import guarded_read
from tieout.usecases.payees import VENDOR
from tieout.usecases.procure_to_pay.bill_entry import BILL_BINDING
from tieout.usecases.procure_to_pay.payments import (
    BILL_PAYMENT,
    DELETED,
    REVERSAL,
    BillPayment,
    NotYetError,
    PaidBill,
    delivery_key,
)


def read_payment(flow: Flow, document: Document) -> BillPayment:
    """Return the payment that a document tells of.

    Raises:
        RejectedError: It cannot be recorded.
        NotYetError: A bill that it pays is not in Sage 100's books yet.
    """
    if document.source is System.XERO:
        return _paid_in_xero(flow, document)
    if document.corrected.get("CheckType") == REVERSAL:
        return _taken_back(flow, document)
    return _paid_in_sage100(flow, document)


def _paid_in_xero(flow: Flow, document: Document) -> BillPayment:
    node = document.corrected
    if node.get("Status") == DELETED:
        raise RejectedError(
            f"{document.name} was deleted in Xero after its check was entered in Sage 100.",
            remedy="Reverse the check in Sage 100 (its bill is open again then); dismiss this.",
            cause="payment_deleted_after_entry",
        )
    account = node.get("Account")
    code = str(account.get("Code") or "") if isinstance(account, dict) else ""
    bank = _paid_by(flow, System.XERO, xero=code)
    _refuse_foreign(flow, node)
    batch_id = str(node.get("BatchPaymentID") or "")
    amounts = _batch(flow, batch_id) if batch_id else {_invoice_id(node): amount_of(node, "Amount")}
    mine = _bill_numbers(flow, [_invoice_id(node)])[_invoice_id(node)]
    numbers = _bill_numbers(flow, amounts)
    paid = [
        PaidBill(bill_id=bill_id, invoice_no=numbers[bill_id][2], amount=amounts[bill_id])
        for bill_id in sorted(numbers)
        if numbers[bill_id][:2] == mine[:2]
    ]
    _refuse_early(flow, paid)
    payee = _payee(flow, mine)
    return BillPayment(
        source_id=document.source_id,
        key=f"{batch_id}/{payee}" if batch_id else document.source_id,
        number=str(node.get("Reference") or ""),
        to=System.SAGE100,
        book_date=_open_day(flow, day_of(node, "Date")),
        currency=flow.pair.currency,
        total=sum((one.amount for one in paid), ZERO),
        account=code,
        bank_code=bank.sage100_bank_code,
        payee=payee,
        division=mine[0],
        vendor_no=mine[1],
        paid=tuple(paid),
    )


def _paid_in_sage100(flow: Flow, document: Document) -> BillPayment:
    node = document.corrected
    bank = _paid_by(flow, System.SAGE100, bank_code=str(node.get("BankCode")))
    paid = _check_bills(flow, document)
    return BillPayment(
        source_id=document.source_id,
        key=document.source_id,
        number=str(node.get("CheckNo")),
        to=System.XERO,
        book_date=_open_day(flow, day_of(node, "CheckDate")),
        currency=flow.pair.currency,
        total=sum((one.amount for one in paid), ZERO),
        account=bank.xero,
        bank_code=bank.sage100_bank_code,
        paid=tuple(paid),
    )


def _taken_back(flow: Flow, document: Document) -> BillPayment:
    """Read the reversal of a check: what recorded the check in Xero, or paid there, ends.

    Raises:
        RejectedError: It is in a closed period, or part of a batch, which Xero ends whole.
    """
    number = "/".join(document.source_id.split("/")[:2])
    pair, ledger = flow.pair.pair, flow.ledger
    ours = ledger.bindings_to(pair, BILL_PAYMENT, [number], System.SAGE100)
    if number in ours:
        ended = [ours[number].key]
    else:
        keys = [delivery_key(number, one.invoice_no) for one in _check_bills(flow, document)]
        ended = [one.external_id for one in ledger.deliveries_of(pair, PAYMENT.entity, keys)]
    lock = guarded_read(flow, System.XERO, flow.xero.reference).lock_date
    shown = guarded_read(flow, System.XERO, lambda: flow.xero.shown("Payments", ended))
    for payment_id in ended:
        node = shown[payment_id].node if payment_id in shown else {}
        if not node or node.get("BatchPaymentID") or (lock and day_of(node, "Date") <= lock):
            raise RejectedError(
                f"Check {number} was reversed in Sage 100, and its payment in Xero cannot be "
                "deleted: it is part of a batch, or of a period that is locked there.",
                remedy=(
                    "Delete the whole batch in Xero, or open the period and replay; else enter "
                    "what came back in the open period. Then dismiss this."
                ),
                cause="reversal_not_mirrored",
                value=payment_id,
            )
    return BillPayment(
        source_id=document.source_id,
        key=document.source_id,
        number=number,
        to=System.XERO,
        book_date=day_of(document.corrected, "CheckDate"),
        currency=flow.pair.currency,
        undone=tuple(ended),
    )


def _check_bills(flow: Flow, document: Document) -> list[PaidBill]:
    """Return the bills that a check of Sage 100 pays, or gives back, as Xero knows them."""
    node = document.corrected
    bank, check, sequence = document.source_id.split("/")
    lines = guarded_read(
        flow, System.SAGE100, lambda: flow.sage100.check_lines(bank, check, sequence)
    )
    vendor = f"{node.get('APDivisionNo')}/{node.get('VendorNo')}"
    wanted = {f"{vendor}/{number}": amount for number, amount in lines.items()}
    known = flow.ledger.bindings_to(flow.pair.pair, BILL_BINDING, wanted, System.SAGE100)
    if missing := sorted(set(wanted) - set(known)):
        raise RejectedError(
            f"Check {bank}/{check} pays bills that did not come from Xero: {', '.join(missing)}.",
            remedy="Record what it pays in Xero by hand, if those bills are there; dismiss this.",
            cause="bill_unknown",
            value=missing[0],
        )
    return [
        PaidBill(
            bill_id=known[one].key, invoice_no=one.removeprefix(f"{vendor}/"), amount=abs(amount)
        )
        for one, amount in sorted(wanted.items())
    ]


def _paid_by(flow: Flow, payer: System, *, xero: str = "", bank_code: str = "") -> BankAccount:
    """Return the bank account that a payment left.

    Raises:
        RejectedError: Nobody said which ledger pays from it, or it is the other one.
    """
    for one in flow.pair.bank_accounts:
        if one.xero == xero or one.sage100_bank_code == bank_code:
            if one.payer == payer:
                return one
            raise RejectedError(
                f"A bill was paid in {payer} from {xero or bank_code}, where {one.payer} pays.",
                remedy=(
                    f"If it is the copy of a payment in {one.payer}, delete it; if it is the "
                    f"payment, enter it in {one.payer} instead. Then dismiss this."
                ),
                cause="not_the_payer",
                value=xero or bank_code,
            )
    raise RejectedError(
        f"A bill was paid from bank account {xero or bank_code}, and nothing says which ledger "
        "pays from it and which only records it.",
        remedy=(
            f"Add it under 'bank_accounts' in include/mappings/accounts/{flow.pair.pair}.yaml, "
            "with its 'payer', xero or sage100; then replay."
        ),
        cause="payer_unknown",
        value=xero or bank_code,
    )


def _invoice_id(node: Mapping[str, object]) -> str:
    invoice = node.get("Invoice")
    return str(invoice.get("InvoiceID") or "") if isinstance(invoice, dict) else ""


def _batch(flow: Flow, batch_id: str) -> dict[str, Amount]:
    """Return what a batch of Xero pays, whoever it pays, by bill."""
    shown = guarded_read(flow, System.XERO, lambda: flow.xero.shown("BatchPayments", [batch_id]))
    payments = shown[batch_id].node.get("Payments") if batch_id in shown else None
    rows = [one for one in payments if isinstance(one, dict)] if isinstance(payments, list) else []
    return {_invoice_id(one): amount_of(one, "Amount") for one in rows}


def _bill_numbers(
    flow: Flow, bill_ids: Sequence[str] | Mapping[str, object]
) -> dict[str, list[str]]:
    """Return division, vendor and number of bills in Sage 100.

    Raises:
        RejectedError: One is not there.
    """
    known = flow.ledger.bindings(flow.pair.pair, BILL_BINDING, bill_ids, System.SAGE100)
    if missing := sorted(set(bill_ids) - set(known)):
        raise RejectedError(
            f"Bill {missing[0]} was paid in Xero, and Sage 100 has no bill of ours for it.",
            remedy="Bring the bill into Sage 100 (its dead letter says what it lacks); replay.",
            cause="bill_unknown",
            value=missing[0],
        )
    return {one: binding.external_id.split("/", 2) for one, binding in known.items()}


def in_books(flow: Flow, bill_ids: set[str]) -> set[str]:
    """Return the bills whose register people have updated in Sage 100."""
    found = set()
    for bill_id, (division, vendor_no, _number) in _bill_numbers(flow, sorted(bill_ids)).items():
        held = guarded_read(
            flow, System.SAGE100, partial(flow.sage100.payables, division, {vendor_no})
        )
        found |= {
            one.source_id
            for one in held.bills.get(vendor_no, ())
            if one.is_posted and one.source_id == bill_id
        }
    return found


def _refuse_early(flow: Flow, paid: Sequence[PaidBill]) -> None:
    held = in_books(flow, {one.bill_id for one in paid})
    for one in paid:
        if one.bill_id not in held:
            raise NotYetError(one.bill_id)


def _payee(flow: Flow, bill: Sequence[str]) -> str:
    vendor = f"{bill[0]}-{bill[1]}"
    bound = flow.ledger.bindings_to(flow.pair.pair, VENDOR, [vendor], System.SAGE100)
    return bound[vendor].key if vendor in bound else vendor


def _open_day(flow: Flow, day: date) -> date:
    """Return the day, unless its period is closed.

    Raises:
        RejectedError: It is.
    """
    lock = guarded_read(flow, System.XERO, flow.xero.reference).lock_date
    closed = max((one for one in (lock, flow.pair.closed_through) if one), default=None)
    if closed is not None and day <= closed:
        raise RejectedError(
            f"A bill was paid on {day}, and the books are closed through {closed}.",
            remedy="Open the period and replay, or enter it by hand in the open one and dismiss.",
            cause="period_locked",
            value=day.isoformat(),
        )
    return day


def _refuse_foreign(flow: Flow, node: Json) -> None:
    invoice = node.get("Invoice")
    said = invoice.get("CurrencyCode") if isinstance(invoice, dict) else None
    if said not in (None, flow.pair.currency):
        raise RejectedError(
            f"A bill in {said} was paid; the company keeps its books in {flow.pair.currency}.",
            remedy="Enter the payment by hand in Sage 100, with what the rates differ by; dismiss.",
            cause="currency_not_of_company",
            value=str(said),
        )
