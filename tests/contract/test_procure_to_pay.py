"""Bills over the wire: HTTP to Xero, ODBC and the agent to Sage 100, the ledger on PostgreSQL.

One world for all; each test has bills of its own in it. What is entered must stand in both ledgers'
books alike, and what is not must be named.
"""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from buying import BRIGHT, CASCO, DAY, VALLEY, Buying
from conftest import empty_ledger
from sage100_simulator import sage100
from tieout.domain.pair import BankAccount, FlowName
from tieout.ledger.postgres import PostgresLedger
from xero_simulator import TENANT, xero_simulator


@pytest.fixture(scope="module")
def buying(tmp_path_factory: pytest.TempPathFactory, shared_ledger_url: str) -> Iterator[Buying]:
    empty_ledger(shared_ledger_url)
    with (
        xero_simulator(tmp_path_factory.mktemp("xero")) as simulator,
        sage100(tmp_path_factory.mktemp("sage100")) as sage,
    ):
        ledger = PostgresLedger(shared_ledger_url)
        world = Buying(simulator, sage, ledger)
        yield world
        world.sage100.close()
        ledger.close()


@pytest.fixture(autouse=True)
def accounted_for(buying: Buying) -> Iterator[None]:
    """See after every test that no entry is lost, and that both books agree on every account."""
    yield
    assert buying.ledger.conservation(buying.pair.pair).is_conserved
    balances = buying.balances()
    assert {role for role, (xero, sage) in balances.items() if xero != sage} == set()


def sage_bill(buying: Buying, vendor_no: str, number: str) -> list[tuple[str, Decimal]]:
    """Return where Sage 100 has a bill, and for how much."""
    held = buying.sage100.payables("00", {vendor_no}).bills.get(vendor_no, ())
    return [(one.held_by, one.total) for one in held if one.number == number]


def test_a_bill_of_several_lines_with_tax_and_freight_is_entered_once(buying: Buying) -> None:
    lines = (("445", "100.00"), ("453", "40.00"), ("425", "6.00"))
    source_id = buying.bill(CASCO, "Multi-1", *lines, Status="DRAFT")
    assert buying.run() == {}
    buying.enter("POST", f"Invoices/{source_id}", {"InvoiceID": source_id, "Status": "AUTHORISED"})

    report = buying.run()

    assert report["ap_invoice"].confirmed == report["settle_bills"].confirmed == 1
    assert sage_bill(buying, CASCO, "MULTI-1") == [("Sage 100, entered", Decimal("146.00"))]
    assert buying.run() == {}
    buying.post("post_ap_invoices")
    assert buying.balances()["light"] == (Decimal(100), Decimal(100))
    assert buying.balances()["payables"] == (Decimal(-146), Decimal(-146))


PAY = FlowName.BILL_PAYMENTS
XERO_PAYS = BankAccount(xero="090", sage100_bank_code="A", payer="xero")
SAGE100_PAYS = BankAccount(xero="090", sage100_bank_code="A", payer="sage100")


def owed(buying: Buying, number: str, amount: str, *, vendor_no: str = CASCO) -> str:
    """Return a bill that is in both ledgers' books."""
    bill_id = buying.bill(vendor_no, number, ("445", amount))
    buying.run()
    buying.post("post_ap_invoices")
    assert buying.letters() == {}
    return bill_id


@pytest.mark.tier2
def test_a_vendors_credit_is_a_bill_of_negative_amounts(buying: Buying) -> None:
    before = buying.balances()["payables"]
    buying.bill(CASCO, "CR-1", ("445", "30.00"), Type="ACCPAYCREDIT")
    buying.run()
    assert sage_bill(buying, CASCO, "CR-1") == [("Sage 100, entered", Decimal("-30.00"))]
    buying.post("post_ap_invoices")
    assert buying.balances()["payables"] == tuple(held + 30 for held in before)


