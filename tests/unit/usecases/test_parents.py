"""Dependencies first: one letter for a refused parent, its children wait, and all go on by it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from typing_extensions import override

from fake_streams import FakeStreams
from fakes import FakeSage100, FakeTarget, FakeXero, ItemGate
from tieout.domain.base import System
from tieout.domain.items import Part
from tieout.domain.json_patch import Operation
from tieout.domain.ledger import DocumentState, Origin, Parent
from tieout.errors import UnavailableError
from tieout.mapping.mapper import YamlMapper
from tieout.ports.gate import GateResult, Row
from tieout.ports.systems import XeroReference
from tieout.usecases.capture import capture
from tieout.usecases.catalog import kind_of
from tieout.usecases.flow import Flow, ReadyOrder
from tieout.usecases.order_names import customer_key
from tieout.usecases.steps import ORDER_STEPS, run_step
from tieout.usecases.writing import Write, write_all
from unit.usecases.test_steps import PAIR, ROOT, SHOP, claimed, make_flow, node


def good(number: int) -> dict[str, Any]:
    """Return an unpaid order of the one buyer."""
    order = node("order_1042", legacyResourceId=str(5_000_000 + number), name=f"#{number}")
    return {**order, "transactions": []}


def buyer(flow: Flow) -> str:
    return customer_key(flow.mapper.order_from_shop(good(1), shop=SHOP))


def codes(flow: Flow) -> set[str]:
    order = flow.mapper.order_from_shop(good(1), shop=SHOP)
    return {line.sku for line in order.lines if line.sku}


def sold(flow: Flow) -> dict[str, str]:
    """Return the variant of each SKU that the orders sell."""
    order = flow.mapper.order_from_shop(good(1), shop=SHOP)
    return {line.sku: line.variant_id for line in order.lines if line.sku}


def run(flow: Flow, name: str, *, sweeps: bool = True) -> None:
    """Run what waits, if anything does."""
    interval = (flow.clock.now().replace(year=2020), flow.clock.now().replace(year=2030))
    batch = capture(
        flow, interval=interval if sweeps else None, origin=Origin.SWEEP, claimed_by=name
    )
    if batch is not None:
        for step in ORDER_STEPS:
            run_step(flow, step, batch)


def contacts(flow: Flow) -> FakeTarget:
    target = flow.xero.target("contact")
    assert isinstance(target, FakeTarget)
    return target


def refused(flow: Flow) -> None:
    contacts(flow).refused_keys.add(buyer(flow))


def accepted(flow: Flow) -> None:
    contacts(flow).refused_keys.clear()


def parents(flow: Flow) -> list[Parent]:
    return flow.ledger.parents(PAIR.pair)


def done(flow: Flow) -> int:
    conservation = flow.ledger.conservation(PAIR.pair)
    assert conservation.is_conserved
    return conservation.done


def test_a_refused_customer_has_one_letter_and_the_other_orders_wait() -> None:
    flow = make_flow(*map(good, range(5)))
    refused(flow)
    run(flow, "first")
    (letter,) = flow.ledger.dead_letters()
    assert letter.waits_for == (f"customer {buyer(flow)}",)
    (parent,) = parents(flow)
    assert parent == Parent(name=letter.waits_for[0], documents=4, dead_letters=(1,))
    conservation = flow.ledger.conservation(PAIR.pair)
    assert (conservation.dead_letter, conservation.pending) == (1, 4)
    assert conservation.is_conserved


def test_what_waits_is_neither_claimed_nor_sent_again() -> None:
    flow = make_flow(*map(good, range(5)))
    refused(flow)
    run(flow, "first")
    sends = len(contacts(flow).sends)
    assert not flow.ledger.waits(PAIR.pair, "shop_order", source=System.SHOPIFY)
    assert flow.ledger.waiting(PAIR.pair, "shop_order") == []
    run(flow, "second")
    assert len(contacts(flow).sends) == sends


def test_all_go_on_when_the_replayed_letter_lands() -> None:
    flow = make_flow(*map(good, range(5)))
    refused(flow)
    run(flow, "first")
    accepted(flow)
    flow.ledger.replay(flow.ledger.dead_letters()[0].dead_letter_id)
    run(flow, "second")
    assert flow.ledger.waits(PAIR.pair, "shop_order", source=System.SHOPIFY)
    run(flow, "third", sweeps=False)
    assert done(flow) == 5
    assert (parents(flow), flow.ledger.dead_letters()) == ([], [])


def test_a_replay_that_is_refused_again_leaves_one_letter_and_the_others_waiting() -> None:
    flow = make_flow(*map(good, range(5)))
    refused(flow)
    run(flow, "first")
    flow.ledger.replay(flow.ledger.dead_letters()[0].dead_letter_id)
    run(flow, "second")
    run(flow, "third")
    (parent,) = parents(flow)
    assert (parent.documents, len(parent.dead_letters)) == (4, 1)


def test_a_later_order_of_the_customer_that_lands_frees_the_letter_too() -> None:
    flow = make_flow(*map(good, range(3)))
    refused(flow)
    run(flow, "first")
    accepted(flow)
    flow = replace(flow, shops=make_flow(*map(good, range(4))).shops)
    run(flow, "second")
    run(flow, "third")
    assert done(flow) == 4
    assert flow.ledger.dead_letters() == []


def test_another_customers_orders_do_not_wait() -> None:
    other = good(2)
    other["customer"]["legacyResourceId"] = "77"
    flow = make_flow(good(1), other)
    refused(flow)
    run(flow, "first")
    assert done(flow) == 1
    assert len(flow.ledger.dead_letters()) == 1


def test_a_customer_that_cannot_be_mapped_is_told_once_as_well() -> None:
    orders = [good(number) for number in range(3)]
    for order in orders:
        order["customer"]["defaultEmailAddress"] = {"emailAddress": f"{'x' * 260}@example.com"}
    flow = make_flow(*orders)
    run(flow, "first")
    (letter,) = flow.ledger.dead_letters()
    (parent,) = parents(flow)
    assert (letter.step, parent.documents) == ("customer", 2)


def with_items(flow: Flow, xero: set[str], sage100: set[str]) -> None:
    assert isinstance(flow.xero, FakeXero)
    assert isinstance(flow.sage100, FakeSage100)
    flow.xero.held_reference = flow.xero.held_reference.model_copy(
        update={"item_codes": frozenset(xero)}
    )
    flow.sage100.held_reference = flow.sage100.held_reference.model_copy(
        update={"item_codes": frozenset(sage100)}
    )


def lacking(*orders: int) -> Flow:
    flow = replace(make_flow(*map(good, orders)), gate=ItemGate())
    run(flow, "first")
    return flow


def test_an_order_that_lacks_items_names_them_and_goes_on_when_both_sides_have_all() -> None:
    flow = lacking(1, 2)
    names = sorted(f"item {sku} of variant {variant}" for sku, variant in sold(flow).items())
    assert [letter.waits_for for letter in flow.ledger.dead_letters()] == [tuple(names)] * 2
    assert [(one.name, one.dead_letters) for one in parents(flow)] == [
        (name, (1, 2)) for name in names
    ]
    with_items(flow, codes(flow), set())
    run(flow, "second")
    assert (done(flow), len(flow.ledger.dead_letters())) == (0, 2)
    with_items(flow, codes(flow), set(sorted(codes(flow))[1:]))
    run(flow, "third")
    assert (done(flow), len(flow.ledger.dead_letters())) == (0, 2)
    with_items(flow, codes(flow), codes(flow))
    run(flow, "fourth")
    assert (done(flow), flow.ledger.dead_letters()) == (2, [])


def aliased(flow: Flow, aliases: dict[str, tuple[Part, ...]]) -> Flow:
    pair = PAIR.model_copy(update={"item_aliases": aliases})
    return replace(flow, pair=pair, mapper=YamlMapper(ROOT / "include", pair))


@pytest.mark.parametrize("by", ["sku", "variant"])
def test_an_order_goes_on_when_an_alias_says_which_item_it_waits_for(by: str) -> None:
    flow = lacking(1)
    (first, variant), *others = sold(flow).items()
    with_items(flow, {"OTHER", *dict(others)}, {"OTHER", *dict(others)})
    run(flow, "second")
    assert done(flow) == 0
    alias = {first if by == "sku" else variant: (Part(item_code="OTHER"),)}
    run(aliased(flow, alias), "third")
    assert (done(flow), flow.ledger.dead_letters()) == (1, [])
    (invoice,) = flow.ledger.deliveries_of(PAIR.pair, "invoice", ["5000001"])
    assert "OTHER" in str(invoice.payload["LineItems"])


def test_an_alias_of_an_item_that_is_not_in_both_lets_nothing_on() -> None:
    flow = lacking(1)
    (first, *_others) = sold(flow)
    with_items(flow, {"OTHER", *codes(flow)}, codes(flow) - {first})
    run(aliased(flow, {first: (Part(item_code="OTHER"),)}), "second")
    assert (done(flow), len(flow.ledger.dead_letters())) == (0, 1)


def test_what_has_a_variant_and_no_sku_waits_for_its_alias() -> None:
    order = good(1)
    order["lineItems"]["nodes"][0]["sku"] = ""
    flow = replace(make_flow(order), gate=ItemGate())
    run(flow, "first")
    variant = order["lineItems"]["nodes"][0]["variant"]["legacyResourceId"]
    (letter,) = flow.ledger.dead_letters()
    assert f"item of variant {variant}" in letter.waits_for
    with_items(flow, {"OTHER", *codes(flow)}, {"OTHER", *codes(flow)})
    run(aliased(flow, {variant: (Part(item_code="OTHER"),)}), "second")
    assert done(flow) == 1


def test_items_are_looked_for_once_a_sweep_however_many_orders_wait() -> None:
    flow = lacking(*range(30))
    before = flow.xero.calls_made, flow.sage100.calls_made
    run(flow, "second")
    assert (flow.xero.calls_made, flow.sage100.calls_made) == (before[0] + 1, before[1] + 1)


def test_a_run_without_a_sweep_looks_for_no_item() -> None:
    flow = lacking(1)
    with_items(flow, codes(flow), codes(flow))
    before = flow.xero.calls_made
    run(flow, "second", sweeps=False)
    assert (flow.xero.calls_made, done(flow)) == (before, 0)


class AwayXero(FakeXero):
    """An organization that does not answer."""

    @override
    def reference(self, *, age_max_s: float = 0.0) -> XeroReference:
        raise UnavailableError("Xero is away.", remedy="Try again later.")


def test_a_system_that_is_away_keeps_nothing_from_being_captured() -> None:
    flow = lacking(1)
    away = replace(flow, xero=AwayXero(), streams=FakeStreams(flow.clock))
    shops = make_flow(good(1), good(2)).shops
    interval = (flow.clock.now().replace(year=2020), flow.clock.now().replace(year=2030))
    batch = capture(
        replace(away, shops=shops), interval=interval, origin=Origin.SWEEP, claimed_by="away"
    )
    assert batch is not None
    (new,) = flow.ledger.documents(batch, DocumentState.RECEIVED)
    assert new.name == "#2"


@pytest.mark.parametrize("field", ["sku", "total"])
def test_an_order_that_lacks_more_than_items_waits_for_a_person(field: str) -> None:
    order = good(1)
    if field == "sku":
        order["lineItems"]["nodes"][0]["sku"] = ""
        order["lineItems"]["nodes"][0]["variant"] = None
    flow = replace(make_flow(order), gate=ItemGate() if field == "sku" else WorseGate())
    run(flow, "first")
    (letter,) = flow.ledger.dead_letters()
    assert (letter.cause, letter.waits_for) == ("unknown_item", ())


class WorseGate(ItemGate):
    """A gate that finds something else amiss as well."""

    @override
    def validate(self, suite: str, rows: Sequence[Row], *, page: str = "") -> GateResult:
        result = super().validate(suite, rows, page=page)
        worse = [
            finding.model_copy(update={"rule": "total_does_not_add_up"})
            for finding in result.findings
        ]
        return result.model_copy(update={"findings": (*result.findings, *worse)})


def test_the_others_wait_while_the_one_with_the_letter_is_tried_again() -> None:
    flow = make_flow(*map(good, range(3)))
    refused(flow)
    run(flow, "first")
    flow.ledger.replay(flow.ledger.dead_letters()[0].dead_letter_id)
    interval = (flow.clock.now().replace(year=2020), flow.clock.now().replace(year=2030))
    batch = capture(flow, interval=interval, origin=Origin.SWEEP, claimed_by="second")
    assert batch is not None
    assert [one.document_id for one in flow.ledger.documents(batch)] == [1]


def test_a_correction_of_the_customer_counts_over_what_another_order_says() -> None:
    flow = make_flow(good(0))
    batch = claimed(flow)
    run_step(flow, "shop_order", batch)
    (document,) = flow.ledger.documents(batch)
    patch = Operation(op="replace", path="/email", value="right@example.com")
    corrected = document.model_copy(update={"corrections": (patch,)})
    order = flow.mapper.order_from_shop(good(0), shop=SHOP)
    orders = [ReadyOrder(document=one, order=order) for one in (corrected, document)]

    def writes_of(one: ReadyOrder) -> Iterator[Write]:
        yield Write("SHOP-7", {"said": "right" if one.document.corrections else "wrong"}, {})

    fenced = replace(flow, fence=flow.ledger.begin_step(batch, "ar_invoice", lease_s=900))
    write_all(
        fenced,
        kind_of(System.SAGE100, "ar_invoice"),
        flow.sage100.target("ar_invoice"),
        orders,
        writes_of,
    )
    (sent,) = flow.ledger.deliveries_of(PAIR.pair, "ar_invoice", ["SHOP-7"])
    assert sent.payload == {"said": "right"}
