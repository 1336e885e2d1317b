"""Sage 100's tables as lists, by real ODBC, over a company's files and what people do in them."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fake_lists import FakeLanding
from fakes import FakeClock
from simulators.sage100.boi_client import Boi, enter_receipt, write_order_1042
from simulators.sage100.payables import enter_bill, enter_order
from tieout.connectors.sage100.details import DETAILS
from tieout.connectors.sage100.lists import Sage100Lists
from tieout.connectors.sage100.own_fields import Ours
from tieout.connectors.sage100.passes import PATIENCE
from tieout.connectors.sage100.reader import Sage100Reader
from tieout.connectors.sage100.routes import OdbcRoute
from tieout.domain.ledger import NewInboxEntry
from tieout.domain.reading import START, Interval
from tieout.errors import ConfigurationError
from tieout.simulators.sage100 import order_history
from tieout.simulators.sage100.people.bills_journal import post_ap_invoices
from tieout.simulators.sage100.people.invoicing import (
    ArInvoice,
    enter_ar_invoice,
    enter_invoice,
)
from tieout.simulators.sage100.people.maintenance import delete_record
from tieout.simulators.sage100.people.renumbering import merge_records, renumber_record
from tieout.simulators.sage100.people.sales_journal import post_sales_journal
from tieout.simulators.sage100.people.taking_back import delete_sales_order
from tieout.simulators.sage100.seed import (
    INTEGRATION_USER_KEY,
    SYSTEM_USER_KEY,
    account_keys,
    create_companies,
)
from tieout.simulators.sage100.store import CompanyFile
from tieout.usecases.extract import Extracted, extract

PORTLAND = ZoneInfo("America/New_York")
NOON = datetime(2026, 11, 30, 17, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PAGE_RECORDS, PAGE_ROWS_MAX = 40, 128
CUSTOMERS, ORDERS, STOCK = "AR_Customer", "SO_SalesOrderHeader", "IM_ItemWarehouse"
FIRST, SECOND = "0001001", "0001002"


@dataclass
class Site:
    """One company, the clock of its server, our reader of it, and where it lands."""

    home: Path
    file: CompanyFile
    clock: FakeClock
    reader: Sage100Reader
    landing: FakeLanding = field(init=False)
    own_users: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.landing = FakeLanding(self.clock.now)

    @property
    def lists(self) -> Sage100Lists:
        return Sage100Lists(
            self.reader,
            account="HPS",
            zone=PORTLAND,
            clock=self.clock,
            ours=Ours(users=self.own_users),
            told=self.landing.told,
            page_records=PAGE_RECORDS,
        )

    def pass_by(self, span: timedelta) -> None:
        """Let time pass, at the site and here."""
        self.clock.advance(span.total_seconds())
        self.file.set_clock(self.clock.now().astimezone(PORTLAND))

    def read(self, table: str, **given: Any) -> Extracted:
        """Land what changed."""
        return extract(self.lists, self.landing, "pair", table, **given)

    def news(self, table: str) -> list[NewInboxEntry]:
        """Land what changed; return the new entries."""
        known = len(self.landing.entries)
        self.read(table)
        return self.landing.entries[known:]

    def change(self, customer: str, **values: Any) -> None:
        """Let a person change a customer."""
        self.file.update(CUSTOMERS, {"ARDivisionNo": "00", "CustomerNo": customer}, values)

    def sql(self, statement: str, *arguments: str) -> None:
        """Change the file behind Sage 100's back."""
        self.file.run(statement, *arguments)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("sage100")
    create_companies(home)
    return home


@pytest.fixture
def site(company: Path, tmp_path: Path) -> Iterator[Site]:
    home = tmp_path / "home"
    shutil.copytree(company, home)

    def connect() -> Any:
        import pyodbc

        database = home / "MAS_HPS.sqlite"
        driver = "Driver=SQLite3;Timeout=10000;StepAPI=1;"
        return pyodbc.connect(f"{driver}Database={database};", autocommit=True)

    site = Site(
        home=home,
        file=CompanyFile(home, "HPS"),
        clock=FakeClock(NOON - 3 * DAY),
        reader=Sage100Reader(OdbcRoute(connect), page_rows_max=PAGE_ROWS_MAX),
    )
    site.pass_by(timedelta())
    stamp = "UPDATE {} SET DateUpdated = '2026-11-20', TimeUpdated = '9.50000'"
    for table in (CUSTOMERS, STOCK, "CI_Item"):
        site.sql(stamp.format(table))
    yield site
    site.reader.close()
    site.file.close()


def told(entry: NewInboxEntry) -> tuple[str, str]:
    return entry.topic.partition("/")[2], entry.resource_id


