"""AP_ManualCheck_bus and the Manual Check Register."""

from decimal import Decimal

import pytest

from simulators.sage100.boi_client import Boi, set_all, value_of
from simulators.sage100.installation import Sage100
from simulators.sage100.payables import BRIGHT, checks, enter_bill, enter_check, keyed, line

DAY = "2026-11-30"


@pytest.fixture
def billed(sage100: Sage100, boi: Boi) -> Sage100:
    """Two posted bills and a posted credit of one vendor."""
    for number, amount in (("B-1", 100), ("B-2", 40.5), ("C-1", -20)):
        enter_bill(boi, number, amount, sage100.account_key("620-00"))
    post(sage100, "post_ap_invoices")
    return sage100


def post(sage100: Sage100, register: str) -> None:
    sage100.done(register, posting_date=DAY)
    sage100.done("post_daily_transaction_register", posting_date=DAY)


def balances(sage100: Sage100) -> dict[str, Decimal]:
    rows = sage100.query("SELECT InvoiceNo, Balance FROM AP_OpenInvoice")
    return {number: Decimal(balance) for number, balance in rows}


def test_a_check_pays_several_invoices_of_one_vendor(billed: Sage100, boi: Boi) -> None:
    """accounting.md A43: one check, a line per bill; open only until the register."""
    enter_check(boi, "XP1", {"B-1": 100, "B-2": 40.5})
    assert balances(billed)["B-1"] == 100
    post(billed, "post_manual_checks")
    assert balances(billed) == {"B-1": 0, "B-2": 0, "C-1": -20}
    assert billed.ledger()["100-00"] == Decimal("-140.50")
    assert sum(billed.ledger().values()) == 0
    history = billed.query(
        "SELECT CheckNo, CheckSeqNo, CheckType, CheckAmt, VendorNo FROM AP_CheckHistoryHeader"
    )
    assert [tuple(row) for row in history] == [("XP1", "000001", "M", "140.5", BRIGHT)]


@pytest.mark.usefixtures("billed")
def test_a_check_that_does_not_balance_is_refused(boi: Boi) -> None:
    """boi.json: amounts must balance at each level."""
    bus = checks(boi)
    keyed(bus, BankCode="A", CheckNo="XP2")
    set_all(bus, CheckType="N", APDivisionNo="00", VendorNo=BRIGHT, CheckAmt=100.0)
    line(bus, InvoiceNo="B-1", InvoiceAmt=99.99)
    assert bus.nWrite() == 0
    assert bus.sLastErrorMsg == "The check balance 0.01 must be zero."


def test_a_credit_is_applied_by_a_check_of_zero(billed: Sage100, boi: Boi) -> None:
    """accounting.md 4: vendor credit: negative, applied by a zero check."""
    enter_check(boi, "XP3", {"B-2": 20, "C-1": -20})
    before = billed.ledger()
    post(billed, "post_manual_checks")
    assert balances(billed) == {"B-1": 100, "B-2": Decimal("20.5"), "C-1": 0}
    assert {key: value for key, value in billed.ledger().items() if value} == before


def test_a_discount_relieves_the_invoice_and_not_the_bank(billed: Sage100, boi: Boi) -> None:
    bus = checks(boi)
    keyed(bus, BankCode="A", CheckNo="XP4")
    set_all(bus, CheckType="N", APDivisionNo="00", VendorNo=BRIGHT, CheckAmt=98.0)
    line(bus, InvoiceNo="B-1", InvoiceAmt=100.0, DiscountAmt=2.0)
    assert bus.nWrite() == 1, bus.sLastErrorMsg
    post(billed, "post_manual_checks")
    assert balances(billed)["B-1"] == 0
    assert [billed.ledger()[account] for account in ("100-00", "430-00")] == [-98, -2]


