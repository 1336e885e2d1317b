"""Enter invoices: from a sales order as it ships, or directly in Accounts Receivable.

Entering moves no stock, no balance and nothing in the general ledger.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tieout.simulators.sage100 import shipments
from tieout.simulators.sage100.fields import padded, rounded
from tieout.simulators.sage100.people.ledger import NotAllowedError
from tieout.simulators.sage100.seed import account_keys
from tieout.simulators.sage100.shipments import left
from tieout.simulators.sage100.store import CompanyFile, Row
from tieout.simulators.sage100.taxes import TaxLine, computed, tax_line, total

ZERO = Decimal(0)
_NUMBER_WIDTH = 7
_BATCH_WIDTH = 5
_MISCELLANEOUS_ITEM = "5"


@dataclass(frozen=True)
class Shipped:
    """How much of one order line leaves now."""

    line_key: str
    quantity: Decimal


@dataclass(frozen=True)
class ArInvoice:
    """An invoice keyed in Accounts Receivable, without an order and without stock."""

    customer_no: str
    amount: Decimal
    customer_po: str
    invoice_date: date
    account: str = "400-00"
    division: str = "00"


def enter_invoice(
    file: CompanyFile, order_no: str, *, invoice_date: date, lines: Sequence[Shipped] | None
) -> dict[str, object]:
    """Invoice what ships of an order; ``lines`` None ships all that is left.

    Freight goes with the first invoice of the order. The order's tax is carried cumulatively: the
    last invoice takes the remainder. The deposit covers the invoice as far as it lasts.

    Raises:
        NotAllowedError: No such open order, on hold, being invoiced already, or more than is left.
    """
    with file.transaction():
        order = _open_order(file, order_no)
        number = order.text("SalesOrderNo")
        shipping = _shipping_lines(file, number, lines)
        freight = shipments.freight_left(file, order)
        goods = sum((line.number("ExtensionAmt") for line in shipping), ZERO)
        taxes = _taxes(file, order, shipping, freight)
        invoice_no = file.next_number("invoice", _NUMBER_WIDTH)
        amount = goods + freight + total(taxes)
        deposit = min(amount, shipments.deposit_left(file, order))
        header = shipments.invoice_header(order)
        header.update(InvoiceNo=invoice_no, InvoiceDate=invoice_date.isoformat(), InvoiceType="IN")
        header.update(BatchNo=file.next_number("invoice_batch", _BATCH_WIDTH), FreightAmt=freight)
        header.update(ShipDate=invoice_date.isoformat(), InvoiceDueDate=invoice_date.isoformat())
        header.update(SalesTaxAmt=total(taxes), DepositAmt=deposit)
        taxable = max((tax.taxable for tax in taxes), default=ZERO)
        header.update(TaxableAmt=taxable, NonTaxableAmt=goods - taxable)
        file.insert("SO_InvoiceHeader", header)
        for line in shipping:
            file.insert("SO_InvoiceDetail", Row(line | {"InvoiceNo": invoice_no}))
        for place, tax in enumerate(taxes, 1):
            key = {"InvoiceNo": invoice_no, "ScheduleSeqNo": f"{place:06d}"}
            file.insert("SO_InvoiceTaxSummary", tax.as_row(**key))
        file.update(
            "SO_SalesOrderHeader", {"SalesOrderNo": number}, {"CurrentInvoiceNo": invoice_no}
        )
    figures = {"goods": goods, "freight": freight, "tax": total(taxes), "total": amount}
    shown = {name: f"{value:.2f}" for name, value in {**figures, "deposit": deposit}.items()}
    return {"invoice_no": invoice_no, "batch_no": header.text("BatchNo"), **shown}


def recalculate_tax(file: CompanyFile, invoice_no: str) -> dict[str, object]:
    """Compute the tax of an entered invoice anew by its schedule, as the utility does.

    Overrides are lost; a deposit that would be more than the invoice shrinks to it.

    Raises:
        NotAllowedError: No such invoice in entry.
    """
    number = padded("InvoiceNo", invoice_no)
    header = file.row("SO_InvoiceHeader", InvoiceNo=number)
    if header is None:
        message = f"The Invoice {number} is not on file."
        raise NotAllowedError(message)
    lines = file.rows("SO_InvoiceDetail", InvoiceNo=number)
    freight = header.number("FreightAmt")
    schedule = header.text("TaxSchedule")
    taxes = computed(file, schedule=schedule, lines=lines, freight=freight)
    goods = sum((line.number("ExtensionAmt") for line in lines), ZERO)
    deposit = min(header.number("DepositAmt"), goods + freight + total(taxes))
    with file.transaction():
        file.delete("SO_InvoiceTaxSummary", InvoiceNo=number)
        for place, tax in enumerate(taxes, 1):
            key = {"InvoiceNo": number, "ScheduleSeqNo": f"{place:06d}"}
            file.insert("SO_InvoiceTaxSummary", tax.as_row(**key))
        changes = {"SalesTaxAmt": total(taxes), "DepositAmt": deposit}
        file.update("SO_InvoiceHeader", {"InvoiceNo": number}, changes)
    return {"invoice_no": number, "tax": f"{total(taxes):.2f}"}


def enter_ar_invoice(file: CompanyFile, invoice: ArInvoice) -> dict[str, object]:
    """Key an invoice in Accounts Receivable.

    Raises:
        NotAllowedError: The customer or the account is not on file.
    """
    number = padded("CustomerNo", invoice.customer_no)
    customer = file.row("AR_Customer", ARDivisionNo=invoice.division, CustomerNo=number)
    if customer is None:
        message = f"The Customer Number {invoice.division}-{number} is not on file."
        raise NotAllowedError(message)
    account_key = account_keys(file).get(invoice.account)
    if account_key is None:
        message = f"The G/L Account {invoice.account} is not on file."
        raise NotAllowedError(message)
    with file.transaction():
        invoice_no = file.next_number("invoice", _NUMBER_WIDTH)
        key = {"InvoiceNo": invoice_no, "InvoiceType": "IN"}
        header = Row(**key, ARDivisionNo=invoice.division, CustomerNo=number)
        header.update(
            InvoiceDate=invoice.invoice_date.isoformat(), CustomerPONo=invoice.customer_po
        )
        header.update(InvoiceDueDate=invoice.invoice_date.isoformat(), NonTaxableAmt=invoice.amount)
        header.update(BatchNo=file.next_number("ar_invoice_batch", _BATCH_WIDTH))
        header.update(TermsCode=customer["TermsCode"], TaxSchedule=customer["TaxSchedule"])
        file.insert("AR_InvoiceHeader", header)
        line = Row(**key, LineKey="000001", ItemType=_MISCELLANEOUS_ITEM, SalesAcctKey=account_key)
        line.update(
            LineSeqNo="00000000000001", ItemCodeDesc=invoice.customer_po[:30], TaxClass="NT"
        )
        line.update(Quantity=Decimal(1), UnitPrice=invoice.amount, ExtensionAmt=invoice.amount)
        file.insert("AR_InvoiceDetail", line)
    return {"invoice_no": invoice_no, "total": f"{invoice.amount:.2f}"}


def _open_order(file: CompanyFile, order_no: str) -> Row:
    number = padded("SalesOrderNo", order_no)
    reason = shipments.trouble(file, number)
    if reason:
        raise NotAllowedError(reason)
    return file.rows("SO_SalesOrderHeader", SalesOrderNo=number)[0]


def _shipping_lines(file: CompanyFile, number: str, lines: Sequence[Shipped] | None) -> list[Row]:
    stored = {
        line.text("LineKey"): line for line in file.rows("SO_SalesOrderDetail", SalesOrderNo=number)
    }
    if lines is None:
        lines = [Shipped(key, left(line)) for key, line in stored.items() if left(line) > 0]
    shipping = []
    for place, shipped in enumerate(lines, 1):
        line = stored.get(shipped.line_key)
        if line is None or not 0 < shipped.quantity <= left(line):
            message = f"The quantity {shipped.quantity} of line {shipped.line_key} is invalid."
            raise NotAllowedError(message)
        shipping.append(shipments.invoice_line(line, shipped.quantity, place))
    if not shipping:
        message = f"The Sales Order {number} has no quantity left to ship."
        raise NotAllowedError(message)
    return shipping


def _taxes(file: CompanyFile, order: Row, shipping: list[Row], freight: Decimal) -> list[TaxLine]:
    """Return the invoice's tax: an override's cumulative share, else what the schedule computes."""
    number = order.text("SalesOrderNo")
    schedule = order.text("TaxSchedule")
    by_schedule = computed(file, schedule=schedule, lines=shipping, freight=freight)
    summary = file.rows("SO_SalesOrderTaxSummary", SalesOrderNo=number)
    ordered = {row.text("TaxCode"): tax_line(row) for row in summary}
    order_goods = order.number("TaxableAmt") + order.number("NonTaxableAmt")
    order_base = order_goods + order.number("FreightAmt")
    earlier = shipments.earlier(file, number)
    now = freight + sum((line.number("ExtensionAmt") for line in shipping), ZERO)
    base = now + sum((_base(row) for row in earlier), ZERO)
    result = []
    for line in by_schedule:
        whole = ordered.get(line.code)
        if whole is None or not whole.is_overridden or not order_base:
            result.append(line)
            continue
        share = whole.amount if base == order_base else rounded(whole.amount * base / order_base)
        rest = share - _taxed_before(file, earlier, line.code)
        parts = (line.rate, line.taxable, line.non_taxable, line.freight)
        result.append(TaxLine(line.code, *parts, amount=rest, is_overridden=True))
    return result


def _base(posted: Row) -> Decimal:
    goods = posted.number("TaxableSalesAmt") + posted.number("NonTaxableSalesAmt")
    return goods + posted.number("FreightAmt")


def _taxed_before(file: CompanyFile, earlier: list[Row], code: str) -> Decimal:
    amounts = [
        tax.number("SalesTaxAmt")
        for row in earlier
        for tax in file.rows("AR_InvoiceHistoryTaxSummary", InvoiceNo=row.text("InvoiceNo"))
        if tax.text("TaxCode") == code
    ]
    return sum(amounts, ZERO)
