"""The Sage 100 connector against the simulator: real ODBC, the real agent, real postings."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from deliveries import make_delivery
from processes import free_port
from sage100_simulator import Sage, sage100, today
from tieout.connectors.sage100.catalog import TABLES
from tieout.connectors.sage100.connector import Sage100Connector
from tieout.connectors.sage100.needs import NEEDS
from tieout.domain.base import Json, System
from tieout.domain.books import SageState, Standing
from tieout.domain.ledger import Delivery, Landed, Outcome, Refused
from tieout.errors import (
    AuthenticationError,
    ConfigurationError,
    OutcomeUnknownError,
    UnavailableError,
)
from tieout.ports.systems import Credit

LAMPS = ["LAMP-01"]
POSTED_SINCE_QUERIES_MAX = 8
"""For all kinds together: the GL, two histories with what is related, the orders' own."""


@pytest.fixture(scope="module")
def sage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sage]:
    with sage100(tmp_path_factory.mktemp("connector")) as running:
        yield running
        # What our flows read is among what the check at connect asks a site for.
        needed = {table: {*names, *TABLES[table].key} for table, names in NEEDS.items()}
        unasked = {table: read - needed.get(table, set()) for table, read in running.read().items()}
        assert not {table: names for table, names in unasked.items() if names}


@pytest.fixture(scope="module")
def connector(sage: Sage) -> Iterator[Sage100Connector]:
    made = sage.connector()
    yield made
    made.close()


def order_payload(name: str, **header: str) -> Json:
    values: Json = {
        "ARDivisionNo": "00",
        "CustomerNo": "WEBGUEST",
        "OrderDate": "2026-11-29",
        "CustomerPONo": name,
        "UDF_TIEOUT_ID": name,
        "TaxSchedule": "STATE",
        "WarehouseCode": "000",
        "FreightAmt": "8.00",
        "DepositAmt": "110.13",
        **header,
    }
    lines: list[Any] = [
        {"ItemCode": "LAMP-01", "QuantityOrdered": "3", "UnitPrice": "17.990000"},
        {"ItemCode": "SHADE-02", "QuantityOrdered": "1", "UnitPrice": "40.950000"},
    ]
    return {"header": values, "lines": lines, "tax": {"STATE": "7.21"}}


def receipt_payload(check_no: str, account: str = "230-00") -> Json:
    return {
        "header": {
            "BankCode": "S",
            "DepositDate": "2026-11-29",
            "ARDivisionNo": "00",
            "CustomerNo": "WEBGUEST",
            "CheckNo": check_no,
            "PostingAmt": "110.13",
        },
        "lines": [{"Account": account, "AmountPosted": "110.13"}],
    }


def customer_payload(mark: str, name: str = "Ada Lovelace") -> Json:
    return {
        "header": {
            "ARDivisionNo": "00",
            "CustomerName": name,
            "EmailAddress": f"{mark}@Example.com",
            "TermsCode": "00",
            "TaxSchedule": "STATE",
            "UDF_TIEOUT_ID": mark,
        }
    }


def delivery(entity: str, payload: Json, key: str) -> Delivery:
    return make_delivery(entity, payload, key=key, target=System.SAGE100)


def sent(connector: Sage100Connector, one: Delivery) -> Outcome:
    return connector.target(one.entity).send([one])[one.delivery_id]


def landed(connector: Sage100Connector, one: Delivery) -> Landed:
    outcome = sent(connector, one)
    assert isinstance(outcome, Landed)
    return outcome


def refused(connector: Sage100Connector, one: Delivery) -> Refused:
    outcome = sent(connector, one)
    assert isinstance(outcome, Refused)
    return outcome


def found(connector: Sage100Connector, one: Delivery) -> Landed | None:
    return connector.target(one.entity).find([one]).get(one.delivery_id)


def test_the_reference_names_what_is_active(connector: Sage100Connector) -> None:
    reference = connector.reference({"LAMP-01", "NO-SUCH-ITEM"})
    assert reference.item_codes == {"LAMP-01"}
    assert {"120-00", "230-00", "400-00"} <= reference.accounts
    assert {"S", "P", "M"} <= reference.bank_codes
    assert {"000", "001", "002"} <= reference.warehouse_codes
    assert {"00", "01", "30"} <= reference.terms_codes
    assert {"STATE", "EXEMPT"} <= reference.tax_schedules
    assert reference.unsold_item_codes == frozenset()


