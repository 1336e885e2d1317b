"""The desk at the wire: every bad order of the demo is corrected, tried, replayed, posted once.

What a person types is typed here: the commands run as they are. The oracle judges after every test.
"""

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from acceptance.orders import PLACED_DAYS_AGO, TODAY, maker, number_of, paid, placed
from acceptance.test_faults import (
    ONE_OF_EACH,
    assert_conserved,
    copies_of,
    in_shop,
    invoices_of,
)
from deliveries import make_delivery
from tieout.cli.common import FAILED, NOT_GOOD, OK
from tieout.cli.main import main
from tieout.domain.base import DeadLetterId, System
from tieout.domain.desk import JobState, LetterQuery
from tieout.domain.ledger import DeadLetter, Landed, NewInboxEntry, Origin
from tieout.simulators.company import COMPANIES
from tieout.simulators.shopify.demo_build import Draft, Line, build
from tieout.simulators.shopify.demo_maker import DemoOrder
from tieout.simulators.shopify.demo_wrong import wrong_orders
from tieout.usecases.tie_out_cases import check_no_of
from world import HARBOR, INCLUDE, SHOPS, World

NUMBERS = count(7601)
LINES = "/lineItems/nodes"
BAD = {order.name: order for order in wrong_orders(maker())}


def money(amount: str) -> dict[str, Any]:
    return {"shopMoney": {"amount": amount, "currencyCode": "USD"}}


def sold(price: str, tax: str | None) -> str:
    """Return a line of one mug as JSON."""
    taxes = {"title": "State Tax", "rate": "0.07", "channelLiable": False}
    return json.dumps(
        {
            "id": "gid://shopify/LineItem/9",
            "sku": "MUG-11",
            "title": "Mug",
            "quantity": 1,
            "currentQuantity": 1,
            "isGiftCard": False,
            "variant": None,
            "originalUnitPriceSet": money(price),
            "discountAllocations": [],
            "taxLines": [] if tax is None else [{**taxes, "priceSet": money(tax)}],
        }
    )


DISCOUNT = json.dumps([{"allocatedAmountSet": money("11.50")}])
CORRECTIONS = {
    "#1036": ["--set", f"{LINES}/0/sku=MUG-11"],
    "#1037": [
        *("--remove", f"{LINES}/1"),
        *("--set", f"{LINES}/0/discountAllocations={DISCOUNT}"),
        *("--set", f"{LINES}/0/taxLines/0/priceSet/shopMoney/amount=5.56"),
    ],
    "#1038": ["--set", f"{LINES}/-={sold('1.00', None)}"],
    "#1039": ["--set", "/currencyCode=USD"],
    "#1040": ["--set", f"{LINES}/-={sold('11.50', '0.81')}"],
}
"""What a bookkeeper does about each: none changes what the shop charged."""


def tieout(world: World, *words: str) -> int:
    connections = str(world.configuration.connections)
    return main([*words, "--connections", connections, "--include", str(INCLUDE)])


def letters_of(world: World, name: str) -> list[DeadLetter]:
    found = world.tieout.ledger.dead_letters(HARBOR)
    return [letter for letter in found if letter.trace_key.endswith(name)]


def number(world: World, name: str) -> str:
    (letter,) = letters_of(world, name)
    return str(letter.dead_letter_id)


def strange(*, price: str = "24.00", buyer: int = 39, sku: str = "NO-SUCH-99") -> Draft:
    """Return an order of an item that nobody sells."""
    make = maker()
    line = Line(sku, "Discontinued vase", make.line("MUG-11", price=price).price)
    at = make.at(PLACED_DAYS_AGO, "13:00")
    return make.draft(next(NUMBERS), make.known[buyer], line, at=at)


