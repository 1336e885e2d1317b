"""Trying changed mappings on orders that were posted: what would differ, and nothing else."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes import FakeSage100, FakeShop, FakeTarget, FakeXero
from tieout.domain.ledger import Document, DocumentState
from tieout.errors import ConfigurationError
from tieout.mapping.mapper import YamlMapper
from tieout.usecases.flow import Flow
from tieout.usecases.mapping_trial import STEPS, TriedDocument, try_mappings
from unit.usecases.test_steps import GUEST, PAIR, ROOT, SHOP, make_flow, node, run, worked


def stored(flow: Flow) -> list[Document]:
    """Return the documents of the last run, whatever became of them."""
    batch = flow.ledger.claimed(PAIR.pair, "shop_order", "run")
    assert batch is not None
    return flow.ledger.documents(batch)


def posted(*nodes: dict[str, Any]) -> Flow:
    flow = make_flow(*nodes)
    assert isinstance(flow.xero, FakeXero)
    assert isinstance(flow.sage100, FakeSage100)
    flow.xero.held_contacts = [GUEST]
    number = PAIR.guest_sage100_customer_no
    flow.sage100.held_customers = [GUEST.model_copy(update={"external_no": number})]
    run(flow)
    assert flow.ledger.conservation(PAIR.pair).done == len(nodes)
    return flow


def sends(flow: Flow) -> Mapping[str, int]:
    assert isinstance(flow.xero, FakeXero)
    assert isinstance(flow.sage100, FakeSage100)
    shop = flow.shops[SHOP]
    assert isinstance(shop, FakeShop)
    targets: list[FakeTarget] = [
        *(flow.xero.target(name) for name in ("contact", "invoice", "payment", "invoice_note")),
        *(flow.sage100.target(name) for name in ("customer", "sales_order", "cash_receipt")),
        shop.target("order_status"),
    ]
    return {f"{one.system} {one.entity}": len(one.sends) for one in targets}


def with_mapping(flow: Flow, folder: Path, name: str, old: str, new: str) -> Flow:
    """Return the flow with one mapping file changed."""
    include = folder / "include"
    shutil.copytree(ROOT / "include", include, dirs_exist_ok=True)
    path = include / "mappings" / f"{name}.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return replace(flow, mapper=YamlMapper(include, PAIR))


def differing(tried: list[TriedDocument]) -> list[tuple[str, str, Any, Any]]:
    return [
        (write.mapping, change.path, change.was, change.now)
        for document in tried
        for write in document.writes
        for change in write.changes or ()
    ]


def test_what_was_posted_by_the_present_mappings_comes_out_the_same() -> None:
    others = [
        node(case, legacyResourceId=number, transactions=[], currencyCode="USD")
        for case, number in (("guest", "991"), ("company", "992"), ("unicode", "993"))
    ]
    flow = posted(worked(), *others)
    before = sends(flow)
    tried = try_mappings(flow, stored(flow))
    assert differing(tried) == []
    assert [one.differs for one in tried] == [False] * 4
    made = {write.mapping for one in tried for write in one.writes}
    assert made >= {"from_shopify/order", "to_xero/contact", "to_sage100/sales_order"}
    assert sends(flow) == before


def test_a_changed_mapping_is_told_by_document_and_field(tmp_path: Path) -> None:
    flow = posted(worked())
    old, new = "Status: {constant: AUTHORISED}", "Status: {constant: DRAFT}"
    changed = with_mapping(flow, tmp_path, "to_xero/invoice", old, new)
    audit = len(flow.ledger.audit)  # type: ignore[attr-defined]
    tried = try_mappings(changed, stored(flow))
    assert differing(tried) == [("to_xero/invoice", "/Status", "AUTHORISED", "DRAFT")]
    assert len(flow.ledger.audit) == audit  # type: ignore[attr-defined]


def test_a_change_of_reading_shows_in_the_order_and_in_what_is_made_of_it(tmp_path: Path) -> None:
    flow = posted(worked())
    old = "  buyer.first_name: {function: text, from: node.customer.firstName,"
    new = "  buyer.first_name: {function: text, from: node.customer.lastName,"
    tried = try_mappings(with_mapping(flow, tmp_path, "from_shopify/order", old, new), stored(flow))
    places = [(mapping, path) for mapping, path, _was, _now in differing(tried)]
    assert ("from_shopify/order", "/buyer/first_name") in places
    assert ("to_xero/contact", "/FirstName") in places


def test_a_mapping_that_refuses_a_posted_order_says_so(tmp_path: Path) -> None:
    flow = posted(worked())
    old = "  header.OrderDate: order.book_date"
    new = "  header.Comment: {from: order.note, required: true}\n" + old
    flow = with_mapping(flow, tmp_path, "to_sage100/sales_order", old, new)
    (tried,) = try_mappings(flow, stored(flow))
    assert tried.differs
    assert "header.Comment: the record has no value for it" in tried.problem
    gone = [one.entity for one in tried.writes if one.payload is None]
    assert "sales_order" in gone


def test_a_mapping_that_fits_no_record_is_an_error_of_the_file(tmp_path: Path) -> None:
    flow = posted(worked())
    old, new = "Date: order.book_date", "Date: order.day"
    with pytest.raises(ConfigurationError, match=r"the record has no 'order\.day'"):
        try_mappings(with_mapping(flow, tmp_path, "to_xero/invoice", old, new), stored(flow))


def test_two_orders_of_one_buyer_are_each_held_against_what_each_had_sent() -> None:
    second = worked(legacyResourceId="991", name="#1099", transactions=[])
    second["shippingAddress"] = {**second["shippingAddress"], "city": "Elsewhere"}
    flow = posted(worked(), second)
    tried = try_mappings(flow, stored(flow))
    assert differing(tried) == []
    contacts = [one for doc in tried for one in doc.writes if one.entity == "contact"]
    assert [one.changes for one in contacts] == [None, ()]


def test_a_name_that_was_taken_then_is_taken_in_the_trial() -> None:
    other = worked(legacyResourceId="991", name="#1099", transactions=[])
    other["customer"] = {**other["customer"], "legacyResourceId": "77"}
    flow = posted(worked(), other)
    names = [
        one.payload["Name"]
        for doc in try_mappings(flow, stored(flow))
        for one in doc.writes
        if one.entity == "contact" and one.payload
    ]
    assert [str(name).endswith("(SHOP-77)") for name in names] == [False, True]
    assert differing(try_mappings(flow, stored(flow))) == []


def test_an_order_that_was_never_posted_shows_what_it_would_make() -> None:
    flow = make_flow(worked())
    (document,) = stored(posted(worked()))
    fresh = document.model_copy(update={"state": DocumentState.RECEIVED, "canonical": None})
    (tried,) = try_mappings(flow, [fresh])
    assert {one.entity for one in tried.writes} == set(STEPS) - {"order_deposit"}
    assert all(one.changes is None for one in tried.writes)
    invoice = next(one for one in tried.writes if one.entity == "invoice").payload
    assert invoice is not None
    assert invoice["Contact"] == {"ContactID": "<xero customer>"}
    assert sum(sends(flow).values()) == 0


def test_an_original_that_cannot_be_read_any_more_says_why() -> None:
    flow = posted(worked())
    (document,) = stored(flow)
    broken = document.model_copy(update={"payload": {**document.payload, "currencyCode": None}})
    (tried,) = try_mappings(flow, [broken])
    assert "cannot be read" in tried.problem
    assert tried.writes == ()


def test_what_the_gate_looked_up_of_an_item_then_counts_in_the_trial() -> None:
    flow = posted(worked())
    (document,) = stored(flow)
    assert document.canonical is not None
    canonical = json.loads(json.dumps(document.canonical))
    canonical["lines"][0] |= {"category": "LIGHT", "item_class": "LITE"}
    (tried,) = try_mappings(flow, [document.model_copy(update={"canonical": canonical})])
    assert differing([tried]) == []
    (read,) = [one.payload for one in tried.writes if one.mapping == "from_shopify/order"]
    assert read == canonical