def test_the_reference_names_what_no_sales_order_takes(
    connector: Sage100Connector, sage: Sage
) -> None:
    key, values = {"ItemCode": "SHADE-02"}, {"UseInSO": "N"}
    sage.do("change_record", {"table": "CI_Item", "key": key, "values": values})
    reference = connector.reference({"LAMP-01", "SHADE-02"})
    assert reference.item_codes == {"LAMP-01", "SHADE-02"}
    assert reference.unsold_item_codes == {"SHADE-02"}
    sage.do("change_record", {"table": "CI_Item", "key": key, "values": {"UseInSO": "Y"}})


def test_credit_is_what_a_customer_owes_and_may_owe(
    connector: Sage100Connector, sage: Sage
) -> None:
    key = {"ARDivisionNo": "00", "CustomerNo": "WEBGUEST"}
    was = {"CreditLimit": "0.00", "CurrentBalance": "0.00", "AgingCategory2": "0.00"}
    was |= {"OpenOrderAmt": "0.00", "CreditHold": "N"}
    values = {"CreditLimit": "500.00", "CurrentBalance": "120.00", "AgingCategory2": "30.50"}
    values |= {"OpenOrderAmt": "40.00", "CreditHold": "Y"}
    sage.do("change_record", {"table": "AR_Customer", "key": key, "values": values})
    found = connector.credit({"WEBGUEST", "NOBODY"})
    sage.do("change_record", {"table": "AR_Customer", "key": key, "values": was})
    assert found == {
        "WEBGUEST": Credit(
            limit=Decimal("500.00"),
            owed=Decimal("150.50"),
            on_order=Decimal("40.00"),
            is_on_hold=True,
        )
    }


def test_queries_and_commands_are_counted(connector: Sage100Connector) -> None:
    before = connector.calls_made
    connector.stock(["LAMP-01"])
    connector.target("sales_order").find([delivery("sales_order", order_payload("HP-0"), "none")])
    assert connector.calls_made - before >= 3


def test_no_item_codes_read_no_items(connector: Sage100Connector) -> None:
    assert connector.reference(set()).item_codes == frozenset()
    assert connector.stock(set()) == []


def test_banks_name_their_clearing_accounts(connector: Sage100Connector) -> None:
    banks = connector.banks()
    assert (banks["S"], banks["P"], banks["M"]) == ("106-00", "107-00", "108-00")


def test_pages_are_cut_by_key_and_lose_nothing(sage: Sage) -> None:
    whole, paged = sage.connector(), sage.connector(page_rows_max=7)
    codes = {level.item_code for level in whole.stock(["LAMP-01", "SHADE-02"])}
    assert codes == {"LAMP-01", "SHADE-02"}
    assert paged.accounts() == whole.accounts()
    assert paged.find_customers(emails={"nobody@example.com"}) == []
    assert len(paged.stock(["LAMP-01", "SHADE-02"])) == len(whole.stock(["LAMP-01", "SHADE-02"]))
    whole.close()
    paged.close()


def test_a_customer_is_created_and_read_back(connector: Sage100Connector) -> None:
    one = delivery("customer", customer_payload("SHOP-1"), "SHOP-1")
    first = landed(connector, one)
    assert first.figures == {"name": "Ada Lovelace"}
    assert first.external_id == f"00-{first.external_no}"
    assert found(connector, one) == first


def test_a_customer_is_found_by_number_and_by_mail_whatever_its_case(
    connector: Sage100Connector,
) -> None:
    number = landed(
        connector, delivery("customer", customer_payload("SHOP-2"), "SHOP-2")
    ).external_no
    by_number = connector.find_customers(numbers={number})
    by_mail = connector.find_customers(emails={"shop-2@EXAMPLE.COM"})
    assert [party.external_no for party in by_number] == [number]
    assert by_mail == by_number


def test_a_customer_is_found_by_our_mark_when_the_agent_does_not_know_the_command(
    connector: Sage100Connector,
) -> None:
    first = landed(connector, delivery("customer", customer_payload("SHOP-3"), "SHOP-3"))
    other_command = delivery("customer", customer_payload("SHOP-3"), "another key")
    assert found(connector, other_command) == first


