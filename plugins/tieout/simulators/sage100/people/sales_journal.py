"""Update the sales journals: invoices and credit memos become history and open items, stock moves.

Sales order invoices go through journal SJ, those keyed in Accounts Receivable through IN. Their
postings wait for the Daily Transaction Register. A credit memo is entered with positive figures;
from here on all of its figures are negative, its balance as well. One that names an invoice is
applied to what is open of it; what is left stays an open item of its own.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from tieout.simulators.sage100 import order_history, stock
from tieout.simulators.sage100.fields import rounded
from tieout.simulators.sage100.kits import moves_stock
from tieout.simulators.sage100.people.ledger import (
    NotAllowedError,
    Posting,
    Register,
    open_register,
    pend,
)
from tieout.simulators.sage100.schema import CREATED, UPDATED, tables
from tieout.simulators.sage100.seed import account_keys
from tieout.simulators.sage100.store import CompanyFile, Row

ZERO = Decimal(0)
DEPOSITS_ACCOUNT = "230-00"
_HEADER_SEQUENCE = "000000"
_LOT_OR_SERIAL = {"5", "6"}
_CREDIT_MEMO = "CM"
_FIGURES = (
    *("TaxableAmt", "NonTaxableAmt", "FreightAmt", "SalesTaxAmt", "TaxableFreightAmt"),
    *("DepositAmt", "QuantityOrdered", "QuantityShipped", "QuantityBackordered", "Quantity"),
    "ExtensionAmt",
)
_HISTORY = "AR_InvoiceHistoryHeader"


def post_sales_journal(file: CompanyFile, posting_date: date) -> dict[str, object]:
    """Update the journals with every entered invoice.

    Raises:
        NotAllowedError: A lot or serial item is not distributed; nothing is updated then.
    """
    posted = []
    with file.transaction():
        for table, journal, module in (("SO", "SJ", "S/O"), ("AR", "IN", "A/R")):
            invoices = file.rows(f"{table}_InvoiceHeader")
            if invoices:
                register = open_register(file, journal, module, posting_date)
                posted += [_post_invoice(file, register, invoice) for invoice in invoices]
    return {"posted": posted}


def _post_invoice(file: CompanyFile, register: Register, entered: Row) -> dict[str, str]:
    number = entered.text("InvoiceNo")
    prefix = register.module.replace("/", "")
    names = ("InvoiceNo",) if prefix == "SO" else ("InvoiceNo", "InvoiceType")
    key = {name: entered.text(name) for name in names}
    sign = -1 if entered.text("InvoiceType") == _CREDIT_MEMO else 1
    invoice = _signed(entered, sign)
    lines = [_signed(line, sign) for line in file.rows(f"{prefix}_InvoiceDetail", **key)]
    taxes = [_signed(tax, sign) for tax in file.rows(f"{prefix}_InvoiceTaxSummary", **key)]
    goods = sum((line.number("ExtensionAmt") for line in lines), ZERO)
    total = goods + invoice.number("FreightAmt") + invoice.number("SalesTaxAmt")
    costs = [_ship(file, register, invoice, line) for line in lines]
    pend(file, register, f"INV {number}", _postings(file, invoice, lines, costs, taxes))
    _keep_history(file, register, invoice, lines, taxes)
    _open_item(file, register, invoice, total)
    if prefix == "SO" and invoice.text("SalesOrderNo"):
        _move_order_on(file, invoice, lines)
    for table in ("Header", "Detail", "TaxSummary"):
        file.delete(f"{prefix}_Invoice{table}", **key)
    return {"journal": register.journal, "invoice_no": number, "total": f"{total:.2f}"}


def _signed(row: Row, sign: int) -> Row:
    return Row(row | {name: sign * row.number(name) for name in _FIGURES if name in row})


def _postings(
    file: CompanyFile, invoice: Row, lines: list[Row], costs: list[Decimal], taxes: list[Row]
) -> list[Posting]:
    division = file.rows("AR_Division", ARDivisionNo=invoice.text("ARDivisionNo"))[0]
    receivable = division.text("AccountsReceivableAcctKey")
    deposit, freight = invoice.number("DepositAmt"), invoice.number("FreightAmt")
    goods = sum((line.number("ExtensionAmt") for line in lines), ZERO)
    due = goods + freight + invoice.number("SalesTaxAmt")
    result = [Posting(receivable, due), Posting(division.text("FreightAcctKey"), -freight)]
    for line, cost in zip(lines, costs, strict=True):
        result.append(Posting(line.text("SalesAcctKey"), -line.number("ExtensionAmt")))
        if cost:
            item = file.rows("CI_Item", ItemCode=line.text("ItemCode"))[0]
            result.append(Posting(line.text("CostOfGoodsSoldAcctKey"), cost))
            result.append(Posting(item.text("InventoryAcctKey"), -cost))
    for tax in taxes:
        code = file.rows("SY_SalesTaxCode", TaxCode=tax.text("TaxCode"))[0]
        result.append(Posting(code.text("SalesTaxAcctKey"), -tax.number("SalesTaxAmt")))
    deposits = account_keys(file)[DEPOSITS_ACCOUNT]
    return [*result, Posting(deposits, deposit), Posting(receivable, -deposit)]


def _ship(file: CompanyFile, register: Register, invoice: Row, line: Row) -> Decimal:
    """Move the stock of a line and return its cost; what comes back is negative."""
    if register.module != "S/O" or not moves_stock(line) or not line.number("QuantityShipped"):
        return ZERO
    if line.text("Valuation") in _LOT_OR_SERIAL and line.text("LotSerialFullyDistributed") != "Y":
        where = f"line {line.text('LineKey')} of invoice {invoice.text('InvoiceNo')}"
        message = f"The item {line.text('ItemCode')} is not fully distributed in {where}."
        raise NotAllowedError(message)
    item, warehouse = line.text("ItemCode"), line.text("WarehouseCode")
    quantity = line.number("QuantityShipped")
    cost = stock.issue(file, item, warehouse, quantity)
    if line.text("OrderLineKey"):
        stock.commit(file, item, warehouse, -quantity)
    row = Row(ItemCode=item, WarehouseCode=warehouse, TransactionCode="SO")
    row.update(TransactionDate=register.posted_on.isoformat(), EntryNo=invoice["InvoiceNo"])
    row.update(SequenceNo=line["LineKey"], ReferenceDate=invoice["InvoiceDate"])
    row.update(ARDivisionNo=invoice["ARDivisionNo"], CustomerNo=invoice["CustomerNo"])
    row.update(TransactionQty=-quantity, UnitPrice=line["UnitPrice"])
    row["InvoiceType"] = invoice["InvoiceType"]
    row.update(
        UnitCost=rounded(cost / quantity, 6), ExtendedCost=cost, ExtendedPrice=line["ExtensionAmt"]
    )
    row.update(SourceJournal=register.journal, JournalNoGLBatchNo=register.number)
    row.update(InvoiceHistoryHeaderSeqNo=_HEADER_SEQUENCE)
    file.insert("IM_ItemTransactionHistory", row)
    return cost


def _keep_history(
    file: CompanyFile, register: Register, invoice: Row, lines: list[Row], taxes: list[Row]
) -> None:
    key = {"InvoiceNo": invoice.text("InvoiceNo"), "HeaderSeqNo": _HEADER_SEQUENCE}
    header = _copy(_HISTORY, invoice)
    header.update(key, ModuleCode=register.module, SourceJournal=register.journal)
    header.update(TransactionDate=register.posted_on.isoformat())
    header.update(JournalNoGLBatchNo=register.number)
    header.update(
        TaxableSalesAmt=invoice["TaxableAmt"], NonTaxableSalesAmt=invoice["NonTaxableAmt"]
    )
    file.insert(_HISTORY, header)
    for line in lines:
        sequence = line.text("LineKey")
        detail = Row(_copy("AR_InvoiceHistoryDetail", line) | key | {"DetailSeqNo": sequence})
        detail["QuantityShipped"] = line[
            "QuantityShipped" if "QuantityShipped" in line else "Quantity"
        ]
        file.insert("AR_InvoiceHistoryDetail", detail)
        if "OrderLineKey" in line and line.text("OrderLineKey"):
            link = Row(SalesOrderNo=invoice["SalesOrderNo"], InvoiceNo=key["InvoiceNo"])
            link.update(SequenceNo=line.text("OrderLineKey").zfill(14))
            link.update(InvoiceHistoryHeaderSeqNo=_HEADER_SEQUENCE)
            link.update(InvoiceHistoryDetailSeqNo=sequence, InvoiceDate=invoice["InvoiceDate"])
            link.update(QuantityShipped=line["QuantityShipped"], UnitPrice=line["UnitPrice"])
            file.insert("SO_ARInvoiceHistoryLink", link)
    for tax in taxes:
        file.insert("AR_InvoiceHistoryTaxSummary", _copy("AR_InvoiceHistoryTaxSummary", tax) | key)


def _open_item(file: CompanyFile, register: Register, invoice: Row, total: Decimal) -> None:
    where = {name: invoice.text(name) for name in ("ARDivisionNo", "CustomerNo")}
    day, deposit = register.posted_on.isoformat(), invoice.number("DepositAmt")
    applied = _applied(file, register, invoice, total)
    row = _copy("AR_OpenInvoice", invoice)
    row.update(InvoiceHistoryHeaderSeqNo=_HEADER_SEQUENCE, PostingDate=day)
    if "ApplyToInvoiceNo" in invoice:
        row["CreditMemoInvoiceReference"] = invoice["ApplyToInvoiceNo"]
    row["Balance"] = total - deposit - applied
    file.insert("AR_OpenInvoice", row)
    parts = (("I", total), ("P", deposit), ("C", applied))
    key = {**where, "InvoiceNo": invoice.text("InvoiceNo")}
    keep_transactions(file, register, key | {"InvoiceType": invoice.text("InvoiceType")}, parts)
    customer = file.rows("AR_Customer", **where)[0]
    balance = customer.number("CurrentBalance") + total - deposit
    changes = Row(
        CurrentBalance=balance, DateLastActivity=day, LastInvoiceDate=invoice["InvoiceDate"]
    )
    file.update("AR_Customer", where, Row(changes | {"LastInvoiceAmt": total}))


def _applied(file: CompanyFile, register: Register, invoice: Row, total: Decimal) -> Decimal:
    """Take a credit memo off what is open of the invoice that it names; return how much, negative.

    The memo's own item keeps the rest.
    """
    number = invoice.text("ApplyToInvoiceNo") if "ApplyToInvoiceNo" in invoice else ""
    key = {name: invoice.text(name) for name in ("ARDivisionNo", "CustomerNo")}
    key |= {"InvoiceNo": number, "InvoiceType": "IN"}
    item = file.row("AR_OpenInvoice", **key)
    if total >= 0 or not number or item is None:
        return ZERO
    applied = -min(-total, max(item.number("Balance"), ZERO))
    file.update("AR_OpenInvoice", key, {"Balance": item.number("Balance") + applied})
    keep_transactions(file, register, key, (("C", applied),))
    return applied


def keep_transactions(
    file: CompanyFile,
    register: Register,
    key: Mapping[str, str],
    parts: Sequence[tuple[str, Decimal]],
) -> None:
    """Keep what happened to an open item: I invoiced, P paid, C credited (values unconfirmed)."""
    day = register.posted_on.isoformat()
    place = len(file.rows("AR_TransactionPaymentHistory", **key, TransactionDate=day))
    for kind, amount in parts:
        if amount:
            row = Row(**key, TransactionDate=day, SequenceNo=f"{place:06d}", TransactionType=kind)
            row.update(InvoiceHistoryHeaderSeqNo=_HEADER_SEQUENCE, TransactionAmt=amount)
            file.insert("AR_TransactionPaymentHistory", row)
            place += 1


def _move_order_on(file: CompanyFile, invoice: Row, lines: list[Row]) -> None:
    number = invoice.text("SalesOrderNo")
    for line in lines:
        if not line.text("OrderLineKey"):
            continue
        key = {"SalesOrderNo": number, "LineKey": line.text("OrderLineKey")}
        ordered = file.rows("SO_SalesOrderDetail", **key)[0]
        shipped = ordered.number("QuantityShipped") + line.number("QuantityShipped")
        file.update("SO_SalesOrderDetail", key, {"QuantityShipped": shipped})
    changes = Row(OrderStatus="O", CurrentInvoiceNo="", LastInvoiceOrderNo=invoice["InvoiceNo"])
    changes["LastInvoiceOrderDate"] = invoice["InvoiceDate"]
    file.update("SO_SalesOrderHeader", {"SalesOrderNo": number}, changes)
    left = [
        line.number("QuantityOrdered") - line.number("QuantityShipped")
        for line in file.rows("SO_SalesOrderDetail", SalesOrderNo=number)
    ]
    if any(left):
        order_history.keep(file, number)
    else:
        order_history.close(file, number, status="C")


def _copy(table: str, row: Row) -> Row:
    columns = tables()[table].columns
    skipped = CREATED + UPDATED
    return Row((name, row[name]) for name in columns if name in row and name not in skipped)
