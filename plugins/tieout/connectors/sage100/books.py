"""Sage 100's documents and postings, read for the tie-out, each with its state.

Entered documents stand in the entry tables; the register update moves them to history; the daily
transaction register brings them into GL_DetailPosting, whose comment names them. Judging what is
read belongs to the tie-out.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal

from tieout.connectors.sage100.reader import Sage100Reader
from tieout.connectors.sage100.rows import Row
from tieout.domain.books import (
    GlPosting,
    SageInvoice,
    SageOrder,
    SageOrderLine,
    SageReceipt,
    SageState,
)
from tieout.domain.money import ZERO
from tieout.ports.receivables import SageOpenInvoice

ORDER_TYPES = ("S", "B")
"""Standard and backorders; quotes, master and repeating orders commit nothing."""
QUOTE_STATUSES = frozenset({"Q", "Z"})
COMPLETED = "C"
MISCELLANEOUS = "5"
"""The ItemType of amounts beside the goods (domain: boi.json)."""
AMOUNTS = "DiscountAmt FreightAmt SalesTaxAmt DepositAmt"


def accounts(reader: Sage100Reader) -> dict[str, str]:
    """Return the formatted account number by AccountKey."""
    rows = reader.rows("GL_Account", "Account")
    return {row.text("AccountKey"): row.text("Account") for row in rows}


def banks(reader: Sage100Reader) -> dict[str, str]:
    """Return the formatted cash account number by bank code."""
    numbers = accounts(reader)
    rows = reader.rows("GL_Bank", "CashAccountKey")
    return {
        row.text("BankCode"): numbers.get(row.text("CashAccountKey"), row.text("CashAccountKey"))
        for row in rows
    }


def orders(reader: Sage100Reader) -> list[SageOrder]:
    """Return open orders, then those that live in history only, each group by number."""
    header = f"OrderStatus OrderDate CustomerNo CustomerPONo {AMOUNTS}"
    open_rows = list(reader.rows("SO_SalesOrderHeader", header, among={"OrderType": ORDER_TYPES}))
    open_lines = reader.rows(
        "SO_SalesOrderDetail", "ItemCode ItemType QuantityOrdered QuantityShipped ExtensionAmt"
    )
    lines_by_order = _grouped(
        (row.text("SalesOrderNo"), _line(row, "QuantityOrdered", "ExtensionAmt"))
        for row in open_lines
    )
    found = [_order(row, lines_by_order) for row in open_rows]
    known = {order.order_no for order in found}
    closed_rows = [
        row
        for row in reader.rows("SO_SalesOrderHistoryHeader", header)
        if row.text("SalesOrderNo") not in known and row.text("OrderStatus") not in QUOTE_STATUSES
    ]
    closed_lines = reader.rows(
        "SO_SalesOrderHistoryDetail",
        "ItemCode ItemType QuantityOrderedRevised QuantityShipped LastExtensionAmt CancelledLine",
    )
    history_by_order = _grouped(
        (row.text("SalesOrderNo"), _line(row, "QuantityOrderedRevised", "LastExtensionAmt"))
        for row in closed_lines
        if row.text("CancelledLine") != "Y"
    )
    return [*found, *(_order(row, history_by_order) for row in closed_rows)]


def order_numbers(reader: Sage100Reader, customer_pos: Collection[str]) -> dict[str, str]:
    """Return order numbers by customer PO: of open orders, else of completed ones in history.

    The PO is in no index of Sage's, so its server reads the headers through; few rows travel.
    """
    among = {"CustomerPONo": sorted(set(customer_pos))}
    history = reader.rows(
        "SO_SalesOrderHistoryHeader",
        "CustomerPONo OrderStatus",
        among={**among, "OrderStatus": [COMPLETED]},
    )
    found = {row.text("CustomerPONo"): row.text("SalesOrderNo") for row in history}
    open_rows = reader.rows(
        "SO_SalesOrderHeader", "CustomerPONo", among={**among, "OrderType": ORDER_TYPES}
    )
    return found | {row.text("CustomerPONo"): row.text("SalesOrderNo") for row in open_rows}


def receipts_entered(reader: Sage100Reader, check_nos: Collection[str]) -> frozenset[str]:
    """Return which check numbers receipts have, in the entry tables and in history."""
    among = {"CheckNo": sorted(set(check_nos))}
    return frozenset(
        row.text("CheckNo")
        for table in ("AR_CashReceiptsHeader", "AR_CashReceiptsHistory")
        for row in reader.rows(table, "", among=among)
    )


def _grouped(pairs: Iterable[tuple[str, SageOrderLine]]) -> dict[str, list[SageOrderLine]]:
    groups: dict[str, list[SageOrderLine]] = {}
    for key, line in pairs:
        groups.setdefault(key, []).append(line)
    return groups


def _line(row: Row, ordered: str, extension: str) -> SageOrderLine:
    return SageOrderLine(
        item_code=row.text("ItemCode"),
        item_type=row.text("ItemType"),
        ordered=row.amount(ordered),
        shipped=row.amount("QuantityShipped"),
        extension=row.amount(extension),
    )


def _order(row: Row, lines_by_order: dict[str, list[SageOrderLine]]) -> SageOrder:
    number = row.text("SalesOrderNo")
    lines = tuple(lines_by_order.get(number, ()))
    goods = sum((line.extension for line in lines), ZERO) - row.amount("DiscountAmt")
    return SageOrder(
        order_no=number,
        customer_po=row.text("CustomerPONo"),
        status=row.text("OrderStatus"),
        date=row.dated("OrderDate"),
        customer_no=row.text("CustomerNo"),
        freight=row.amount("FreightAmt"),
        tax=row.amount("SalesTaxAmt"),
        deposit=row.amount("DepositAmt"),
        total=goods + row.amount("FreightAmt") + row.amount("SalesTaxAmt"),
        lines=lines,
    )


def receipts(reader: Sage100Reader) -> list[SageReceipt]:
    """Return cash receipts per credited account, entered ones first.

    An entered receipt is dated by its deposit, an updated one by its posting. Lines that pay an
    invoice have no credited account.
    """
    numbers = accounts(reader)
    return [*_entered_receipts(reader, numbers), *_posted_receipts(reader, numbers)]


def _entered_receipts(reader: Sage100Reader, numbers: dict[str, str]) -> Iterable[SageReceipt]:
    key = ("DepositNo", "ARDivisionNo", "CustomerNo", "CheckNo")
    headers = {
        tuple(row.text(name) for name in key): row
        for row in reader.rows("AR_CashReceiptsHeader", "BankCode DepositDate")
    }
    amounts: dict[tuple[tuple[str, ...], str], Decimal] = {}
    for row in reader.rows("AR_CashReceiptsDetail", "AccountKey AmountPosted"):
        place = (tuple(row.text(name) for name in key), row.text("AccountKey"))
        amounts[place] = amounts.get(place, ZERO) + row.amount("AmountPosted")
    for (receipt, account_key), amount in amounts.items():
        header = headers.get(receipt)
        if header is None:
            # A line whose header is not visible yet: the next reading has both.
            continue
        yield SageReceipt(
            deposit_no=receipt[0],
            customer_no=receipt[2],
            check_no=receipt[3],
            date=header.dated("DepositDate"),
            bank_code=header.text("BankCode"),
            amount=amount,
            credited_account=numbers.get(account_key, account_key),
            state=SageState.ENTERED,
        )


def _posted_receipts(reader: Sage100Reader, numbers: dict[str, str]) -> Iterable[SageReceipt]:
    in_gl = _documents_in_gl(reader, "CR")
    amounts: dict[tuple[str, str, str, str, str, str], Decimal] = {}
    dates = {}
    rows = reader.rows("AR_CashReceiptsHistory", "AccountKey PostingDate CashAmountApplied")
    for row in rows:
        names = ("BankCode", "DepositNo", "CustomerNo", "CheckNo", "AccountKey")
        bank, deposit, customer, check, account = (row.text(name) for name in names)
        posted_on = row.dated("PostingDate")
        place = (bank, deposit, customer, check, account, posted_on.isoformat())
        dates[place] = posted_on
        amounts[place] = amounts.get(place, ZERO) + row.amount("CashAmountApplied")
    for place, amount in amounts.items():
        bank, deposit, customer, check, account, _ = place
        is_in_gl = f"{deposit}/{check}" in in_gl
        yield SageReceipt(
            deposit_no=deposit,
            check_no=check,
            customer_no=customer,
            date=dates[place],
            bank_code=bank,
            amount=amount,
            credited_account=numbers.get(account, account),
            state=SageState.IN_GL if is_in_gl else SageState.UPDATED,
        )


def invoices(reader: Sage100Reader) -> list[SageInvoice]:
    """Return customer invoices: entered in S/O, entered in A/R, posted.

    An entered invoice is dated by its document, a posted one by its posting.
    """
    numbers = accounts(reader)
    return [
        *_entered_invoices(reader, "SO_Invoice", "SalesOrderNo", numbers),
        *_entered_invoices(reader, "AR_Invoice", "", numbers),
        *_posted_invoices(reader, numbers),
    ]


def open_invoices(reader: Sage100Reader) -> list[SageOpenInvoice]:
    """Return what is open of posted customer invoices, as it stands now; paid ones are left out."""
    rows = reader.rows("AR_OpenInvoice", "CustomerPONo InvoiceDate Balance")
    return [
        SageOpenInvoice(
            invoice_no=row.text("InvoiceNo"),
            invoice_type=row.text("InvoiceType"),
            customer_no=row.text("CustomerNo"),
            customer_po=row.text("CustomerPONo"),
            date=row.dated("InvoiceDate"),
            balance=row.amount("Balance"),
        )
        for row in rows
        if row.amount("Balance")
    ]


def _entered_invoices(
    reader: Sage100Reader, table: str, order_no: str, numbers: Mapping[str, str]
) -> Iterable[SageInvoice]:
    shipped = "QuantityShipped" if order_no else "Quantity"
    sold, pieces = _sold(reader, f"{table}Detail", ("InvoiceNo",), numbers, shipped)
    rows = reader.rows(
        f"{table}Header", f"CustomerNo CustomerPONo InvoiceDate {AMOUNTS} {order_no}"
    )
    for row in rows:
        number = row.text("InvoiceNo")
        yield SageInvoice(
            invoice_no=number,
            order_no=row.text(order_no) if order_no else "",
            customer_po=row.text("CustomerPONo"),
            date=row.dated("InvoiceDate"),
            state=SageState.ENTERED,
            goods=_goods(sold.get((number,), {})) - row.amount("DiscountAmt"),
            goods_by_account=_goods_by_account(sold.get((number,), {})),
            charges=_charges(sold.get((number,), {})),
            freight=row.amount("FreightAmt"),
            tax=row.amount("SalesTaxAmt"),
            deposit_applied=row.amount("DepositAmt"),
            customer_no=row.text("CustomerNo"),
            invoice_date=row.day("InvoiceDate"),
            quantity=pieces.get((number,)),
        )


def _posted_invoices(reader: Sage100Reader, numbers: Mapping[str, str]) -> Iterable[SageInvoice]:
    key = ("InvoiceNo", "HeaderSeqNo")
    in_gl = _documents_in_gl(reader, "INV")
    sold, pieces = _sold(reader, "AR_InvoiceHistoryDetail", key, numbers, "QuantityShipped")
    columns = f"SalesOrderNo CustomerNo CustomerPONo InvoiceDate TransactionDate {AMOUNTS}"
    for row in reader.rows("AR_InvoiceHistoryHeader", columns):
        number = row.text("InvoiceNo")
        place = tuple(row.text(name) for name in key)
        yield SageInvoice(
            invoice_no=number,
            order_no=row.text("SalesOrderNo"),
            customer_po=row.text("CustomerPONo"),
            date=row.day("TransactionDate") or row.dated("InvoiceDate"),
            state=SageState.IN_GL if number in in_gl else SageState.UPDATED,
            goods=_goods(sold.get(place, {})) - row.amount("DiscountAmt"),
            goods_by_account=_goods_by_account(sold.get(place, {})),
            charges=_charges(sold.get(place, {})),
            freight=row.amount("FreightAmt"),
            tax=row.amount("SalesTaxAmt"),
            deposit_applied=row.amount("DepositAmt"),
            customer_no=row.text("CustomerNo"),
            invoice_date=row.day("InvoiceDate"),
            quantity=pieces.get(place),
        )


Sold = Mapping[tuple[bool, str], Decimal]
"""What the lines of an invoice come to, by whether they are goods, and by their account."""


def _sold(
    reader: Sage100Reader,
    table: str,
    key: tuple[str, ...],
    numbers: Mapping[str, str],
    shipped: str,
) -> tuple[Mapping[tuple[str, ...], Sold], Mapping[tuple[str, ...], Decimal]]:
    """Return by invoice what its lines come to, and how many pieces of goods they ship."""
    sold: defaultdict[tuple[str, ...], dict[tuple[bool, str], Decimal]] = defaultdict(dict)
    pieces: defaultdict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for row in reader.rows(table, f"ItemType SalesAcctKey ExtensionAmt {shipped}"):
        is_goods = row.text("ItemType") != MISCELLANEOUS
        place = (is_goods, numbers.get(row.text("SalesAcctKey"), ""))
        invoice = tuple(row.text(name) for name in key)
        sums = sold[invoice]
        sums[place] = sums.get(place, ZERO) + row.amount("ExtensionAmt")
        if is_goods:
            pieces[invoice] += row.amount(shipped)
    return sold, pieces


def _goods(sold: Sold) -> Decimal:
    return sum((amount for (is_goods, _account), amount in sold.items() if is_goods), ZERO)


def _goods_by_account(sold: Sold) -> dict[str, Decimal]:
    """Return what goods come to where a line names an account; comments and the like have none."""
    return {account: amount for (is_goods, account), amount in sold.items() if is_goods and account}


def _charges(sold: Sold) -> dict[str, Decimal]:
    return {account: amount for (is_goods, account), amount in sold.items() if not is_goods}


def _documents_in_gl(reader: Sage100Reader, prefix: str) -> set[str]:
    """Return what GL comments of the form ``<prefix> <document>`` name."""
    words = (row.text("PostingComment").split() for row in _postings(reader))
    return {found[1] for found in words if len(found) > 1 and found[0] == prefix}


def _postings(reader: Sage100Reader) -> Iterable[Row]:
    return reader.rows("GL_DetailPosting", "PostingComment DebitAmount CreditAmount")


def postings(reader: Sage100Reader) -> list[GlPosting]:
    """Return every GL posting, by account and date."""
    numbers = accounts(reader)
    return [
        GlPosting(
            account=numbers.get(row.text("AccountKey"), row.text("AccountKey")),
            date=row.dated("PostingDate"),
            journal=row.text("SourceJournal"),
            register_no=row.text("JournalRegisterNo"),
            source_document=row.text("PostingComment"),
            amount=row.amount("DebitAmount") - row.amount("CreditAmount"),
        )
        for row in _postings(reader)
    ]
