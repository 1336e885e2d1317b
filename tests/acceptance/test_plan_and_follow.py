"""Plan, apply and follow at the wire: a plan moves nothing, apply does just it, people post it.

The worked order's effects are those of accounting.md, section 1 and examples A01 and A02.
"""

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from acceptance.orders import PLACED_DAYS_AGO, TODAY, maker, number_of, paid, placed
from acceptance.test_faults import notes_of
from deliveries import make_delivery
from tieout.cli.main import main
from tieout.domain.base import System
from tieout.domain.books import SageOrder
from tieout.domain.ledger import Landed
from tieout.domain.plan import Action, Ending, Plan, PlannedDocument, When
from tieout.errors import FatalError
from tieout.simulators.shopify.demo_build import Draft
from tieout.stack.plan_reports import read_plans
from tieout.usecases.postings import WORDS
from tieout.wiring.installation import Tieout, open_tieout
from world import HARBOR, INCLUDE, World

NUMBERS = count(7001)
FLOW = "order_to_cash"
DAY = {"posting_date": TODAY.isoformat()}
UNTOLD = "'token'"
"""Access tokens, which every client asks for anew."""
METERS = ("budgets", "call_usage", "kept_references")
"""What reading costs is counted too, and what was read is kept for the next reader."""


def worked() -> Draft:
    make = maker()
    lines = (
        make.line("LAMP-01", 3, discount="6.00"),
        make.line("SHADE-02", 1, discount="4.55"),
    )
    return make.draft(next(NUMBERS), make.known[3], *lines, at=make.at(PLACED_DAYS_AGO, "12:00"))


def planned(world: World, tieout: Tieout | None = None) -> Plan:
    """Plan what a sweep of the last days would find."""
    now = datetime.now(UTC)  # noqa: TID251 - the shop's clock moves
    interval = (now - timedelta(days=30), now + timedelta(minutes=1))
    return (tieout or world.tieout).plan(HARBOR, FLOW, interval=interval)


def state(world: World) -> dict[str, str]:
    """Return a hash of every table of the simulators and of the ledger."""
    found = {}
    for path in sorted(world.configuration.home.rglob("*")):
        if path.is_file() and path.read_bytes()[:15] == b"SQLite format 3":
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
                lines = "\n".join(one for one in file.iterdump() if UNTOLD not in one)
            found[path.name] = hashlib.sha256(lines.encode()).hexdigest()
    with ledger_connection(world) as ledger:
        names = ledger.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'tieout'"
        ).fetchall()
        for name in sorted({name for (name,) in names} - set(METERS)):
            table = sql.Identifier("tieout", name)
            rows = ledger.execute(sql.SQL("SELECT t::text FROM {} AS t ORDER BY 1").format(table))
            found[name] = hashlib.sha256(str(rows.fetchall()).encode()).hexdigest()
    return found


def ledger_connection(world: World) -> psycopg.Connection[tuple[Any, ...]]:
    url = world.tieout.ledger.database.engine.url.set(drivername="postgresql")
    return psycopg.connect(url.render_as_string(hide_password=False))


def effects(plan: Plan, ledger: System) -> list[tuple[str, str, str, str, When]]:
    return [
        (one.account, one.role, f"{one.debit:.2f}", f"{one.credit:.2f}", one.when)
        for one in plan.effects
        if one.ledger is ledger
    ]


@pytest.fixture(autouse=True)
def drained(world: World) -> Iterator[None]:
    """Let nothing of one test wait in the next one."""
    yield
    world.run()