def test_what_was_never_sent_is_not_found(connector: Sage100Connector) -> None:
    assert found(connector, delivery("customer", customer_payload("SHOP-0"), "SHOP-0")) is None
    assert found(connector, delivery("sales_order", order_payload("HP-0"), "0")) is None
    assert found(connector, delivery("cash_receipt", receipt_payload("T0"), "0")) is None


def test_an_order_is_created_with_the_shops_figures(connector: Sage100Connector) -> None:
    one = delivery("sales_order", order_payload("HP-1042"), "1042")
    first = landed(connector, one)
    assert first.figures == {
        "tax": "7.21",
        "freight": "8.00",
        "deposit": "110.13",
        "lines": "94.92",
    }
    assert found(connector, one) == first
    order = next(order for order in connector.orders() if order.customer_po == "HP-1042")
    assert (order.total, order.deposit, order.tax) == (
        Decimal("110.13"),
        Decimal("110.13"),
        Decimal("7.21"),
    )
    assert [(line.item_code, line.ordered) for line in order.lines] == [
        ("LAMP-01", Decimal(3)),
        ("SHADE-02", Decimal(1)),
    ]


def test_sending_again_returns_the_same_order(connector: Sage100Connector) -> None:
    one = delivery("sales_order", order_payload("HP-1043"), "1043")
    assert landed(connector, one) == landed(connector, one)
    assert sum(order.customer_po == "HP-1043" for order in connector.orders()) == 1


def test_an_order_whose_command_got_lost_is_adopted_by_its_mark(
    connector: Sage100Connector,
) -> None:
    first = landed(connector, delivery("sales_order", order_payload("HP-1044"), "1044"))
    again = delivery("sales_order", order_payload("HP-1044"), "another key")
    assert landed(connector, again).external_no == first.external_no
    assert sum(order.customer_po == "HP-1044" for order in connector.orders()) == 1


def test_an_order_with_a_po_that_is_not_ours_is_refused(connector: Sage100Connector) -> None:
    landed(connector, delivery("sales_order", order_payload("HP-1045"), "1045"))
    other = order_payload("HP-1045", UDF_TIEOUT_ID="somebody else")
    mine = delivery("sales_order", other, "other")
    assert connector.target("sales_order").present([mine]).keys() == {mine.delivery_id}
    assert connector.target("sales_order").find([mine]) == {}
    assert refused(connector, delivery("sales_order", other, "other")).cause == "number_taken"


def test_committed_stock_falls_from_available(connector: Sage100Connector) -> None:
    before = {level.warehouse_code: level for level in connector.stock(LAMPS)}["000"]
    landed(connector, delivery("sales_order", order_payload("HP-1046"), "1046"))
    after = {level.warehouse_code: level for level in connector.stock(LAMPS)}["000"]
    assert after.on_hand == before.on_hand
    assert after.committed - before.committed == 3
    assert before.available - after.available == 3


def test_a_deposit_is_set_and_found_once_it_shows(connector: Sage100Connector) -> None:
    payload = order_payload("HP-1047", DepositAmt="50.00")
    number = landed(connector, delivery("sales_order", payload, "1047")).external_no
    header: Json = {"header": {"SalesOrderNo": number, "DepositAmt": "110.13"}}
    one = delivery("order_deposit", header, "1047")
    assert found(connector, one) is None
    standing = connector.target("order_deposit").present([one])
    assert standing[one.delivery_id].figures == {"deposit": "50.00"}
    assert landed(connector, one).figures == {"deposit": "110.13"}
    assert found(connector, one) is not None


def test_a_receipt_goes_to_the_account_that_the_mapping_names(connector: Sage100Connector) -> None:
    one = delivery("cash_receipt", receipt_payload("TA1"), "TA1")
    first = landed(connector, one)
    assert first.figures == {"amount": "110.13"}
    assert found(connector, one) == first
    receipt = next(one for one in connector.receipts() if one.check_no == "TA1")
    assert (receipt.credited_account, receipt.amount, receipt.state, receipt.date) == (
        "230-00",
        Decimal("110.13"),
        SageState.ENTERED,
        date(2026, 11, 29),
    )


def test_a_receipt_to_an_account_that_sage_lacks_is_refused_before_the_agent(
    connector: Sage100Connector,
) -> None:
    one = delivery("cash_receipt", receipt_payload("TA2", "999-99"), "TA2")
    assert refused(connector, one).cause == "account_unmapped"