def says(entry: NewInboxEntry) -> dict[str, Any]:
    assert entry.body is not None
    found: dict[str, Any] = json.loads(entry.body)
    return found


def test_the_first_reading_brings_the_table_and_the_next_one_nothing(site: Site) -> None:
    first = site.read(CUSTOMERS)
    assert first.landed == first.records == len(site.file.rows(CUSTOMERS))
    assert first.pages == -(-first.records // PAGE_RECORDS)
    assert site.read(CUSTOMERS).landed == 0
    site.pass_by(DAY)
    assert site.read(CUSTOMERS).landed == 0


def test_a_row_lands_as_text_with_its_key_as_its_id(site: Site) -> None:
    site.read(CUSTOMERS)
    (entry,) = [one for one in site.landing.entries if one.resource_id == f"00/{FIRST}"]
    assert (entry.topic, entry.account) == ("AR_Customer/sweep", "HPS")
    said = says(entry)
    assert (said["CustomerNo"], said["DateUpdated"]) == (FIRST, "2026-11-20")
    assert (said["CreditLimit"], said["DateLastPayment"]) == ("0.00", "")
    assert "CardholderName" not in said


def test_a_change_comes_once_and_one_that_is_taken_back_comes_too(site: Site) -> None:
    site.read(CUSTOMERS)
    for name in ("New name", "Old name", "New name"):
        site.pass_by(HOUR)
        site.change(FIRST, CustomerName=name)
        assert [says(one)["CustomerName"] for one in site.news(CUSTOMERS)] == [name]
        assert site.news(CUSTOMERS) == []


def test_only_what_changed_lately_is_looked_at(site: Site) -> None:
    site.sql("UPDATE AR_TermsCode SET DateUpdated = '2026-11-20'")
    site.read("AR_TermsCode")
    site.pass_by(HOUR)
    site.file.update("AR_TermsCode", {"TermsCode": "01"}, {"TermsCodeDesc": "Net 11 days"})
    queries = site.reader.queries_made
    assert site.read("AR_TermsCode").records == 1
    assert site.reader.queries_made == queries + 1


@pytest.mark.parametrize("hours", ["", "9.1", "09.10000", "noon"])
def test_a_time_counts_in_whatever_form_it_comes(site: Site, hours: str) -> None:
    site.pass_by(-NOON.astimezone(PORTLAND).hour * HOUR + 9 * HOUR)
    site.read(CUSTOMERS)
    site.change(SECOND, CustomerName="Moves the watermark")
    site.read(CUSTOMERS)
    site.change(FIRST, CustomerName="New name")
    site.sql("UPDATE AR_Customer SET TimeUpdated = ? WHERE CustomerNo = ?", hours, FIRST)
    assert [told(one) for one in site.news(CUSTOMERS)] == [("sweep", f"00/{FIRST}")]


def test_a_reader_that_dies_goes_on_after_the_last_page_that_landed(site: Site) -> None:
    pages = site.lists.pages(CUSTOMERS, START)
    first, second = next(pages), next(pages)
    pages.close()
    site.change(first.records[0].record_id.partition("/")[2], CustomerName="Behind the reader")
    seen = {one.record_id for page in (first, second) for one in page.records}
    *rest, again = site.lists.pages(CUSTOMERS, second.position)
    assert seen.isdisjoint(one.record_id for page in rest for one in page.records)
    assert len(seen) + sum(len(page.records) for page in rest) == len(site.file.rows(CUSTOMERS))
    assert "Behind the reader" in {json.loads(one.body)["CustomerName"] for one in again.records}


def test_a_reading_of_keys_finds_what_is_gone_once_a_day(site: Site) -> None:
    site.read(CUSTOMERS)
    site.file.delete(CUSTOMERS, CustomerNo=FIRST)
    assert site.news(CUSTOMERS) == []
    site.pass_by(DAY)
    assert [told(one) for one in site.news(CUSTOMERS)] == [("gone", f"00/{FIRST}")]
    site.pass_by(DAY)
    assert site.news(CUSTOMERS) == []


def test_the_daily_reading_finds_what_changed_without_a_date(site: Site) -> None:
    site.read(CUSTOMERS)
    site.pass_by(HOUR)
    site.sql("UPDATE AR_Customer SET CurrentBalance = 7 WHERE CustomerNo = ?", FIRST)
    site.sql(
        "UPDATE AR_Customer SET DateUpdated = '', TimeUpdated = '', CustomerName = 'Blank' "
        "WHERE CustomerNo = ?",
        SECOND,
    )
    assert site.news(CUSTOMERS) == []
    site.pass_by(DAY)
    assert {one.resource_id for one in site.news(CUSTOMERS)} == {f"00/{FIRST}", f"00/{SECOND}"}
    assert site.news(CUSTOMERS) == []


def test_stock_is_compared_by_value_at_every_run(site: Site) -> None:
    site.read(STOCK)
    assert site.news(STOCK) == []
    sold = "UPDATE IM_ItemWarehouse SET QuantityOnHand = QuantityOnHand - 1 WHERE ItemCode = ?"
    site.sql(f"{sold} AND WarehouseCode = '001'", "LAMP-01")
    (entry,) = site.news(STOCK)
    assert entry.resource_id == "LAMP-01/001"
    site.file.delete(STOCK, ItemCode="LAMP-01", WarehouseCode="001")
    assert [told(one) for one in site.news(STOCK)] == [("gone", "LAMP-01/001")]


def test_a_table_without_dates_is_compared_by_value_and_changes_back(site: Site) -> None:
    site.read("GL_Bank")
    assert site.news("GL_Bank") == []
    for account in ("000000091", "000000092", "000000091"):
        site.file.update("GL_Bank", {"BankCode": "A"}, {"CashAccountKey": account})
        (entry,) = site.news("GL_Bank")
        assert (entry.resource_id, says(entry)["CashAccountKey"]) == ("A", account)


def test_a_bad_row_is_set_aside_and_its_neighbors_go_on(site: Site) -> None:
    broken = {
        "0001005": ("DateLastPayment", "99999-01-01"),  # the driver fails over this one
        "0001006": ("DateEstablished", "1200-01-01"),
        "0001007": ("CustomerName", "Only \u4e2d in UTF-8"),
        "0001108": ("DateLastPayment", "99999-01-01"),
    }
    for number, (column, value) in broken.items():
        site.change(number, **{column: value})
    site.sql("UPDATE AR_Customer SET DateUpdated = '2026-11-20'")
    read = site.read(CUSTOMERS)
    assert read.set_aside == len(broken)
    assert read.landed == read.records == len(site.file.rows(CUSTOMERS))
    assert {letter.field for letter in site.landing.letters} == {
        "AR_Customer",
        "AR_Customer.DateEstablished",
        "AR_Customer.CustomerName",
    }
    site.pass_by(DAY)
    assert site.news(CUSTOMERS) == []
    site.change("0001005", DateLastPayment="2026-11-01", CustomerName="Mended")
    (mended,) = site.news(CUSTOMERS)
    assert says(mended)["CustomerName"] == "Mended"


@contextmanager
def at_work(site: Site) -> Iterator[Boi]:
    """Work in the company through the business objects, as our agent does."""
    boi = Boi(site.home)
    try:
        yield boi
    finally:
        boi.session.nCleanup()


def order(site: Site) -> str:
    with at_work(site) as boi:
        return write_order_1042(boi)


def test_whatever_is_entered_and_posted_adds_up(site: Site) -> None:
    accounts = account_keys(site.file)
    today = site.clock.now().date()
    site.file.user_key = SYSTEM_USER_KEY
    with at_work(site) as boi:
        enter_invoice(site.file, write_order_1042(boi), invoice_date=today, lines=None)
        enter_receipt(boi, amount=49.99, check_no="T1", account_key=accounts["230-00"])
        enter_bill(boi, "B-1", 250.0, accounts["500-00"])
        enter_order(boi)
    invoice = ArInvoice("0001001", Decimal("20.00"), "AR-1", today, "400-00")
    enter_ar_invoice(site.file, invoice)
    entered = {table: site.read(table).landed for table in DETAILS}
    post_sales_journal(site.file, today)
    post_ap_invoices(site.file, today)
    posted = {table: site.read(table).landed for table in DETAILS}
    assert {table: entered[table] + posted[table] for table in DETAILS} == {
        **dict.fromkeys(DETAILS, 1),
        "SO_SalesOrderHeader": 2,  # once entered, once closed
        "AR_InvoiceHistoryHeader": 2,
    }
    assert site.landing.letters == []


def test_an_order_lands_with_its_lines_as_one_record(site: Site) -> None:
    number = order(site)
    (entry,) = site.news(ORDERS)
    assert entry.resource_id == number
    lines = says(entry)["lines"]
    assert [line["ItemCode"] for line in lines] == ["LAMP-01", "SHADE-02"]
    assert sum(Decimal(line["ExtensionAmt"]) for line in lines) == Decimal("94.92")


def test_an_order_whose_lines_are_not_all_there_is_read_again(site: Site) -> None:
    number = order(site)
    late = site.file.rows("SO_SalesOrderDetail", SalesOrderNo=number, LineKey="000002")[0]
    site.file.delete("SO_SalesOrderDetail", SalesOrderNo=number, LineKey="000002")
    assert site.news(ORDERS) == []
    site.pass_by(PATIENCE / 2)
    assert site.news(ORDERS) == []
    site.file.insert("SO_SalesOrderDetail", late)
    (entry,) = site.news(ORDERS)
    assert len(says(entry)["lines"]) == 2
    assert site.landing.letters == []


def test_an_order_that_never_adds_up_is_set_aside_in_the_end(site: Site) -> None:
    number = order(site)
    site.sql("UPDATE SO_SalesOrderHeader SET NonTaxableAmt = 1 WHERE SalesOrderNo = ?", number)
    assert site.news(ORDERS) == []
    site.pass_by(2 * PATIENCE)
    site.read(ORDERS)
    assert [letter.field for letter in site.landing.letters] == ["lines"]


def test_an_order_that_is_half_written_in_another_way_has_its_time_anew(site: Site) -> None:
    number = order(site)
    wrong = "UPDATE SO_SalesOrderHeader SET NonTaxableAmt = ? WHERE SalesOrderNo = ?"
    for amount in ("1", "2"):
        site.sql(wrong, amount, number)
        assert site.news(ORDERS) == []
        site.pass_by(2 * PATIENCE)
    site.read(ORDERS)
    assert [letter.field for letter in site.landing.letters] == ["lines"]


def test_a_closed_order_is_told_from_a_deleted_one(site: Site) -> None:
    closed, deleted, open_ = order(site), order(site), order(site)
    site.read(ORDERS)
    site.pass_by(HOUR)
    order_history.close(site.file, closed, status="C")
    delete_sales_order(site.file, deleted)
    assert {told(one) for one in site.news(ORDERS)} == {("closed", closed), ("deleted", deleted)}
    assert site.news(ORDERS) == []
    site.pass_by(DAY)
    assert site.news(ORDERS) == []
    site.sql("DELETE FROM SO_SalesOrderHistoryHeader WHERE SalesOrderNo = ?", closed)
    assert open_


def renumber(site: Site, old: str, new: str, name: str) -> None:
    """Let a person's utility change a customer's number, which touches no date."""
    changed = "UPDATE AR_Customer SET CustomerNo = ?, CustomerName = ? WHERE CustomerNo = ?"
    site.sql(changed, new, name, old)


@pytest.mark.parametrize("is_dated", [True, False])
def test_a_customer_who_has_another_number_now_stops_for_a_person(
    site: Site, *, is_dated: bool
) -> None:
    site.change(FIRST, CustomerName="Harbor Cafe")
    site.read(CUSTOMERS)
    site.pass_by(HOUR if is_dated else DAY)
    renumber(site, FIRST, "0009999", "Harbor Cafe")
    if is_dated:
        site.change("0009999", EmailAddress="new@example.com")
    read = site.read(CUSTOMERS)
    assert (read.landed, read.tombstones, read.set_aside) == (2, 1, 2)
    for letter in site.landing.letters:
        assert (letter.cause, letter.value) == ("record_renumbered", "00/0009999")
    assert {told(one) for one in site.landing.stopped} == {
        ("gone", f"00/{FIRST}"),
        ("sweep", "00/0009999"),
    }


def test_a_number_is_looked_for_whatever_page_brought_the_new_one(site: Site) -> None:
    site.change(FIRST, CustomerName="Harbor Cafe")
    site.read(CUSTOMERS)
    site.pass_by(HOUR)
    for number in range(1010, 1010 + 2 * PAGE_RECORDS):
        site.change(f"{number:07d}", CreditHold="Y")
    site.pass_by(HOUR / 3)
    site.change(SECOND, CreditHold="Y")
    site.read(CUSTOMERS)
    site.pass_by(HOUR / 3)
    renumber(site, FIRST, "0000001", "Harbor Cafe")
    site.change("0000001", EmailAddress="new@example.com")
    read = site.read(CUSTOMERS)
    assert read.set_aside == 2
    assert read.records < read.pages == 3


@pytest.mark.parametrize(
    ("table", "column", "rest"),
    [
        (CUSTOMERS, "CustomerNo", {"ARDivisionNo": "00"}),
        ("CI_Item", "ItemCode", {}),
        ("AP_Vendor", "VendorNo", {"APDivisionNo": "00"}),
    ],
)
def test_what_people_do_to_whole_records_is_told_with_its_cause(
    site: Site, table: str, column: str, rest: dict[str, str]
) -> None:
    site.read(table)
    names = [row.text(column) for row in site.file.rows(table)]
    first, second, *_ = (name for name in names if not name.startswith("/"))
    parts = [*rest.values(), ""]
    site.pass_by(HOUR)
    renumber_record(site.file, table, {**rest, column: first}, {**rest, column: "ANEW"})
    site.pass_by(DAY)
    site.news(table)
    assert {told(one) for one in site.landing.stopped} == {
        ("gone", "/".join([*parts[:-1], first])),
        ("sweep", "/".join([*parts[:-1], "ANEW"])),
    }
    site.pass_by(DAY)
    if table != "CI_Item":
        merge_records(site.file, table, {**rest, column: second}, {**rest, column: "ANEW"})
    else:
        site.file.delete("IM_ItemWarehouse", ItemCode=second)
        delete_record(site.file, table, {**rest, column: second})
    gone = {told(one) for one in site.news(table)} - {("sweep", "/".join([*parts[:-1], "ANEW"]))}
    assert gone == {("gone", "/".join([*parts[:-1], second]))}


def test_keys_are_read_when_one_may_be_gone_and_not_because_somebody_edits(site: Site) -> None:
    site.read(CUSTOMERS)
    site.pass_by(HOUR)
    before = site.reader.queries_made
    site.change(FIRST, CustomerName="Harbor Cafe")
    site.read(CUSTOMERS)
    site.pass_by(HOUR / 12)
    site.change(SECOND, CustomerName="Harbor Bar")
    site.read(CUSTOMERS)  # which brings the first one again
    assert site.reader.queries_made - before == 2

    site.pass_by(HOUR)
    key = {"ARDivisionNo": "00"}
    merge_records(site.file, CUSTOMERS, key | {"CustomerNo": FIRST}, key | {"CustomerNo": SECOND})
    assert ("gone", f"00/{FIRST}") in map(told, site.news(CUSTOMERS))


def test_another_customer_of_another_name_stops_nothing(site: Site) -> None:
    site.read(CUSTOMERS)
    site.pass_by(HOUR)
    renumber(site, FIRST, "0009999", "Somebody else")
    site.change("0009999", EmailAddress="new@example.com")
    assert (site.read(CUSTOMERS).tombstones, site.landing.letters) == (1, [])


def test_what_we_entered_ourselves_is_no_news_until_people_touch_it(site: Site) -> None:
    site.own_users = frozenset({INTEGRATION_USER_KEY})
    ours, theirs = order(site), order(site)
    key = {"SalesOrderNo": theirs}
    site.file.user_key = SYSTEM_USER_KEY
    site.pass_by(HOUR)
    site.file.update(ORDERS, key, {"Comment": "Call before delivery"})
    assert {one.resource_id for one in site.news(ORDERS)} == {ours, theirs}
    assert [one.resource_id for one in site.landing.echoes] == [ours]
    site.file.update(ORDERS, {"SalesOrderNo": ours}, {"Comment": "Gift"})
    (changed,) = site.news(ORDERS)
    assert changed.resource_id == ours
    assert changed not in site.landing.echoes


def test_a_touch_of_ours_that_changes_nothing_is_no_news_and_a_change_is(site: Site) -> None:
    site.own_users = frozenset({INTEGRATION_USER_KEY})
    site.read(CUSTOMERS)
    site.pass_by(HOUR)
    site.file.user_key = INTEGRATION_USER_KEY
    site.change(FIRST)
    assert site.news(CUSTOMERS) == site.landing.echoes != []
    site.pass_by(HOUR)
    site.change(FIRST, CustomerName="By a person, then touched by us")
    (changed,) = site.news(CUSTOMERS)
    assert changed not in site.landing.echoes


def test_an_interval_brings_what_was_written_within_it_and_moves_nothing(site: Site) -> None:
    site.read(CUSTOMERS)
    position = site.landing.position
    site.pass_by(HOUR)
    since = site.clock.now()
    site.change(FIRST, CustomerName="Within")
    site.pass_by(HOUR)
    site.change(SECOND, CustomerName="After")
    until = site.clock.now()
    known = len(site.landing.entries)
    for _time in range(2):
        read = site.read(CUSTOMERS, interval=Interval(since=since, until=until))
        assert read.records == 1
    assert [one.resource_id for one in site.landing.entries[known:]] == [f"00/{FIRST}"]
    assert {one.resource_id for one in site.news(CUSTOMERS)} == {f"00/{SECOND}"}
    assert position


def test_a_table_that_is_not_there_is_refused(site: Site) -> None:
    with pytest.raises(ConfigurationError):
        site.read("AR_Costumer")
    with pytest.raises(ConfigurationError):
        site.read("SY_User")