def test_a_plan_shows_the_worked_order_and_its_calls_and_moves_nothing(world: World) -> None:
    draft = worked()
    world.place(paid(draft))
    before = state(world)
    plan = planned(world)
    assert state(world) == before
    (document,) = plan.ending(Ending.POST)
    assert [(one.entity, one.number) for one in document.writes if one.action is Action.CREATE] == [
        ("invoice", number_of(draft)),
        ("sales_order", ""),
        ("payment", document.writes[_place(document, "payment")].number),
        ("cash_receipt", document.writes[_place(document, "cash_receipt")].number),
        ("invoice_note", ""),
    ]
    assert plan.count(Action.CREATE, Action.VOID, Action.ADOPT) == 5
    assert effects(plan, System.XERO) == [
        ("091", "clearing_shopify_payments", "110.13", "0.00", When.AT_ONCE),
        ("200", "sales", "0.00", "94.92", When.AT_ONCE),
        ("260", "freight", "0.00", "8.00", When.AT_ONCE),
        ("610", "receivables", "110.13", "110.13", When.AT_ONCE),
        ("820", "sales_tax", "0.00", "7.21", When.AT_ONCE),
    ]
    assert effects(plan, System.SAGE100) == [
        ("106-00", "clearing_shopify_payments", "110.13", "0.00", When.ON_UPDATE),
        ("230-00", "customer_deposits", "0.00", "110.13", When.ON_UPDATE),
    ]
    notes = {one.entity: one.note for one in document.writes if one.note}
    assert notes.keys() == {"sales_order", "cash_receipt"}
    assert all("no effect until its register is updated" in note for note in notes.values())
    (calls,) = [one for one in plan.calls if one.system is System.XERO]
    with ledger_connection(world) as ledger:
        ledger.execute("DELETE FROM tieout.kept_references")  # or the run had five reads less
    earlier = xero_calls(world)
    world.run()
    assert xero_calls(world) - earlier == calls.reads + calls.writes


def _place(document: PlannedDocument, entity: str) -> int:
    return [one.entity for one in document.writes].index(entity)


def xero_calls(world: World) -> int:
    counted = world.call(f"{world.configuration.url('xero')}/_calls", method="GET")
    return sum(int(one["count"]) for one in counted.values())