def test_sages_no_is_a_refusal_with_its_words(connector: Sage100Connector) -> None:
    payload = order_payload("HP-1048", TaxSchedule="NOWHERE")
    outcome = refused(connector, delivery("sales_order", payload, "1048"))
    assert outcome.cause == "target_refused"
    assert "NOWHERE" in outcome.message


def test_a_field_that_sage_cannot_hold_is_a_refusal(connector: Sage100Connector) -> None:
    one = delivery("customer", customer_payload("SHOP-9", name="x" * 60), "SHOP-9")
    assert refused(connector, one).cause == "target_refused"


def test_a_lock_that_stays_means_that_nothing_was_written(
    sage: Sage, connector: Sage100Connector
) -> None:
    sage.control("/_boi_faults", {"kind": "lock", "class": "AR_Customer_bus", "count": 4})
    one = delivery("customer", customer_payload("SHOP-10"), "SHOP-10")
    with pytest.raises(UnavailableError):
        sent(connector, one)
    assert found(connector, one) is None
    assert landed(connector, one).figures == {"name": "Ada Lovelace"}


def test_a_server_lost_in_the_write_is_in_doubt_and_found_afterwards(
    sage: Sage, connector: Sage100Connector
) -> None:
    fault = {"kind": "drop_after_write", "class": "SO_SalesOrder_bus", "count": 1}
    sage.control("/_boi_faults", fault)
    one = delivery("sales_order", order_payload("HP-1049"), "1049")
    with pytest.raises(OutcomeUnknownError):
        sent(connector, one)
    assert found(connector, one) is not None
    assert landed(connector, one) == found(connector, one)


