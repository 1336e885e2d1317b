"""Update the Cash Receipts Journal: deposits leave entry for history; postings wait for the G/L."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import groupby

from tieout.simulators.sage100.people.ledger import (
    NotAllowedError,
    Posting,
    Register,
    open_register,
    pend,
)
from tieout.simulators.sage100.people.sales_journal import keep_transactions
from tieout.simulators.sage100.schema import CREATED, UPDATED
from tieout.simulators.sage100.store import CompanyFile, Row

_HISTORY = "AR_CashReceiptsHistory"
_RECEIPT_KEY = ("DepositNo", "ARDivisionNo", "CustomerNo", "CheckNo")


def post_cash_receipts(file: CompanyFile, posting_date: date | None) -> dict[str, object]:
    """Update the journal with every entered deposit; without a day, each on its own.

    Raises:
        NotAllowedError: A deposit does not balance; nothing is updated then.
    """
    with file.transaction():
        deposits = file.rows("AR_CashReceiptsDeposit")
        for deposit in deposits:
            if deposit.number("DepositBalance"):
                number, left = deposit.text("DepositNo"), deposit.number("DepositBalance")
                message = f"Deposit {number} is out of balance by {left:.2f}."
                raise NotAllowedError(message)
        posted = []
        day_of = _dated(posting_date)
        for day, of_day in groupby(sorted(deposits, key=day_of), day_of):
            register = open_register(file, "CR", "A/R", day)
            posted += [row for deposit in of_day for row in _post_deposit(file, register, deposit)]
    return {"journal": "CR", "posted": posted}


def _dated(posting_date: date | None) -> Callable[[Row], date]:
    return lambda deposit: posting_date or date.fromisoformat(deposit.text("DepositDate"))


def _post_deposit(file: CompanyFile, register: Register, deposit: Row) -> list[dict[str, str]]:
    number = deposit.text("DepositNo")
    posted = []
    for receipt in file.rows("AR_CashReceiptsHeader", DepositNo=number):
        key = {name: receipt.text(name) for name in _RECEIPT_KEY}
        lines = file.rows("AR_CashReceiptsDetail", **key)
        _post_receipt(file, register, receipt, lines)
        for place, line in enumerate(lines, 1):
            _keep_history(file, register, deposit, receipt, line, place)
        file.delete("AR_CashReceiptsDetail", **key)
        file.delete("AR_CashReceiptsHeader", **key)
        amount = receipt.number("PostingAmt")
        posted.append({"deposit_no": number, "check_no": key["CheckNo"], "amount": f"{amount:.2f}"})
    file.delete("AR_CashReceiptsDeposit", DepositNo=number)
    return posted


def _post_receipt(file: CompanyFile, register: Register, receipt: Row, lines: list[Row]) -> None:
    where = {name: receipt.text(name) for name in ("ARDivisionNo", "CustomerNo")}
    division = file.rows("AR_Division", ARDivisionNo=where["ARDivisionNo"])[0]
    receivable = division.text("AccountsReceivableAcctKey")
    discounts = division.text("DiscountsAllowedAcctKey")
    bank = file.rows("GL_Bank", BankCode=receipt.text("BankCode"))[0]
    postings = [Posting(bank.text("CashAccountKey"), receipt.number("PostingAmt"))]
    applied = Decimal(0)
    for line in lines:
        amount, discount = line.number("AmountPosted"), line.number("DiscountAmt")
        account = line.text("AccountKey") or receivable
        postings += [Posting(account, -amount - discount), Posting(discounts, discount)]
        if line.text("InvoiceNo"):
            _apply(file, register, receipt, line)
            applied += amount + discount
    customer = file.rows("AR_Customer", **where)[0]
    day = register.posted_on.isoformat()
    changes = Row(LastPaymentAmt=receipt["PostingAmt"], DateLastPayment=day, DateLastActivity=day)
    changes["CurrentBalance"] = customer.number("CurrentBalance") - applied
    file.update("AR_Customer", where, changes)
    comment = f"CR {receipt.text('DepositNo')}/{receipt.text('CheckNo')}"
    pend(file, register, comment, postings)


def _apply(file: CompanyFile, register: Register, receipt: Row, line: Row) -> None:
    """Take an amount off an open item; a prepayment opens one, with a negative balance."""
    key = {name: receipt.text(name) for name in ("ARDivisionNo", "CustomerNo")}
    key |= {name: line.text(name) for name in ("InvoiceNo", "InvoiceType")}
    taken = line.number("AmountPosted") + line.number("DiscountAmt")
    item = file.row("AR_OpenInvoice", **key)
    day = register.posted_on.isoformat()
    if item is None:
        opened = Row(**key, InvoiceDate=line["InvoiceDate"], PostingDate=day, Balance=-taken)
        file.insert("AR_OpenInvoice", Row(opened | {"CheckNo": receipt["CheckNo"]}))
    else:
        file.update("AR_OpenInvoice", key, {"Balance": item.number("Balance") - taken})
    keep_transactions(file, register, key, (("P", taken),))


def _keep_history(
    file: CompanyFile, register: Register, deposit: Row, receipt: Row, line: Row, place: int
) -> None:
    row = Row((name, receipt[name]) for name in _RECEIPT_KEY)
    for name in ("BankCode", "DepositDate", "DepositType", "CustomerName", "OpenItemCustomer"):
        row[name] = receipt[name]
    for name in ("InvoiceNo", "InvoiceType", "AccountKey"):
        row[name] = line[name]
    is_account = line.text("AccountKey") != ""
    row.update(SequenceNo=f"{place:06d}", PostingDate=register.posted_on.isoformat())
    row.update(TransactionType="GL" if is_account else "IN", DepositDesc=deposit["DepositDesc"])
    row.update(BatchNo=receipt["BatchNo"], CashAmountApplied=line["AmountPosted"])
    row["DiscountAmountApplied"] = line["DiscountAmt"]
    file.insert(_HISTORY, Row((n, v) for n, v in row.items() if n not in CREATED + UPDATED))