def test_a_vendors_number_again_parks_and_the_first_bill_is_not_adjusted(buying: Buying) -> None:
    owed(buying, "0012", "71.00")
    copy = buying.bill(CASCO, "12", ("445", "72.00"))
    buying.run()
    (letter,) = buying.letters().values()
    assert (letter.cause, letter.amount) == ("duplicate_number", Decimal("72.00"))
    assert sage_bill(buying, CASCO, "12") == []
    assert sage_bill(buying, CASCO, "0012") == [("Sage 100, posted", Decimal("71.00"))]
    buying.enter("POST", f"Invoices/{copy}", {"InvoiceID": copy, "Status": "VOIDED"})
    buying.ledger.replay(letter.dead_letter_id)
    buying.run()
    assert buying.letters() == {}


@pytest.mark.tier2
def test_the_same_amount_within_a_week_asks(buying: Buying) -> None:
    owed(buying, "WEEK-1", "73.00")
    other = buying.bill(CASCO, "WEEK-2", ("445", "73.00"))
    buying.run()
    (letter,) = buying.letters().values()
    assert letter.cause == "duplicate_suspected"
    buying.enter("POST", f"Invoices/{other}", {"InvoiceID": other, "Status": "VOIDED"})
    buying.ledger.replay(letter.dead_letter_id)
    buying.run()


@pytest.mark.tier2
def test_a_bill_of_an_unbound_vendor_parks_until_somebody_says_who_it_is(buying: Buying) -> None:
    made = buying.simulator.call(
        "POST", f"/_people/{TENANT}/create_contact", {"Name": "Nobody yet"}
    )
    contact = {"ContactID": made["ContactID"]}
    bill_id = buying.bill(CASCO, "WHO-1", ("445", "74.00"), Contact=contact)
    buying.run()
    (letter,) = buying.letters().values()
    assert letter.cause == "vendor_unbound"
    buying.enter("POST", f"Invoices/{bill_id}", {"InvoiceID": bill_id, "Status": "VOIDED"})
    buying.ledger.replay(letter.dead_letter_id)
    buying.run()
    assert buying.letters() == {}


@pytest.mark.tier2
def test_a_bill_of_a_closed_period_parks_with_its_date(buying: Buying) -> None:
    buying.decide(closed_through=DAY)
    bill_id = buying.bill(CASCO, "LATE-1", ("445", "75.00"))
    buying.run()
    (letter,) = buying.letters().values()
    assert letter.cause == "period_locked"
    assert sage_bill(buying, CASCO, "LATE-1") == []
    buying.decide(closed_through=None)
    buying.ledger.replay(letter.dead_letter_id)
    buying.run()
    assert sage_bill(buying, CASCO, "LATE-1") == [("Sage 100, entered", Decimal("75.00"))]
    buying.post("post_ap_invoices")
    assert buying.open_in_xero(bill_id) == buying.open_in_sage100("LATE-1") == "75.00"


@pytest.mark.tier2
def test_a_bill_in_another_currency_than_the_books_parks(buying: Buying) -> None:
    buying.simulator.put("currencies", Code="EUR", Description="Euro")
    foreign = {"CurrencyCode": "EUR", "CurrencyRate": "0.921659"}
    bill_id = buying.bill(CASCO, "EUR-1", ("445", "100.00"), **foreign)
    buying.run()
    (letter,) = buying.letters().values()
    assert (letter.cause, letter.currency) == ("currency_not_of_company", "EUR")
    assert sage_bill(buying, CASCO, "EUR-1") == []
    buying.enter("POST", f"Invoices/{bill_id}", {"InvoiceID": bill_id, "Status": "VOIDED"})
    buying.ledger.replay(letter.dead_letter_id)
    buying.run()
    assert buying.letters() == {}