def test_every_bad_order_is_corrected_tried_and_posted_once(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = strange()
    mistyped = {**build(wrong), **_total("35.24"), "transactions": []}
    bad = [one for one in BAD.values() if one.order is not None]
    orders = [{**(one.order or {}), "transactions": list(one.transactions)} for one in bad]
    world.post(*orders, mistyped)
    assert {f"dead_letter:{letters_of(world, one.name)[0].cause}" for one in bad} == {
        one.expected for one in bad
    }
    letters = {one.name: number(world, one.name) for one in bad}
    letters[f"#{wrong.number}"] = number(world, f"#{wrong.number}")
    assert tieout(world, "replay", *letters.values(), "--dry-run") == NOT_GOOD

    total = ["--set", "/totalPriceSet/shopMoney/amount=34.24"]
    mistyped_too = [*CORRECTIONS["#1036"], *total]
    for name, fix in {**CORRECTIONS, f"#{wrong.number}": mistyped_too}.items():
        words = ["--by", "anna", "--reason", "as the shop meant it"]
        assert tieout(world, "correct", letters[name], *fix, *words) == OK
    assert tieout(world, "replay", *letters.values(), "--dry-run") == OK

    assert tieout(world, "replay", letters["#1036"], "--by", "anna") == OK
    for person in ("anna", "ben"):
        assert tieout(world, "replay", "--flow", "order_to_cash", "--by", person) == OK
    world.tieout.work_replay_jobs()
    world.run()
    assert {job.state for job in world.tieout.work_replay_jobs()} == {JobState.DONE}
    told = world.tieout.desk.jobs()
    assert sum(job.replayed for job in told) == len(letters) - 1
    assert sum(job.settled_otherwise for job in told) == len(letters) - 1

    assert world.tieout.ledger.dead_letters(HARBOR) == []
    for one in bad:
        assert copies_of(world, as_draft(one)) == ONE_OF_EACH
    (invoice,) = invoices_of(world, wrong)
    assert str(invoice.total) == "34.24"
    assert str(world.verdict().corrected["USD"]) == "-1.00"
    assert_conserved(world)

    assert tieout(world, "replay", letters["#1036"]) == FAILED
    assert "closed already: replayed" in capsys.readouterr().err
    world.run()
    assert copies_of(world, as_draft(bad[0])) == ONE_OF_EACH


def as_draft(bad: DemoOrder) -> Draft:
    """Return as much of a demo order's draft as counting its copies takes."""
    order = bad.order or {}
    buyer = order["customer"]
    made = maker().draft(int(bad.name[1:]), buyer, at=maker().at(PLACED_DAYS_AGO, "12:00"))
    return replace(made, email=order["email"])


def _total(total: str) -> dict[str, Any]:
    amount = {"amount": total, "currency_code": "USD"}
    both = {"shop_money": amount, "presentment_money": amount}
    return {
        "total_price": total,
        "total_price_set": both,
        "current_total_price": total,
        "current_total_price_set": both,
    }


def test_what_became_moot_or_will_never_be_posted_is_closed_by_proof_or_by_name(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    moved, posted = strange(buyer=40), strange(buyer=44)
    world.tieout.ledger.land([BROKEN])
    world.post(*(placed(replace(draft, status="pending")) for draft in (moved, posted)))
    fix = ["--set", f"{LINES}/0/sku=MUG-11", "--by", "anna", "--reason", "typo"]
    first, by_keys = (number(world, f"#{draft.number}") for draft in (moved, posted))
    for letter in (first, by_keys):
        assert tieout(world, "correct", letter, *fix) == OK

    (line,) = build(moved)["line_items"]
    in_shop(world, "edit", moved, lines=[{"id": line["id"], "current_quantity": 2}])
    post_by_hand(world, posted, int(by_keys))
    world.run()
    assert tieout(world, "correct", first, *fix) == FAILED
    assert tieout(world, "replay", first) == OK
    assert "its correction does not apply" in capsys.readouterr().out
    (newer,) = letters_of(world, f"#{moved.number}")
    assert world.tieout.desk.case(newer.dead_letter_id).corrections != ()
    assert invoices_of(world, moved) == []

    (broken,) = world.tieout.desk.letters(LetterQuery(cause="body_not_json"))
    assert tieout(world, "replay", str(broken.dead_letter_id), "--dry-run") == NOT_GOOD
    for letter in (newer, broken):
        words = ["--by", "anna", "--reason", "nobody will pay it"]
        assert tieout(world, "dismiss", str(letter.dead_letter_id), *words) == OK
    world.run()
    assert world.tieout.ledger.dead_letters(HARBOR) == []
    skipped = world.tieout.ledger.conservation(HARBOR).skipped
    assert (skipped["dismissed"], skipped["resolved"], skipped["superseded"]) == (2, 1, 1)
    assert_conserved(world)


def post_by_hand(world: World, draft: Draft, letter: int) -> None:
    """Enter both documents as a bookkeeper would, and have the letter resolved only then."""
    (trial,) = world.tieout.try_replay([letter])
    wanted = {write.entity: write.payload for write in trial.writes}
    assert world.tieout.resolve_proven(HARBOR) == []
    enter(world, System.XERO, "invoice", {**wanted["invoice"], "Reference": "by hand"})
    assert world.tieout.resolve_proven(HARBOR) == []
    header = wanted["sales_order"]["header"]
    assert isinstance(header, dict)
    unmarked = {name: value for name, value in header.items() if name != "UDF_TIEOUT_ID"}
    enter(world, System.SAGE100, "sales_order", {**wanted["sales_order"], "header": unmarked})
    (resolved,) = world.tieout.resolve_proven(HARBOR)
    assert resolved.dead_letter_id == letter
    assert resolved.proof["xero_invoice_number"] == number_of(draft)


def enter(world: World, system: System, entity: str, payload: Any) -> None:
    """Enter a document outside the ledger."""
    company = (world.tieout.xero if system is System.XERO else world.tieout.sage100)(HARBOR)
    one = make_delivery(entity, payload, key=f"by hand {next(NUMBERS)}", target=system)
    (outcome,) = company.target(entity).send([one]).values()
    assert isinstance(outcome, Landed), outcome


def test_orders_that_lack_an_item_go_on_by_themselves_when_both_sides_have_it(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    sku = "VASE-77"
    drafts = [strange(buyer=buyer, sku=sku) for buyer in (41, 42)]
    world.post(*(placed(replace(draft, status="pending")) for draft in drafts))
    letters = [number(world, f"#{draft.number}") for draft in drafts]
    assert tieout(world, "status") == OK
    assert f"2 wait for item {sku} (dead letter {', '.join(letters)})" in capsys.readouterr().out
    assert tieout(world, "dead-letters") == OK
    assert f"It goes on by itself when there is: item {sku}." in capsys.readouterr().out

    enter(world, System.XERO, "item", {"Code": sku, "Name": "Vase"})
    world.run()
    assert [number(world, f"#{draft.number}") for draft in drafts] == letters
    enter(world, System.SAGE100, "item", {"header": {**ITEM, "ItemCode": sku}})
    world.run()
    assert world.tieout.ledger.dead_letters(HARBOR) == []
    assert [len(invoices_of(world, draft)) for draft in drafts] == [1, 1]
    closed = world.tieout.desk.case(DeadLetterId(int(letters[0]))).letter
    assert (closed.resolution, closed.reason) == ("replayed", f"item {sku} is there")
    assert_conserved(world)


def test_mapping_files_are_checked_explained_and_tried_on_what_was_posted(
    world: World, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    draft = replace(strange(buyer=43, sku="MUG-11"), status="pending")
    world.post(placed(draft))
    name, pair = f"#{draft.number}", ("--pair", HARBOR)
    letters = world.tieout.desk.letters(LetterQuery(is_open=None))
    assert tieout(world, "mapping", "check", *pair) == OK
    assert "no problems, against both live systems." in capsys.readouterr().out
    assert tieout(world, "mapping", "coverage", *pair, "--json") == OK
    (covered,) = json.loads(capsys.readouterr().out).values()
    assert "to_sage100/customer" in {one["mapping"] for one in covered["mappings"]}

    assert tieout(world, "mapping", "preview", name, *pair) == OK
    assert f'"InvoiceNumber": "{number_of(draft)}"' in capsys.readouterr().out
    words = ("mapping", "explain", "to_xero/invoice", name, "--field", "LineItems[0].ItemCode")
    assert tieout(world, *words, *pair) == OK
    assert 'LineItems[0].ItemCode = "MUG-11"' in capsys.readouterr().out
    assert tieout(world, "mapping", "replay", "--days", "1", *pair) == OK
    assert " 0 would come out otherwise." in capsys.readouterr().out

    shutil.copytree(INCLUDE, tmp_path / "include")
    file = tmp_path / "include/mappings/to_xero/invoice.yaml"
    joined = "Reference: {function: join,"
    text = file.read_text("utf-8").replace(joined, "Reference: {function: first_of,")
    file.write_text(text, encoding="utf-8")
    connections = str(world.configuration.connections)
    where = ("--connections", connections, "--include", str(tmp_path / "include"))
    assert main(["mapping", "replay", "--days", "1", *pair, *where]) == NOT_GOOD
    said = capsys.readouterr().out
    assert f"{name}\n  to_xero/invoice: xero invoice" in said
    assert "/Reference: " in said
    assert main(["mapping", "preview", "#0", *pair, *where]) == FAILED
    assert "No order of harbor_and_pine is called '#0'." in capsys.readouterr().err
    assert world.tieout.desk.letters(LetterQuery(is_open=None)) == letters
    assert_conserved(world)


ITEM = {
    "ItemType": "1",
    "ProductLine": "LITE",
    "ItemCodeDesc": "Vase",
    "StandardUnitOfMeasure": "EACH",
    "StandardUnitPrice": "24",
}
"""What a person keys for a new item of Sage 100."""

BROKEN = NewInboxEntry(
    pair=HARBOR,
    source=System.SHOPIFY,
    account=SHOPS[HARBOR],
    topic="orders/create",
    event_id="e-broken",
    resource_id="",
    origin=Origin.WEBHOOK,
    body=b'{"id": 68113000',
    body_sha256="0" * 64,
    body_size=15,
)
"""A message that breaks off, of an order that the shop does not have."""


def assert_same_passport(world: World, draft: Draft, capsys: pytest.CaptureFixture[str]) -> None:
    """Look a replayed order up by every id that it has anywhere: one chain comes of all."""
    (invoice,) = invoices_of(world, draft)
    own = [
        one for one in world.tieout.xero(HARBOR).payments() if one.invoice_id == invoice.invoice_id
    ]
    source_id = invoice.reference.partition(" ")[0]
    orders = world.tieout.sage100(HARBOR).orders()
    names = [
        *(f"#{draft.number}", str(draft.number), source_id, invoice.number, invoice.invoice_id),
        *(own[0].payment_id, check_no_of(own[0])),
        *(one.order_no for one in orders if one.customer_po == invoice.number),
    ]
    capsys.readouterr()
    found = []
    for name in names:
        assert tieout(world, "passport", name, "--json") == OK
        (one,) = json.loads(capsys.readouterr().out)["passports"]
        found.append(one)
    assert all(one == found[0] for one in found)
    one = found[0]
    written = {(each["entity"], each["state"]) for each in one["writes"]}
    assert {
        ("invoice", "entered"),
        ("sales_order", "entered"),
        ("cash_receipt", "entered"),
    } <= written
    assert all(each["mapping_version"] and each["rule_set"] for each in one["writes"])
    assert [each["after"] for each in one["corrections"]] == [{"/post_on": str(invoice.date)}]
    assert [(each["cause"], each["resolution"]) for each in one["dead_letters"]] == [
        ("period_locked", "replayed")
    ]
    assert one["versions"][-1]["canonical"]["total"] == str(invoice.total)
    assert len(one["received"]) == len(one["versions"])
    assert {each["actor"] for each in one["audit"]} >= {"carla"}
    assert "body" not in one["received"][0]
    assert tieout(world, "passport", f"#{draft.number}") == OK
    assert "closed_by" in capsys.readouterr().out
    assert tieout(world, "passport", "nobody's") == FAILED
    assert "Nothing is known as" in capsys.readouterr().err


def lock_xero(world: World, through: str) -> None:
    tenant = COMPANIES["HPS"].xero_tenant_id
    path = f"_organisations/{tenant}/organisations"
    world.call(f"{world.configuration.url('xero')}/{path}", {"PeriodLockDate": through})


def test_what_xero_locked_parks_and_is_posted_once_on_the_day_that_people_choose(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """A49 at the wire: the late one waits, what stood before the lock goes on unasked."""
    before, late = strange(sku="MUG-11", buyer=38), strange(sku="MUG-11", buyer=37)
    own = TODAY - timedelta(days=PLACED_DAYS_AGO)
    world.post(paid(before))
    lock_xero(world, own.isoformat())
    world.tieout.xero(HARBOR).reference()  # as some gate reads it within a quarter of an hour
    try:
        world.post(paid(late), paid(before, note="please ring twice"))
        assert letters_of(world, f"#{before.number}") == []
        (letter,) = letters_of(world, f"#{late.number}")
        assert letter.cause == "period_locked"
        assert f"closed through {own} (Xero's lock date)" in letter.message
        assert invoices_of(world, late) == []
        words = ["--by", "carla", "--reason", "it came after the close"]
        assert tieout(world, "close", "post", str(letter.dead_letter_id), *words) == OK
        for _again in range(2):
            world.run()
        assert copies_of(world, late) == ONE_OF_EACH
        (invoice,) = invoices_of(world, late)
        assert invoice.date == own + timedelta(days=1)
        assert f"(of {own})" in invoice.reference
        assert_same_passport(world, late, capsys)
        through = own.isoformat()
        tieout(world, "close", "checklist", "--through", through, "--pair", HARBOR, "--json")
        (found,) = json.loads(capsys.readouterr().out)["checklists"]
        lines = {one["asked"]: one["answer"] for one in found["lines"]}
        assert (lines["Xero locked"], lines["registers empty"]) == ("done", "open")
        assert lines["tie-out signed"] == "person"
    finally:
        lock_xero(world, "2000-01-01")
        world.tieout.xero(HARBOR).reference()