@pytest.mark.usefixtures("billed")
def test_more_than_is_due_is_a_warning(boi: Boi) -> None:
    """boi.json: -1 is success with a warning: value accepted, message in sLastErrorMsg."""
    bus = checks(boi)
    keyed(bus, BankCode="A", CheckNo="XP5")
    set_all(bus, CheckType="N", APDivisionNo="00", VendorNo=BRIGHT)
    bus.oLines.nAddLine()
    set_all(bus.oLines, InvoiceNo="B-1")
    assert bus.oLines.nSetValue("InvoiceAmt", 100.01) == -1
    assert "greater than the invoice balance" in bus.oLines.sLastErrorMsg


def test_a_reversal_recalls_the_invoices_and_opens_them_again(billed: Sage100, boi: Boi) -> None:
    """README 1.3: CheckType R reversal; accounting.md A44: check reversed -> bill open."""
    before = billed.ledger()
    enter_check(boi, "XP6", {"B-1": 100, "B-2": 40.5})
    post(billed, "post_manual_checks")
    bus = checks(boi)
    assert keyed(bus, BankCode="A", CheckNo="XP6") == 2
    set_all(bus, CheckType="R", CheckDate="20261130")
    assert (value_of(bus, "VendorNo$"), value_of(bus, "CheckAmt")) == (BRIGHT, -140.5)
    assert bus.nWrite() == 1, bus.sLastErrorMsg
    assert balances(billed)["B-1"] == 0
    post(billed, "post_manual_checks")
    assert balances(billed) == {"B-1": 100, "B-2": Decimal("40.5"), "C-1": -20}
    assert {key: value for key, value in billed.ledger().items() if value} == before
    kinds = billed.query("SELECT CheckSeqNo, CheckType FROM AP_CheckHistoryHeader ORDER BY 1")
    assert [tuple(row) for row in kinds] == [("000001", "M"), ("000002", "R")]


def test_a_check_is_reversed_once(billed: Sage100, boi: Boi) -> None:
    enter_check(boi, "XP7", {"B-1": 100})
    post(billed, "post_manual_checks")
    bus = checks(boi)
    keyed(bus, BankCode="A", CheckNo="XP7")
    set_all(bus, CheckType="R")
    assert bus.nWrite() == 1
    post(billed, "post_manual_checks")
    keyed(bus, BankCode="A", CheckNo="XP7")
    assert bus.nSetValue("CheckType$", "R") == 0
    assert bus.sLastErrorMsg == "Check XP7 is not on file, or was taken back already."


def test_a_posted_number_pays_nothing_again(billed: Sage100, boi: Boi) -> None:
    enter_check(boi, "XP8", {"B-1": 100})
    post(billed, "post_manual_checks")
    bus = checks(boi)
    keyed(bus, BankCode="A", CheckNo="XP8")
    set_all(bus, CheckType="N", APDivisionNo="00", VendorNo=BRIGHT, CheckAmt=1.0)
    line(bus, InvoiceNo="B-2", InvoiceAmt=1.0)
    assert bus.nWrite() == 0
    assert bus.sLastErrorMsg == "Check XP8 has already been used."


def test_a_spoiled_number_is_voided_without_an_amount(billed: Sage100, boi: Boi) -> None:
    before = billed.ledger()
    bus = checks(boi)
    keyed(bus, BankCode="A", CheckNo="XP9")
    set_all(bus, CheckType="V", CheckDate="20261130")
    assert bus.nWrite() == 1, bus.sLastErrorMsg
    post(billed, "post_manual_checks")
    assert billed.ledger() == before
    assert billed.query("SELECT CheckType FROM AP_CheckHistoryHeader")[0][0] == "V"


def test_people_delete_an_entered_check(billed: Sage100, boi: Boi) -> None:
    enter_check(boi, "XP10", {"B-1": 100})
    billed.done("delete_manual_check", bank_code="A", check_no="XP10")
    assert billed.query("SELECT * FROM AP_ManualCheckDetail") == []