@pytest.mark.tier2
def test_a_bill_of_a_vendor_with_receipt_of_invoice_is_not_entered_beside_it(
    buying: Buying,
) -> None:
    bill_id = buying.bill(VALLEY, "ROI-1", ("445", "83.00"))
    buying.run()
    (letter,) = buying.letters().values()
    assert letter.cause == "target_refused"
    assert "receipt of invoice" in letter.message
    assert sage_bill(buying, VALLEY, "ROI-1") == []
    buying.enter("POST", f"Invoices/{bill_id}", {"InvoiceID": bill_id, "Status": "VOIDED"})
    buying.ledger.replay(letter.dead_letter_id)
    buying.run()
    assert buying.letters() == {}


def test_a_payment_waits_for_the_register_and_for_a_word_who_pays(buying: Buying) -> None:
    buying.decide(bank_accounts=())
    bill_id = buying.bill(CASCO, "PART-1", ("445", "76.00"))
    buying.run()
    buying.pay((bill_id, "26.00"))
    buying.run(PAY)
    (letter,) = buying.letters().values()
    assert letter.cause == "payer_unknown"

    buying.decide(bank_accounts=(XERO_PAYS,))
    buying.ledger.replay(letter.dead_letter_id)
    assert buying.run(PAY)["manual_check"].confirmed == 0
    buying.post("post_ap_invoices")
    assert buying.run(PAY)["manual_check"].confirmed == 1
    buying.post("post_manual_checks")
    assert buying.open_in_xero(bill_id) == buying.open_in_sage100("PART-1") == "50.00"
    assert buying.run(PAY) == {}


@pytest.mark.tier2
def test_a_batch_is_one_check_for_each_vendor_with_a_line_for_each_bill(buying: Buying) -> None:
    buying.decide(bank_accounts=(XERO_PAYS,))
    bills = [(owed(buying, f"GR-{amount}", amount), amount) for amount in ("77.01", "78.02")]
    bills.append((owed(buying, "GR-B", "79.03", vendor_no=BRIGHT), "79.03"))
    buying.pay(*bills)
    buying.run(PAY)
    buying.post("post_manual_checks")
    assert [buying.open_in_xero(bill_id) for bill_id, _ in bills] == ["0.00"] * 3
    checks = buying.checks()
    assert sorted(amount for amount in checks if amount in {"155.03", "79.03"}) == [
        "155.03",
        "79.03",
    ]
    assert [buying.open_in_sage100(one) for one in ("GR-77.01", "GR-78.02", "GR-B")] == ["0.00"] * 3


def test_a_check_that_people_reverse_opens_its_bill_in_both(buying: Buying) -> None:
    buying.decide(bank_accounts=(XERO_PAYS,))
    bill_id = owed(buying, "REV-1", "81.00")
    (payment_id,) = buying.pay((bill_id, "81.00"))
    buying.run(PAY)
    buying.post("post_manual_checks")
    buying.reverse(payment_id, "REV-1", "81.00")
    buying.post("post_manual_checks")
    assert buying.run(PAY)["payment_deletion"].confirmed == 1
    assert buying.open_in_xero(bill_id) == buying.open_in_sage100("REV-1") == "81.00"
    assert buying.run(PAY) == {}


@pytest.mark.tier2
def test_where_sage_100_pays_its_check_is_a_payment_in_xero(buying: Buying) -> None:
    buying.decide(bank_accounts=(SAGE100_PAYS,))
    bill_id = owed(buying, "SAGE-1", "82.00")
    buying.check("000321", "SAGE-1", "40.00")
    buying.post("post_manual_checks")
    assert buying.run(PAY)["pay_bills_in_xero"].confirmed == 1
    assert buying.open_in_xero(bill_id) == buying.open_in_sage100("SAGE-1") == "42.00"
    assert buying.run(PAY) == {}

    (wrong,) = buying.pay((bill_id, "42.00"))
    buying.run(PAY)
    (letter,) = buying.letters().values()
    assert letter.cause == "not_the_payer"
    buying.client.write(
        "POST", f"Payments/{wrong}", body={"Status": "DELETED"}, idempotency_key=wrong
    )
