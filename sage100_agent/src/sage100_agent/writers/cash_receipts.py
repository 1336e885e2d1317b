"""cash_receipt.create, through AR_CashReceiptsDeposit_bus and AR_CashReceipts_bus.

Lines pay open items, go to accounts, or open a prepayment; amounts may be negative, and a receipt
of zero allocates a credit. What is more than an item's open balance is refused: Sage would take it
with a warning and leave the item with a balance of the wrong sign.

Each command gets a deposit with one receipt in it, in a private batch, so that a look-up by batch,
deposit and check number can only find this one.
The classes, their keys and the deposit flow are not confirmed by public code (boi.json): prove them
on the site's test company first.
"""

from collections.abc import Iterator
from itertools import accumulate, pairwise

from sage100_agent.boi import BusinessObject, KeyState, Task
from sage100_agent.documents import Document, fields_of
from sage100_agent.errors import RefusedError
from sage100_agent.receivables import is_new_prepayment
from sage100_agent.writers.base import Announce, Stored, Work

DEPOSIT = Task("A/R", "AR_CashReceipts_ui", "AR_CashReceiptsDeposit_bus")
RECEIPT = Task("A/R", "AR_CashReceipts_ui", "AR_CashReceipts_bus")
CASH = "C"
"""Deposit type of cash and checks; R is credit cards taken by Sage itself."""
COMMENT_LENGTH_MAX = 30
KEY_LENGTHS = {
    "BatchNo": 5,
    "BankCode": 1,
    "DepositDate": 8,
    "DepositNo": 5,
    "DepositType": 1,
}
RECEIPT_KEY = ("ARDivisionNo", "CustomerNo", "CheckNo")


class CashReceiptWriter:
    """Cash receipts to open items and to G/L accounts."""

    def reserve(self, work: Work) -> dict[str, str]:
        """Open a private batch and take the next deposit number."""
        header = work.document.header
        deposits = work.session.open(DEPOSIT, work.today, work.warnings)
        batch_no = work.batches.open(deposits, header["CheckNo"])
        return {
            "BatchNo": batch_no,
            "BankCode": header["BankCode"],
            "DepositDate": header["DepositDate"],
            "DepositNo": deposits.next_number("nGetNextDepositNo"),
            "DepositType": CASH,
            **self.own_key(work.document),
        }

    def mark(self, document: Document) -> str:
        """Return how the deposit is described: by the check number, which is ours alone."""
        return f"Tieout {document.header['CheckNo']}"[:COMMENT_LENGTH_MAX]

    def own_key(self, document: Document) -> dict[str, str]:
        """Return customer and check number."""
        return {name: document.header[name] for name in RECEIPT_KEY}

    def marked(self, work: Work) -> Iterator[tuple[str, dict[str, str]]]:
        """Return what the deposits in entry are described by; receipt or not, each has a place."""
        deposits = work.session.open(DEPOSIT, work.today, work.warnings)
        columns = "+".join(f"{name}$" for name in KEY_LENGTHS)
        for joined, mark in deposits.listing(columns, "DepositDesc$"):
            ends = list(accumulate(KEY_LENGTHS.values(), initial=0))
            parts = [joined[start:end] for start, end in pairwise(ends)]
            yield mark, dict(zip(KEY_LENGTHS, parts, strict=True))

    def find(self, work: Work, key: dict[str, str]) -> Stored | None:
        """Look for the receipt in its batch."""
        deposits = work.session.open(DEPOSIT, work.today, work.warnings)
        deposits.select_batch(key["BatchNo"])
        if deposits.set_key(_deposit_key(key)) is KeyState.NEW:
            return None
        receipts = work.session.open(RECEIPT, work.today, work.warnings)
        receipts.select_batch(key["BatchNo"])
        if receipts.set_key(_receipt_key(key)) is KeyState.NEW:
            return None
        values = {"PostingAmt": receipts.amount("PostingAmt")}
        return Stored(key=key, document_no=key["DepositNo"], values=values)

    def write(self, work: Work, key: dict[str, str], *, announce: Announce) -> str:
        """Write the deposit, then the receipt in it."""
        deposits = work.session.open(DEPOSIT, work.today, work.warnings)
        deposits.select_batch(key["BatchNo"])
        # The deposit may be there already, from an attempt that ended between the two writes.
        deposits.set_key(_deposit_key(key))
        deposits.set_value("DepositDesc$", self.mark(work.document))
        deposits.set_value("CashDepositAmt", float(work.document.header["PostingAmt"]))
        announce()
        deposits.write()
        try:
            self._write_receipt(work, key)
        except RefusedError as error:
            raise RefusedError(error.cause, f"{error.message} {_cleared(deposits, key)}") from error
        return key["DepositNo"]

    @staticmethod
    def _write_receipt(work: Work, key: dict[str, str]) -> None:
        receipts = work.session.open(RECEIPT, work.today, work.warnings)
        receipts.select_batch(key["BatchNo"])
        if receipts.set_key(_receipt_key(key)) is not KeyState.NEW:
            message = f"Deposit {key['DepositNo']} has a receipt {key['CheckNo']} already."
            raise RefusedError("number_taken", message)
        receipts.set_value("PostingAmt", float(work.document.header["PostingAmt"]))
        lines = receipts.part("oLines")
        for line in work.document.lines:
            opened = {"InvoiceNo": f"PP{key['DepositNo']}"} if is_new_prepayment(line) else {}
            lines.add_line({**line, **opened}, fields_of("cash_receipt.create", "lines"))
        work.judge()
        receipts.write()


def _cleared(deposits: BusinessObject, key: dict[str, str]) -> str:
    """Take the deposit away again, or empty it: one that does not balance blocks the register."""
    deposits.set_key(_deposit_key(key))
    if deposits.delete():
        return "Its deposit was deleted again."
    deposits.set_key(_deposit_key(key))
    deposits.set_value("CashDepositAmt", 0.0)
    deposits.write()
    return f"Deposit {key['DepositNo']} in batch {key['BatchNo']} is left empty."


def _deposit_key(key: dict[str, str]) -> dict[str, str]:
    return {f"{n}$": key[n] for n in ("BankCode", "DepositDate", "DepositNo", "DepositType")}


def _receipt_key(key: dict[str, str]) -> dict[str, str]:
    names = ("DepositNo", "ARDivisionNo", "CustomerNo", "CheckNo")
    return {f"{name}$": key[name] for name in names}