def test_apply_posts_what_the_plan_says_in_the_name_of_who_approved(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    draft, later = worked(), worked()
    world.place(paid(draft))
    since = datetime.now(UTC) - timedelta(days=30)  # noqa: TID251 - the shop's clock moves
    window = ["--from", since.isoformat(), "--to", (since + timedelta(days=31)).isoformat()]
    options = ["--connections", str(world.configuration.connections), "--include", str(INCLUDE)]
    file = world.configuration.home / "plan.json"

    assert main(["plan", "--pair", HARBOR, *window, "--out", str(file), *options]) == 0

    shown = capsys.readouterr().out
    assert f"#{draft.number}  post  110.13 USD" in shown
    assert "xero     610      receivables                110.13  110.13  USD  at once" in shown
    (plan,) = read_plans(file)
    assert plan.plan_hash == shown.split()[-1]
    world.place(paid(later))

    assert main(["apply", plan.plan_hash[:12], "--by", "ana", "--json", *options]) == 0

    (applied,) = json.loads(capsys.readouterr().out)["applied"]
    assert (applied["done"], applied["deviations"]) == (1, [])
    assert applied["effects"] == [one.model_dump(mode="json") for one in plan.effects]
    invoices = {one.number: one for one in world.tieout.xero(HARBOR).invoices()}
    assert invoices[number_of(draft)].amount_due == 0
    assert number_of(later) not in invoices
    assert approvals(world, draft) == [("ana", "ana")]

    assert main(["apply", "--plan", str(file), "--by", "ana", *options]) == 0
    assert "1 done, 0 skipped, 0 set aside, 0 unfinished" in capsys.readouterr().out
    assert main(["apply", "0" * 64, "--by", "ana", *options]) == 2
    assert "No plan 000000000000 is kept here" in capsys.readouterr().err


def approvals(world: World, draft: Draft) -> list[tuple[Any, ...]]:
    """Return who approved the order's invoice, and whom the audit names for what became of it."""
    with ledger_connection(world) as ledger:
        return ledger.execute(
            "SELECT DISTINCT d.approver, a.actor FROM tieout.deliveries d"
            " JOIN tieout.documents o USING (document_id)"
            " JOIN tieout.audit a ON a.subject = 'delivery/' || d.delivery_id"
            " WHERE o.name = %s AND d.entity = 'invoice'",
            [f"#{draft.number}"],
        ).fetchall()


def test_what_changed_after_the_plan_is_refused_with_words(world: World, tmp_path: Path) -> None:
    draft = worked()
    world.place(paid(draft))
    plan = planned(world)
    shutil.copytree(INCLUDE, tmp_path / "include")
    mapping = tmp_path / "include/mappings/to_xero/invoice.yaml"
    mapping.write_text(mapping.read_text("utf-8") + "# another version\n", "utf-8")
    changed = open_tieout(world.configuration.connections, tmp_path / "include")
    with pytest.raises(FatalError, match="the mapping changed"):
        changed.apply(plan, by="ana")
    changed.ledger.close()
    edited = replace(draft, status="partially_paid")
    moved = datetime.now(UTC).isoformat()  # noqa: TID251 - the shop's clock moves
    world.place(paid(edited, "50.00", total_outstanding="60.13", updated_at=moved))
    with pytest.raises(FatalError, match=f"#{draft.number} changed at its source"):
        world.tieout.apply(plan, by="ana")
    assert number_of(draft) not in {one.number for one in world.tieout.xero(HARBOR).invoices()}


def test_an_update_shows_what_the_target_holds_and_refuses_another_state(world: World) -> None:
    draft = replace(worked(), status="pending")
    world.post(placed(draft))
    whole = replace(draft, status="paid")
    moved = datetime.now(UTC).isoformat()  # noqa: TID251 - the shop's clock moves
    world.place(paid(whole, updated_at=moved))
    plan = planned(world)
    (document,) = plan.documents
    changes = {one.entity: one.changes for one in document.writes if one.action is Action.UPDATE}
    (deposit,) = changes["order_deposit"]
    assert (deposit.field, deposit.before, deposit.after) == ("deposit", "0.00", "110.13")
    assert [(one.before, one.after) for one in changes["order_status"]] == [
        ("posted, unpaid", "posted, paid")
    ]
    set_deposit(world, draft, "1.00")
    with pytest.raises(FatalError, match=r"deposit 0\.00 then, deposit 1\.00 now"):
        world.tieout.apply(plan, by="ana")


def set_deposit(world: World, draft: Draft, amount: str) -> None:
    """Let somebody set the deposit of the order in Sage 100."""
    order = next(
        one for one in world.tieout.sage100(HARBOR).orders() if one.customer_po == number_of(draft)
    )
    target = world.tieout.sage100(HARBOR).target("order_deposit")
    payload = {"header": {"SalesOrderNo": order.order_no, "DepositAmt": amount}}
    delivery = make_delivery("order_deposit", payload, target=System.SAGE100)
    target.send([delivery.model_copy(update={"epoch": 1})])


def test_a_number_that_is_taken_is_a_dead_letter_of_the_plan(world: World) -> None:
    draft = worked()
    xero = world.tieout.xero(HARBOR)
    contact = xero.find_contacts(numbers={"WEB-GUEST"})[0]
    payload = {
        "Type": "ACCREC",
        "InvoiceNumber": number_of(draft),
        "Reference": "typed by hand",
        "Contact": {"ContactID": contact.external_id},
        "Date": "2026-11-01",
        "DueDate": "2026-11-01",
        "CurrencyCode": "USD",
        "Status": "AUTHORISED",
        "LineAmountTypes": "Exclusive",
        "LineItems": [
            {"Description": "x", "Quantity": "1", "UnitAmount": "1", "AccountCode": "200"}
        ],
    }
    expected = {"total": "1.00"}
    (sent,) = (
        xero.target("invoice").send([make_delivery("invoice", payload, expected=expected)]).values()
    )
    assert isinstance(sent, Landed), sent
    world.place(paid(draft))
    (document,) = planned(world).documents
    assert (document.ending, document.cause) == (Ending.DEAD_LETTER, "number_taken")
    assert document.effects == ()


def posted(world: World) -> Draft:
    make = maker()
    line = make.line("LAMP-01", 1)
    at = make.at(PLACED_DAYS_AGO, "12:00")
    draft = make.draft(next(NUMBERS), make.known[3], line, at=at)
    world.post(paid(draft))
    return draft


def order_of(world: World, draft: Draft) -> SageOrder:
    orders = world.tieout.sage100(HARBOR).orders()
    return next(one for one in orders if one.customer_po == number_of(draft))


def states(world: World, draft: Draft) -> dict[str, str]:
    """Return the states of the order's deliveries that Sage 100's people post."""
    ledger = world.tieout.ledger
    order = order_of(world, draft)
    found = {}
    for entity in ("sales_order", "cash_receipt"):
        with ledger.database.transaction() as connection:
            rows = connection.exec_driver_sql(
                "SELECT d.state FROM tieout.deliveries d JOIN tieout.documents o"
                " USING (document_id) WHERE o.name = %s AND d.entity = %s",
                (f"#{draft.number}", entity),
            )
            found[entity] = rows.scalar_one()
    assert order.customer_po
    return found


def test_deliveries_follow_the_registers_that_people_update(world: World) -> None:
    draft = posted(world)
    world.tieout.follow(HARBOR)
    assert states(world, draft) == {"sales_order": "entered", "cash_receipt": "entered"}
    world.people("post_cash_receipts", **DAY)
    order_no = order_of(world, draft).order_no
    world.people("enter_invoice", sales_order_no=order_no, invoice_date=TODAY.isoformat())
    world.tieout.follow(HARBOR)
    assert states(world, draft) == {"sales_order": "entered", "cash_receipt": "updated"}
    world.people("post_sales_journal", **DAY)
    world.tieout.follow(HARBOR)
    assert states(world, draft) == {"sales_order": "updated", "cash_receipt": "updated"}
    world.people("post_daily_transaction_register", **DAY)
    followed = {one.entity: one for one in world.tieout.follow(HARBOR)}
    assert states(world, draft) == {"sales_order": "in_gl", "cash_receipt": "in_gl"}
    assert not any(one.taken_back for one in followed.values())
    assert followed["sales_order"].in_gl >= 1
    assert followed["cash_receipt"].in_gl >= 1


def told_in_xero(world: World, draft: Draft) -> list[str]:
    """Return what the history of the order's invoice says of postings, as Xero shows it."""
    (invoice,) = world.tieout.xero(HARBOR).invoices_numbered({number_of(draft)})
    details = [str(row["Details"]) for row in notes_of(world, [invoice.invoice_id])]
    return sorted(one for one in details if "general ledger" in one)


def tell(world: World) -> None:
    """Follow and tell, as a run of the DAG postings does."""
    world.tieout.follow(HARBOR, is_whole=False)
    batch = world.tieout.capture_postings(HARBOR, claimed_by=f"tell {next(NUMBERS)}")
    if batch is not None:
        world.tieout.run_step("posting_note", batch)


def test_xero_hears_posted_only_when_it_is_in_the_general_ledger_and_once(world: World) -> None:
    draft = posted(world)
    tell(world)
    order_no = order_of(world, draft).order_no
    world.people("enter_invoice", sales_order_no=order_no, invoice_date=TODAY.isoformat())
    world.people("post_cash_receipts", **DAY)
    world.people("post_sales_journal", **DAY)
    tell(world)
    assert states(world, draft) == {"sales_order": "updated", "cash_receipt": "updated"}
    assert told_in_xero(world, draft) == []
    world.people("post_daily_transaction_register", **DAY)
    tell(world)
    tell(world)
    check = receipt_check(world, draft)
    assert told_in_xero(world, draft) == [
        f"Sage 100 cash receipt {check} is in the general ledger.",
        f"Sage 100 sales order {order_no} {WORDS['sales_order', 'in_gl']}.",
    ]
    assert world.tieout.ledger.conservation(HARBOR).is_conserved
    assert world.verdict().is_clean, world.verdict().text()


def test_what_people_delete_or_reverse_is_said_once_and_written_no_second_time(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    deleted, reversed_ = posted(world), posted(world)
    world.people("post_cash_receipts", **DAY)
    world.tieout.follow(HARBOR)
    world.people("delete_sales_order", sales_order_no=order_of(world, deleted).order_no)
    check = receipt_check(world, reversed_)
    world.people("reverse_cash_receipt", check_no=check, deposit_date=TODAY.isoformat())
    world.people("post_cash_receipts", **DAY)
    options = ["--connections", str(world.configuration.connections), "--include", str(INCLUDE)]

    assert main(["follow", "--pair", HARBOR, *options]) == 1

    shown = capsys.readouterr().out
    assert "is not there any more" in shown
    assert f"{check} over " in shown
    assert main(["follow", "--pair", HARBOR, *options]) == 0
    letters = {
        letter.trace_key.rpartition(" ")[2]: letter
        for letter in world.tieout.ledger.dead_letters(HARBOR)
    }
    assert {letters[f"#{draft.number}"].cause for draft in (deleted, reversed_)} == {"taken_back"}
    world.tieout.ledger.replay(letters[f"#{deleted.number}"].dead_letter_id)
    world.run()
    orders = world.tieout.sage100(HARBOR).orders()
    ours = [one for one in orders if one.customer_po == number_of(deleted)]
    assert [one.status for one in ours] == ["X"]


def receipt_check(world: World, draft: Draft) -> str:
    with world.tieout.ledger.database.transaction() as connection:
        rows = connection.exec_driver_sql(
            "SELECT d.external_no FROM tieout.deliveries d JOIN tieout.documents o"
            " USING (document_id) WHERE o.name = %s AND d.entity = 'cash_receipt'",
            (f"#{draft.number}",),
        )
        return str(rows.scalar_one())