def test_an_agent_that_is_away_means_that_nothing_was_sent(sage: Sage) -> None:
    connector = sage.connector(agent_url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(UnavailableError):
        sent(connector, delivery("customer", customer_payload("SHOP-11"), "SHOP-11"))


def test_a_wrong_key_is_fatal(sage: Sage) -> None:
    connector = sage.connector(agent_key=SecretStr("not the key of this agent"))
    with pytest.raises(AuthenticationError):
        sent(connector, delivery("customer", customer_payload("SHOP-12"), "SHOP-12"))


def test_a_site_without_our_field_gets_orders_without_it_and_finds_them_by_po(
    sage: Sage, connector: Sage100Connector
) -> None:
    bare = sage.connector(has_tieout_udf=False)
    one = delivery("sales_order", order_payload("HP-1050"), "1050")
    first = landed(bare, one)
    other_command = delivery("sales_order", order_payload("HP-1050"), "another key")
    assert found(bare, other_command) == first
    assert found(connector, other_command) is None
    bare.close()


def test_there_is_no_target_for_what_we_do_not_write(connector: Sage100Connector) -> None:
    with pytest.raises(ConfigurationError):
        connector.target("journal")


def test_documents_pass_from_entered_to_updated_to_the_ledger(
    sage: Sage, connector: Sage100Connector
) -> None:
    order = landed(connector, delivery("sales_order", order_payload("HP-2001"), "2001"))
    landed(connector, delivery("cash_receipt", receipt_payload("TB1"), "TB1"))
    shipped = {"sales_order_no": order.external_no, "invoice_date": "2026-11-30"}
    number = sage.do("enter_invoice", shipped)["invoice_no"]
    entered = invoice(connector, number)
    day = {"posting_date": "2026-12-01"}
    sage.do("post_cash_receipts", day)
    sage.do("post_sales_journal", day)
    updated = invoice(connector, number)
    receipt_updated = receipt(connector, "TB1")
    sage.do("post_daily_transaction_register", day)
    in_gl = invoice(connector, number)

    assert (entered.state, entered.date) == (SageState.ENTERED, date(2026, 11, 30))
    assert (updated.state, updated.date) == (SageState.UPDATED, date(2026, 12, 1))
    assert in_gl.state is SageState.IN_GL
    assert (in_gl.goods, in_gl.freight, in_gl.tax, in_gl.deposit_applied) == (
        Decimal("94.92"),
        Decimal("8.00"),
        Decimal("7.21"),
        Decimal("110.13"),
    )
    assert (in_gl.order_no, in_gl.customer_po) == (order.external_no, "HP-2001")
    assert (receipt_updated.state, receipt_updated.credited_account) == (
        SageState.UPDATED,
        "230-00",
    )
    assert receipt(connector, "TB1").state is SageState.IN_GL


def test_postings_balance_and_name_their_documents(sage: Sage, connector: Sage100Connector) -> None:
    landed(connector, delivery("cash_receipt", receipt_payload("TC1"), "TC1"))
    day = {"posting_date": "2026-12-01"}
    sage.do("post_cash_receipts", day)
    sage.do("post_daily_transaction_register", day)
    ours = [one for one in connector.postings() if one.source_document.endswith("/TC1")]
    assert {one.account: one.amount for one in ours} == {
        "106-00": Decimal("110.13"),
        "230-00": Decimal("-110.13"),
    }
    assert {(one.journal, one.date) for one in ours} == {("CR", date(2026, 12, 1))}
    paged = sage.connector(page_rows_max=2)
    assert paged.postings() == connector.postings()
    assert paged.receipts() == connector.receipts()
    paged.close()


def test_a_posted_receipt_and_a_completed_order_are_still_found(
    sage: Sage, connector: Sage100Connector
) -> None:
    order = delivery("sales_order", order_payload("HP-2002"), "2002")
    receipt_sent = delivery("cash_receipt", receipt_payload("TD1"), "TD1")
    number = landed(connector, order).external_no
    landed(connector, receipt_sent)
    sage.do("enter_invoice", {"sales_order_no": number, "invoice_date": "2026-11-30"})
    sage.do("post_sales_journal", {"posting_date": "2026-12-01"})
    sage.do("post_cash_receipts", {"posting_date": "2026-12-01"})
    completed = found(connector, order)
    posted = found(connector, receipt_sent)
    assert completed is not None
    assert completed.external_no == number
    assert posted is not None
    assert posted.figures == {"amount": "110.13"}
    in_history = [one for one in connector.orders() if one.order_no == number]
    assert [(one.status, one.total) for one in in_history] == [("C", Decimal("110.13"))]
    # By their keys alone, in history as in the entry tables.
    open_order = landed(connector, delivery("sales_order", order_payload("HP-2003"), "2003"))
    assert connector.order_numbers(["HP-2002", "HP-2003", "HP-9999"]) == {
        "HP-2002": number,
        "HP-2003": open_order.external_no,
    }
    landed(connector, delivery("cash_receipt", receipt_payload("TD2"), "TD2"))
    assert connector.receipts_entered(["TD1", "TD2", "TD3"]) == {"TD1", "TD2"}
    assert connector.order_numbers([]) == {}
    assert connector.receipts_entered([]) == frozenset()


def invoice(connector: Sage100Connector, number: str) -> Any:
    return next(one for one in connector.invoices() if one.invoice_no == number)


def receipt(connector: Sage100Connector, check_no: str) -> Any:
    return next(one for one in connector.receipts() if one.check_no == check_no)


def standing(connector: Sage100Connector, entity: str, external_id: str) -> Standing | None:
    return connector.standings(entity, [external_id, "none/such"]).get(external_id)


def test_a_receipt_stands_where_people_have_brought_it(
    sage: Sage, connector: Sage100Connector
) -> None:
    sent = delivery("cash_receipt", receipt_payload("TE1"), "TE1")
    number = landed(connector, sent).external_id
    assert standing(connector, "cash_receipt", number) == Standing(
        state=SageState.ENTERED, amount=Decimal("110.13")
    )
    sage.do("post_cash_receipts", {"posting_date": "2026-12-01"})
    updated = standing(connector, "cash_receipt", number)
    sage.do("post_daily_transaction_register", {"posting_date": "2026-12-01"})
    in_gl = standing(connector, "cash_receipt", number)
    assert updated == Standing(state=SageState.UPDATED, amount=Decimal("110.13"))
    assert in_gl == Standing(state=SageState.IN_GL, amount=Decimal("110.13"))
    sage.do("reverse_cash_receipt", {"check_no": "TE1", "deposit_date": "2026-12-02"})
    sage.do("post_cash_receipts", {"posting_date": "2026-12-02"})
    assert standing(connector, "cash_receipt", number) == Standing(
        state=SageState.IN_GL, amount=Decimal("0.00")
    )


def test_a_deleted_receipt_stands_nowhere(sage: Sage, connector: Sage100Connector) -> None:
    number = landed(connector, delivery("cash_receipt", receipt_payload("TE2"), "TE2")).external_id
    sage.do("delete_cash_receipt", {"check_no": "TE2"})
    assert standing(connector, "cash_receipt", number) is None


def test_an_order_stands_where_the_last_of_its_invoices_does(
    sage: Sage, connector: Sage100Connector
) -> None:
    number = landed(
        connector, delivery("sales_order", order_payload("HP-2003"), "2003")
    ).external_no
    day = {"posting_date": "2026-12-03"}
    part = [{"line_key": "000001", "quantity": "3"}]
    shipped = {"sales_order_no": number, "invoice_date": "2026-12-03"}
    states = [standing(connector, "sales_order", number)]
    sage.do("enter_invoice", {**shipped, "lines": part})
    sage.do("post_sales_journal", day)
    sage.do("post_daily_transaction_register", day)
    states.append(standing(connector, "sales_order", number))
    sage.do("enter_invoice", shipped)
    states.append(standing(connector, "sales_order", number))
    sage.do("post_sales_journal", day)
    states.append(standing(connector, "sales_order", number))
    sage.do("post_daily_transaction_register", day)
    states.append(standing(connector, "sales_order", number))
    assert [one.state if one else None for one in states] == [
        SageState.ENTERED,
        SageState.ENTERED,
        SageState.ENTERED,
        SageState.UPDATED,
        SageState.IN_GL,
    ]


def test_what_was_posted_since_a_day_is_found_without_reading_what_waits(
    sage: Sage, connector: Sage100Connector
) -> None:
    def since(entity: str, day: date) -> set[str]:
        return connector.posted_since([entity], day)[entity]

    day = today()
    sent = delivery("cash_receipt", receipt_payload("TF1"), "TF1")
    receipt_no = landed(connector, sent).external_id
    order_no = landed(
        connector, delivery("sales_order", order_payload("HP-2005"), "2005")
    ).external_no
    assert receipt_no not in since("cash_receipt", day)
    assert order_no not in since("sales_order", day)
    sage.do("post_cash_receipts", {"posting_date": "2026-12-01"})
    shipped = {"sales_order_no": order_no, "invoice_date": "2026-12-01"}
    sage.do("enter_invoice", shipped)
    sage.do("post_sales_journal", {"posting_date": "2026-12-01"})
    before = connector.calls_made
    kinds = ("cash_receipt", "sales_order", "sales_invoice", "credit_memo", "ar_invoice")
    moved = connector.posted_since(kinds, day)
    assert connector.calls_made - before <= POSTED_SINCE_QUERIES_MAX
    assert receipt_no in moved["cash_receipt"]
    assert order_no in moved["sales_order"]
    assert moved["sales_invoice"] == moved["ar_invoice"] != set()
    assert since("cash_receipt", day + timedelta(days=2)) == set()
    assert since("sales_order", day + timedelta(days=2)) == set()
    sage.do("reverse_cash_receipt", {"check_no": "TF1", "deposit_date": "2026-12-02"})
    sage.do("post_cash_receipts", {"posting_date": "2026-12-02"})
    assert {receipt_no} < since("cash_receipt", day), "the reversal and what it reverses"


def test_a_deleted_order_stands_nowhere(sage: Sage, connector: Sage100Connector) -> None:
    number = landed(
        connector, delivery("sales_order", order_payload("HP-2004"), "2004")
    ).external_no
    sage.do("delete_sales_order", {"sales_order_no": number})
    assert standing(connector, "sales_order", number) is None


def test_what_never_posts_has_no_standing(connector: Sage100Connector) -> None:
    with pytest.raises(ConfigurationError):
        connector.standings("customer", ["1"])


def test_the_books_are_the_same_whether_we_read_them_or_the_agent_does(
    sage: Sage, connector: Sage100Connector
) -> None:
    relayed = sage.relayed()
    for read in (
        Sage100Connector.orders,
        Sage100Connector.invoices,
        Sage100Connector.receipts,
        Sage100Connector.postings,
        Sage100Connector.accounts,
        Sage100Connector.banks,
    ):
        assert read(relayed) == read(connector)
    assert relayed.accounts()
    assert relayed.reference(LAMPS) == connector.reference(LAMPS)
    assert relayed.stock(LAMPS) == connector.stock(LAMPS)
    relayed.close()
