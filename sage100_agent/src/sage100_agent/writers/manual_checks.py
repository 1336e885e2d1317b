"""manual_check.create, .void and .reverse, through AP_ManualCheck_bus.

Payments made elsewhere are recorded, none is made here. BankCode and CheckNo are the key and ours
alone (XP and a number); a posted check has left entry, and BOI shows no history of checks: Tieout
looks there by ODBC before it sends.
"""

from decimal import Decimal

from sage100_agent.boi import BusinessObject, KeyState, Task
from sage100_agent.documents import fields_of
from sage100_agent.errors import NumberTakenError, RefusedError
from sage100_agent.writers.base import Announce, Stored, Work

TASK = Task("A/P", "AP_ManualCheck_ui", "AP_ManualCheck_bus")
KEY = ("BankCode", "CheckNo")
PAYS, VOID, REVERSAL = "N", "V", "R"
RECALLED = ("APDivisionNo", "VendorNo")
"""Of a reversal these come from the posted check, and are compared instead of set."""


class ManualCheckWriter:
    """One kind of check by its CheckType."""

    def __init__(self, kind: str, check_type: str) -> None:
        """Take the kind of command and the CheckType that it means."""
        self._kind = kind
        self._check_type = check_type

    def reserve(self, work: Work) -> dict[str, str]:
        """Open a private batch, or go on with the run's."""
        header = work.document.header
        checks = work.session.open(TASK, work.today, work.warnings)
        batch_no = work.batches.open(checks, header["CheckNo"])
        return {"BatchNo": batch_no, **{name: header[name] for name in KEY}}

    def find(self, work: Work, key: dict[str, str]) -> Stored | None:
        """Look for the check in entry; it is ours when it has our type and carries our Comment."""
        checks = work.session.open(TASK, work.today, work.warnings)
        checks.select_batch(key["BatchNo"])
        if checks.set_key(_boi(key)) is KeyState.NEW:
            return None
        is_ours = checks.text("Comment$") == work.document.header["Comment"]
        if not is_ours or checks.text("CheckType$") != self._check_type:
            raise NumberTakenError(_taken(key))
        found = {**key, "BatchNo": checks.text("BatchNo$")}
        return Stored(found, key["CheckNo"], {"CheckAmt": checks.amount("CheckAmt")})

    def write(self, work: Work, key: dict[str, str], *, announce: Announce) -> str:
        """Enter the check, its type first: that of a reversal recalls what was paid."""
        checks = work.session.open(TASK, work.today, work.warnings)
        checks.select_batch(key["BatchNo"])
        if checks.set_key(_boi(key)) is not KeyState.NEW:
            raise NumberTakenError(_taken(key))
        checks.set_value("CheckType$", self._check_type)
        recalls = self._check_type == REVERSAL
        known = {*KEY, *(RECALLED if recalls else ())}
        values = {name: v for name, v in work.document.header.items() if name not in known}
        checks.set_values(values, fields_of(self._kind, "header"))
        lines = checks.part("oLines")
        if recalls:
            self._check_recalled(work, checks, lines)
        else:
            for line in work.document.lines:
                lines.add_line(line, fields_of(self._kind, "lines"))
        announce()
        checks.write()
        return key["CheckNo"]

    @staticmethod
    def _check_recalled(work: Work, checks: BusinessObject, lines: BusinessObject) -> None:
        """Refuse a reversal that would open other invoices than the command says."""
        header = work.document.header
        of_vendor = [checks.text(f"{name}$") for name in RECALLED]
        recalled = sorted((o.text("InvoiceNo$"), o.amount("InvoiceAmt")) for o in lines.records())
        wanted = sorted(
            (line["InvoiceNo"], f"{Decimal(line['InvoiceAmt']):.2f}")
            for line in work.document.lines
        )
        if of_vendor != [header[name] for name in RECALLED] or recalled != wanted:
            message = (
                f"Check {header['CheckNo']} paid other invoices than the reversal names: "
                f"it recalls {recalled} of vendor {'-'.join(of_vendor)}."
            )
            raise RefusedError("not_as_posted", message)


def _taken(key: dict[str, str]) -> str:
    return f"Bank {key['BankCode']} has a check {key['CheckNo']} in entry already."


def _boi(key: dict[str, str]) -> dict[str, str]:
    return {f"{name}$": key[name] for name in KEY}
