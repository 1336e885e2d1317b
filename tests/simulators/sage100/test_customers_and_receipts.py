"""AR_Customer_bus and the cash receipt objects."""

from decimal import Decimal

import pytest

from simulators.sage100.boi_client import Boi, Reference, enter_receipt, next_number, set_all
from simulators.sage100.installation import Sage100


def test_a_new_customer_is_stored_with_defaults(sage100: Sage100, boi: Boi) -> None:
    customers = boi.customers()
    number = next_number(customers, "nGetNextCustomerNo")
    customers.nSetKeyValue("ARDivisionNo$", "00")
    customers.nSetKeyValue("CustomerNo$", number)
    assert customers.nSetKey() == 2
    set_all(customers, CustomerName="Zoë Harper", CountryCode="USA", UDF_TIEOUT_ID="SHOP-1")
    assert customers.nWrite() == 1
    found = sage100.query(
        "SELECT CustomerName, TermsCode FROM AR_Customer WHERE UDF_TIEOUT_ID = ?", "SHOP-1"
    )
    assert tuple(found[0]) == ("Zoë Harper", "00")


def test_a_customer_needs_a_name(boi: Boi) -> None:
    customers = boi.customers()
    customers.nSetKeyValue("ARDivisionNo$", "00")
    customers.nSetKeyValue("CustomerNo$", "NEWONE")
    customers.nSetKey()
    assert customers.nWrite() == 0
    assert customers.sLastErrorMsg == "The Customer Name is required."


@pytest.mark.parametrize(
    ("given", "opened"), [("1001", 1), ("0001001", 1), ("webguest", 1), ("12345678", 2)]
)
def test_customer_numbers_are_padded_and_upper_case(boi: Boi, given: str, opened: int) -> None:
    customers = boi.customers()
    customers.nSetKeyValue("ARDivisionNo$", "00")
    customers.nSetKeyValue("CustomerNo$", given)
    assert customers.nSetKey() == opened


def test_a_country_code_has_three_characters(boi: Boi) -> None:
    customers = boi.customers()
    customers.nSetKeyValue("ARDivisionNo$", "00")
    customers.nSetKeyValue("CustomerNo$", "NEWONE")
    customers.nSetKey()
    assert customers.nSetValue("CountryCode$", "United States") == 0


def test_a_division_must_exist(boi: Boi) -> None:
    customers = boi.customers()
    customers.nSetKeyValue("ARDivisionNo$", "07")
    customers.nSetKeyValue("CustomerNo$", "NEWONE")
    assert customers.nSetKey() == 0
    assert customers.sLastErrorMsg == "The A/R Division 07 is not on file."


def test_a_receipt_to_an_account_is_entered_and_posts_nothing(sage100: Sage100, boi: Boi) -> None:
    deposits_key = sage100.account_key("230-00")
    number = enter_receipt(boi, amount=110.13, check_no="T1A2B3C4D", account_key=deposits_key)
    header = sage100.query("SELECT DepositNo, CustomerNo, PostingAmt FROM AR_CashReceiptsHeader")
    assert tuple(header[0]) == (number, "0001001", "110.13")
    detail = sage100.query("SELECT AccountKey, AmountPosted FROM AR_CashReceiptsDetail")
    assert tuple(detail[0]) == (deposits_key, "110.13")
    assert sage100.ledger() == {}


def test_cash_receipts_need_a_batch(boi: Boi) -> None:
    deposits = boi.open("AR_CashReceiptsDeposit_bus", "AR_CashReceipts_ui")
    deposits.nSetKeyValue("BankCode$", "S")
    deposits.nSetKeyValue("DepositDate$", "20261129")
    deposits.nSetKeyValue("DepositNo$", "00001")
    deposits.nSetKeyValue("DepositType$", "C")
    assert deposits.nSetKey() == 0
    assert deposits.sLastErrorMsg == "A batch must be selected."


