"""AR_CashReceiptsDeposit_bus and AR_CashReceipts_bus: a deposit, and the receipts in it.

Batch entry is on: both need a selected batch. Nothing is posted here; the Cash Receipts Journal is
updated by a person. No public code exercises these classes: their key order and the deposit's
handling are this double's decision, to be checked on the first real site.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from typing_extensions import override

from tieout.simulators.sage100 import control
from tieout.simulators.sage100.business_objects.base import (
    NEW,
    OK,
    WARNING,
    BusinessObject,
)
from tieout.simulators.sage100.business_objects.batches import BatchEntry
from tieout.simulators.sage100.business_objects.lines import DocumentLines
from tieout.simulators.sage100.com import ByRef, RefusedError
from tieout.simulators.sage100.session import Session
from tieout.simulators.sage100.store import Row, Value

_BATCH_SERIES = "cash_receipts_batch"
_DEPOSIT_WIDTH = 5
ZERO = Decimal(0)
ACCOUNT_LINE, INVOICE_LINE, PREPAYMENT_LINE = "G", "I", "P"
PREPAYMENT = "PP"
_OPEN_TYPES = {"IN", "CM", "DM", "FC", PREPAYMENT}
_MORE_THAN_OPEN = "The amount posted is more than what is open of the invoice."


class CashDeposit(BatchEntry):
    """A deposit on one bank code and day; its total is what the receipts must add up to."""

    METHODS: ClassVar[Mapping[str, str]] = {
        **BatchEntry.METHODS,
        "nGetNextDepositNo": "get_next_deposit_no",
    }
    TABLE: ClassVar[str] = "AR_CashReceiptsDeposit"
    BATCH_SERIES: ClassVar[str] = _BATCH_SERIES
    COMPUTED: ClassVar[frozenset[str]] = frozenset({"DepositBalance", "CashBalanceAmt"})

    def get_next_deposit_no(self, into: ByRef) -> int:
        """Burn and give the next deposit number."""
        into.value = self.file.next_number("deposit", _DEPOSIT_WIDTH)
        return OK

    @override
    def key_columns(self) -> tuple[str, ...]:
        return tuple(name for name in self.table.key if name != "BatchNo")

    @override
    def check_key(self, key: Mapping[str, str]) -> None:
        super().check_key(key)
        if self.file.row("GL_Bank", BankCode=key["BankCode"]) is None:
            message = f"The Bank Code {key['BankCode']} is not on file."
            raise RefusedError(message)
        if key["DepositType"] not in {"C", "R", "A"}:
            message = f"The Deposit Type {key['DepositType']} is invalid."
            raise RefusedError(message)

    @override
    def write(self) -> int:
        if not self.state:
            message = "The record key has not been set."
            raise RefusedError(message)
        number = self.values.text("DepositNo")
        with self.file.transaction():
            receipts = self.file.rows("AR_CashReceiptsHeader", DepositNo=number)
            received = sum((row.number("PostingAmt") for row in receipts), ZERO)
            balance = self.values.number("CashDepositAmt") - received
            self.values.update(CashBalanceAmt=balance, DepositBalance=balance)
            if self.state == NEW:
                if self.file.row(self.TABLE, DepositNo=number) is not None:
                    message = f"The Deposit {number} is already on file."
                    raise RefusedError(message)
                self.file.insert(self.TABLE, Row(self.values | {"BatchNo": self.batch_no}))
            else:
                self.file.update(self.TABLE, {"DepositNo": number}, self.values)
        self.clear()
        return OK


class CashReceiptLines(DocumentLines):
    """A line pays an open item (InvoiceNo$), goes to an account (AccountKey$), or is a prepayment.

    ``InvoiceType$`` before ``InvoiceNo$`` tells open items with one number apart; without it the
    first one counts. PP with a number that is not on file opens a prepayment, whose balance is
    negative once the register is updated (CONDUIT: "PP/PY balances are negative").
    """

    TABLE: ClassVar[str] = "AR_CashReceiptsDetail"
    CLASS_NAME: ClassVar[str] = "AR_CashReceiptsDetail_bus"
    COMPUTED: ClassVar[frozenset[str]] = frozenset({"LineKey", "LineType"})

    @override
    def accept(self, line: Row, name: str, value: Value) -> int:
        if name == "AccountKey":
            account = self.file.row("GL_Account", AccountKey=str(value))
            if account is None or account.text("Status") != "A":
                message = f"The G/L Account {value} is not on file."
                raise RefusedError(message)
            line.update(LineType=ACCOUNT_LINE, InvoiceNo="", InvoiceType="")
        if name == "InvoiceType" and value not in _OPEN_TYPES:
            message = f"The Invoice Type {value} is invalid."
            raise RefusedError(message)
        if name == "InvoiceNo":
            self._take_invoice(line, str(value))
        super().accept(line, name, value)
        is_too_much = name == "AmountPosted" and self._exceeds(line)
        if is_too_much:
            self.last_error_message = _MORE_THAN_OPEN
        return WARNING if is_too_much else OK

    @override
    def complete(self, line: Row) -> None:
        if not line.text("AccountKey") and not line.text("InvoiceNo"):
            message = "An invoice number or a G/L account is required."
            raise RefusedError(message)
        if not line.number("AmountPosted") and not line.number("DiscountAmt"):
            message = "The amount posted is required."
            raise RefusedError(message)
        is_new = line.text("LineType") == PREPAYMENT_LINE
        if is_new and (line.number("AmountPosted") <= 0 or line.number("DiscountAmt")):
            message = "A new prepayment is a positive amount without a discount."
            raise RefusedError(message)

    def _take_invoice(self, line: Row, number: str) -> None:
        kind = line.text("InvoiceType")
        where = self._customer() | {"InvoiceNo": number} | ({"InvoiceType": kind} if kind else {})
        invoice = self.file.row("AR_OpenInvoice", **where)
        if invoice is not None:
            line.update(LineType=INVOICE_LINE, InvoiceType=invoice["InvoiceType"], AccountKey="")
            line["InvoiceDate"] = invoice["InvoiceDate"]
        elif kind == PREPAYMENT:
            line.update(LineType=PREPAYMENT_LINE, AccountKey="")
            line["InvoiceDate"] = self.document.values["DepositDate"]
        else:
            message = f"The Invoice {number} is not on file for the customer."
            raise RefusedError(message)

    def _exceeds(self, line: Row) -> bool:
        """Say whether a line takes more of an open item than entered receipts leave of it."""
        if line.text("LineType") != INVOICE_LINE:
            return False
        key = {name: line.text(name) for name in ("InvoiceNo", "InvoiceType")}
        invoice = self.file.rows("AR_OpenInvoice", **self._customer(), **key)[0]
        mine = {name: self.document.values.text(name) for name in self.document.table.key}
        others = [
            row
            for row in self.file.rows("AR_CashReceiptsDetail", **self._customer(), **key)
            if {name: row.text(name) for name in mine} != mine
        ]
        entered = sum((_taken(row) for row in others), ZERO)
        left = invoice.number("Balance") - entered
        return abs(_taken(line)) > abs(left) or _taken(line) * left < 0

    def _customer(self) -> dict[str, str]:
        header = self.document.values
        return {name: header.text(name) for name in ("ARDivisionNo", "CustomerNo")}


class CashReceipt(BatchEntry):
    """A receipt of one customer and check, inside a deposit."""

    PROPERTIES: ClassVar[Mapping[str, str]] = {**BusinessObject.PROPERTIES, "oLines": "lines"}
    TABLE: ClassVar[str] = "AR_CashReceiptsHeader"
    BATCH_SERIES: ClassVar[str] = _BATCH_SERIES
    COMPUTED: ClassVar[frozenset[str]] = frozenset({"BatchNo", "PostingBalance", "AmountToPost"})

    def __init__(self, session: Session) -> None:
        """Start without a receipt."""
        super().__init__(session)
        self.lines = CashReceiptLines(self)

    @override
    def check_key(self, key: Mapping[str, str]) -> None:
        super().check_key(key)
        deposit = self.file.row("AR_CashReceiptsDeposit", DepositNo=key["DepositNo"])
        if deposit is None or deposit.text("BatchNo") != self.batch_no:
            message = f"The Deposit {key['DepositNo']} is not on file in batch {self.batch_no}."
            raise RefusedError(message)
        where = {name: key[name] for name in ("ARDivisionNo", "CustomerNo")}
        if self.file.row("AR_Customer", **where) is None:
            message = f"The Customer Number {'-'.join(where.values())} is not on file."
            raise RefusedError(message)

    @override
    def start(self, key: Mapping[str, str], found: Row | None) -> None:
        super().start(key, found)
        self.lines.load(self.file.rows("AR_CashReceiptsDetail", **key))
        if found is None:
            deposit = self.file.rows("AR_CashReceiptsDeposit", DepositNo=key["DepositNo"])[0]
            where = {name: key[name] for name in ("ARDivisionNo", "CustomerNo")}
            customer = self.file.rows("AR_Customer", **where)[0]
            for name in ("BankCode", "DepositDate", "DepositType"):
                self.values[name] = deposit[name]
            for name in ("CustomerName", "OpenItemCustomer"):
                self.values[name] = customer[name]
            self.values["BatchNo"] = self.batch_no

    @override
    def write(self) -> int:
        if not self.state:
            message = "The record key has not been set."
            raise RefusedError(message)
        posted = sum((line.number("AmountPosted") for line in self.lines.rows), ZERO)
        amount = self.values.number("PostingAmt")
        if not self.lines.rows or posted != amount:
            message = f"The posting balance {amount - posted:f} must be zero."
            raise RefusedError(message)
        key = {name: self.values.text(name) for name in self.table.key}
        if control.is_locked(self.file, "AR_CashReceiptsDeposit", (key["DepositNo"],)):
            message = "The record is in use by another workstation."
            raise RefusedError(message)
        self.values.update(AmountToPost=amount, PostingBalance=ZERO)
        with self.file.transaction():
            self._store(key)
        self.clear()
        return OK

    @override
    def clear(self) -> int:
        self.lines.load([])
        return super().clear()

    def _store(self, key: Mapping[str, str]) -> None:
        self.file.delete(self.TABLE, **key)
        self.file.delete("AR_CashReceiptsDetail", **key)
        self.file.insert(self.TABLE, self.values)
        for line in self.lines.rows:
            self.file.insert("AR_CashReceiptsDetail", Row(line | dict(key)))
        number = key["DepositNo"]
        deposit = self.file.rows("AR_CashReceiptsDeposit", DepositNo=number)[0]
        receipts = self.file.rows("AR_CashReceiptsHeader", DepositNo=number)
        received = sum((row.number("PostingAmt") for row in receipts), ZERO)
        balance = deposit.number("CashDepositAmt") - received
        values = Row(CashBalanceAmt=balance, DepositBalance=balance)
        self.file.update("AR_CashReceiptsDeposit", {"DepositNo": number}, values)


def _taken(line: Row) -> Decimal:
    return line.number("AmountPosted") + line.number("DiscountAmt")
