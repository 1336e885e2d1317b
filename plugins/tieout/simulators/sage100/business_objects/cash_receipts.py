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
from tieout.simulators.sage100.business_objects.base import NEW, OK, BusinessObject
from tieout.simulators.sage100.business_objects.batches import BatchEntry
from tieout.simulators.sage100.business_objects.lines import DocumentLines
from tieout.simulators.sage100.com import ByRef, RefusedError
from tieout.simulators.sage100.session import Session
from tieout.simulators.sage100.store import Row, Value

_BATCH_SERIES = "cash_receipts_batch"
_DEPOSIT_WIDTH = 5
ZERO = Decimal(0)


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
    """A line pays an invoice (InvoiceNo$) or goes to an account (AccountKey$, a G/L line)."""

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
            line.update(LineType="G", InvoiceNo="")
        if name == "InvoiceNo":
            header = self.document.values
            where = {key: header.text(key) for key in ("ARDivisionNo", "CustomerNo")}
            invoice = self.file.row("AR_OpenInvoice", InvoiceNo=str(value), **where)
            if invoice is None:
                message = f"The Invoice {value} is not on file for the customer."
                raise RefusedError(message)
            line.update(LineType="I", InvoiceType=invoice["InvoiceType"], AccountKey="")
            line["InvoiceDate"] = invoice["InvoiceDate"]
        return super().accept(line, name, value)

    @override
    def complete(self, line: Row) -> None:
        if not line.text("AccountKey") and not line.text("InvoiceNo"):
            message = "An invoice number or a G/L account is required."
            raise RefusedError(message)
        if not line.number("AmountPosted"):
            message = "The amount posted is required."
            raise RefusedError(message)


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