def test_an_unbalanced_receipt_is_refused(boi: Boi, sage100: Sage100) -> None:
    deposits = boi.open("AR_CashReceiptsDeposit_bus", "AR_CashReceipts_ui")
    batch = Reference()
    deposits.nSelectNewBatch(batch, "Y", "")
    number = next_number(deposits, "nGetNextDepositNo")
    for column, value in {"BankCode": "S", "DepositDate": "20261129"}.items():
        deposits.nSetKeyValue(f"{column}$", value)
    deposits.nSetKeyValue("DepositNo$", number)
    deposits.nSetKeyValue("DepositType$", "C")
    deposits.nSetKey()
    set_all(deposits, CashDepositAmt=50.0)
    deposits.nWrite()
    receipts = boi.open("AR_CashReceipts_bus", "AR_CashReceipts_ui")
    receipts.nSelectBatch(batch.value)
    keys = {"DepositNo": number, "ARDivisionNo": "00", "CustomerNo": "0001001", "CheckNo": "T9"}
    for column, value in keys.items():
        receipts.nSetKeyValue(f"{column}$", value)
    assert receipts.nSetKey() == 2
    set_all(receipts, PostingAmt=50.0)
    receipts.oLines.nAddLine()
    set_all(receipts.oLines, AccountKey=sage100.account_key("230-00"), AmountPosted=49.99)
    receipts.oLines.nWrite()
    assert receipts.nWrite() == 0
    assert receipts.sLastErrorMsg == "The posting balance 0.01 must be zero."
    refused = sage100.act("post_cash_receipts", posting_date="2026-11-29")
    assert refused.status_code == 409
    assert refused.json()["message"] == f"Deposit {number} is out of balance by 50.00."


def test_an_unknown_account_is_refused(boi: Boi, sage100: Sage100) -> None:
    enter_receipt(boi, amount=5.0, check_no="T1", account_key=sage100.account_key("230-00"))
    receipts = boi.open("AR_CashReceipts_bus", "AR_CashReceipts_ui")
    receipts.nSelectBatch("00001")
    keys = {"DepositNo": "00001", "ARDivisionNo": "00", "CustomerNo": "0001001", "CheckNo": "T1"}
    for column, value in keys.items():
        receipts.nSetKeyValue(f"{column}$", value)
    assert receipts.nSetKey() == 1
    receipts.oLines.nAddLine()
    assert receipts.oLines.nSetValue("AccountKey$", "999999999") == 0


def test_posting_a_receipt_reaches_the_ledger_only_through_the_daily_register(
    sage100: Sage100, boi: Boi
) -> None:
    deposits_key = sage100.account_key("230-00")
    number = enter_receipt(boi, amount=110.13, check_no="T1A2B3C4D", account_key=deposits_key)
    sage100.done("post_cash_receipts", posting_date="2026-11-29")
    assert sage100.ledger() == {}
    sage100.done("post_daily_transaction_register", posting_date="2026-11-29")
    assert sage100.ledger() == {"106-00": Decimal("110.13"), "230-00": Decimal("-110.13")}
    comments = sage100.query("SELECT DISTINCT PostingComment, SourceJournal FROM GL_DetailPosting")
    assert [tuple(row) for row in comments] == [(f"CR {number}/T1A2B3C4D", "CR")]
    history = sage100.query(
        "SELECT DepositNo, CheckNo, AccountKey, CashAmountApplied FROM AR_CashReceiptsHistory"
    )
    assert [tuple(row) for row in history] == [(number, "T1A2B3C4D", deposits_key, "110.13")]
    assert sage100.query("SELECT * FROM AR_CashReceiptsHeader") == []


def test_people_may_post_each_deposit_on_its_own_day(sage100: Sage100, boi: Boi) -> None:
    enter_receipt(boi, amount=110.13, check_no="T1", account_key=sage100.account_key("230-00"))
    ((entered,),) = sage100.query("SELECT DepositDate FROM AR_CashReceiptsDeposit")
    sage100.done("post_cash_receipts")
    sage100.done("post_daily_transaction_register", posting_date="2026-12-31")
    posted = sage100.query("SELECT DISTINCT PostingDate FROM GL_DetailPosting")
    assert [tuple(row) for row in posted] == [(entered,)]


def test_fee_and_payout_are_receipts_with_account_lines(sage100: Sage100, boi: Boi) -> None:
    key = sage100.account_key
    enter_receipt(boi, amount=110.13, check_no="T1042", account_key=key("230-00"))
    enter_receipt(boi, amount=-3.49, check_no="F1129", account_key=key("605-00"))
    enter_receipt(boi, amount=106.64, check_no="P1201", account_key=key("106-00"), bank_code="A")
    sage100.done("post_cash_receipts", posting_date="2026-12-01")
    sage100.done("post_daily_transaction_register", posting_date="2026-12-01")
    assert sage100.ledger() == {
        "100-00": Decimal("106.64"),
        "106-00": Decimal("0.00"),
        "230-00": Decimal("-110.13"),
        "605-00": Decimal("3.49"),
    }
