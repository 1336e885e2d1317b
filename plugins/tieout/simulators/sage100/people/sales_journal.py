"""Update the sales journals: invoices become history and open items, stock moves.

Sales order invoices go through journal SJ, those keyed in Accounts Receivable through IN. Their
postings wait for the Daily Transaction Register.
"""

from datetime import date
from decimal import Decimal

from tieout.simulators.sage100 import order_history, stock
from tieout.simulators.sage100.fields import rounded
from tieout.simulators.sage100.people.ledger import Posting, Register, open_register, pend
from tieout.simulators.sage100.schema import CREATED, UPDATED, tables
from tieout.simulators.sage100.seed import account_keys
from tieout.simulators.sage100.store import CompanyFile, Row

ZERO = Decimal(0)
DEPOSITS_ACCOUNT = "230-00"
_HEADER_SEQUENCE = "000000"
_REGULAR_ITEM = "1"
_HISTORY = "AR_InvoiceHistoryHeader"


def post_sales_journal(file: CompanyFile, posting_date: date) -> dict[str, object]:
    """Update the journals with every entered invoice."""
    posted = []
    with file.transaction():
        for table, journal, module in (("SO", "SJ", "S/O"), ("AR", "IN", "A/R")):
            invoices = file.rows(f"{table}_InvoiceHeader")
            if invoices:
                register = open_register(file, journal, module, posting_date)
                posted += [_post_invoice(file, register, invoice) for invoice in invoices]
    return {"posted": posted}


def _post_invoice(file: CompanyFile, register: Register, invoice: Row) -> dict[str, str]:
    number = invoice.text("InvoiceNo")
    prefix = register.module.replace("/", "")
    lines = file.rows(f"{prefix}_InvoiceDetail", InvoiceNo=number)
    taxes = file.rows("SO_InvoiceTaxSummary", InvoiceNo=number) if prefix == "SO" else []
    goods = sum((line.number("ExtensionAmt") for line in lines), ZERO)
    total = goods + invoice.number("FreightAmt") + invoice.number("SalesTaxAmt")
    costs = [_ship(file, register, invoice, line) for line in lines]
    pend(file, register, f"INV {number}", _postings(file, invoice, lines, costs, taxes))
    _keep_history(file, register, invoice, lines, taxes)
    _open_item(file, register, invoice, total)
    if prefix == "SO":
        _move_order_on(file, invoice, lines)
    for table in (f"{prefix}_InvoiceHeader", f"{prefix}_InvoiceDetail"):
        file.delete(table, InvoiceNo=number)
    file.delete("SO_InvoiceTaxSummary", InvoiceNo=number)
    return {"journal": register.journal, "invoice_no": number, "total": f"{total:.2f}"}


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
    """Move the stock of a line and return its cost."""
    if register.module != "S/O" or line.text("ItemType") != _REGULAR_ITEM:
        return ZERO
    item, warehouse = line.text("ItemCode"), line.text("WarehouseCode")
    quantity = line.number("QuantityShipped")
    cost = stock.issue(file, item, warehouse, quantity)
    stock.commit(file, item, warehouse, -quantity)
    row = Row(ItemCode=item, WarehouseCode=warehouse, TransactionCode="SO")
    row.update(TransactionDate=register.posted_on.isoformat(), EntryNo=invoice["InvoiceNo"])
    row.update(SequenceNo=line["LineKey"], ReferenceDate=invoice["InvoiceDate"])
    row.update(ARDivisionNo=invoice["ARDivisionNo"], CustomerNo=invoice["CustomerNo"])
    row.update(TransactionQty=-quantity, UnitPrice=line["UnitPrice"], InvoiceType="IN")
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
        if "OrderLineKey" in line:
            link = Row(SalesOrderNo=invoice["SalesOrderNo"], InvoiceNo=key["InvoiceNo"])
            link.update(SequenceNo=line.text("OrderLineKey").zfill(14))
            link.update(InvoiceHistoryHeaderSeqNo=_HEADER_SEQUENCE)
            link.update(InvoiceHistoryDetailSeqNo=sequence, InvoiceDate=invoice["InvoiceDate"])
            link.update(QuantityShipped=line["QuantityShipped"], UnitPrice=line["UnitPrice"])
            file.insert("SO_ARInvoiceHistoryLink", link)
    for tax in taxes:
        file.insert("AR_InvoiceHistoryTaxSummary", Row(tax | key))


def _open_item(file: CompanyFile, register: Register, invoice: Row, total: Decimal) -> None:
    where = {name: invoice.text(name) for name in ("ARDivisionNo", "CustomerNo")}
    day, deposit = register.posted_on.isoformat(), invoice.number("DepositAmt")
    row = _copy("AR_OpenInvoice", invoice)
    row.update(InvoiceType="IN", InvoiceHistoryHeaderSeqNo=_HEADER_SEQUENCE, PostingDate=day)
    row["Balance"] = total - deposit
    file.insert("AR_OpenInvoice", row)
    entry = Row(**where, InvoiceNo=invoice["InvoiceNo"], InvoiceType="IN", TransactionDate=day)
    entry["InvoiceHistoryHeaderSeqNo"] = _HEADER_SEQUENCE
    for place, (kind, amount) in enumerate((("I", total), ("P", deposit))):
        if amount:
            values = Row(SequenceNo=f"{place:06d}", TransactionType=kind, TransactionAmt=amount)
            file.insert("AR_TransactionPaymentHistory", Row(entry | values))
    customer = file.rows("AR_Customer", **where)[0]
    balance = customer.number("CurrentBalance") + total - deposit
    changes = Row(
        CurrentBalance=balance, DateLastActivity=day, LastInvoiceDate=invoice["InvoiceDate"]
    )
    file.update("AR_Customer", where, Row(changes | {"LastInvoiceAmt": total}))


def _move_order_on(file: CompanyFile, invoice: Row, lines: list[Row]) -> None:
    number = invoice.text("SalesOrderNo")
    for line in lines:
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
