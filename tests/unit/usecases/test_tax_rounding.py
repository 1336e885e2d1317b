"""What a day's orders send to the rounding account: the ledger's, then one after the other."""

import json
from dataclasses import replace
from decimal import Decimal

import records
from tieout.domain.base import System
from tieout.domain.order import Order
from tieout.domain.pair import Policies
from tieout.usecases.flow import Flow
from tieout.usecases.tax_rounding import rounded_by_day
from unit.usecases.test_steps import GOLDEN, PAIR, make_flow

WORKED = Order.model_validate(json.loads((GOLDEN / "order_1042.canonical.json").read_text("utf-8")))
"""Its schedule computes 7.20 of its tax of 7.21."""


def flow_of(policy: str) -> Flow:
    flow = make_flow()
    policies = Policies.model_validate({"sage_tax": policy})
    return replace(flow, pair=PAIR.model_copy(update={"policies": policies}))


def entered(flow: Flow, key: str, amount: str, day: str = "2026-11-29") -> None:
    """Let the ledger have a sales order of the day with that much of rounding."""
    rounding = {"ItemCode": "/ROUNDING", "QuantityOrdered": amount, "UnitPrice": "-1.000000"}
    payload = {"header": {"OrderDate": day}, "lines": [{"ItemCode": "LAMP-01"}, rounding]}
    new = records.delivery(
        records.received(flow.ledger, key), key=key, entity="sales_order", target=System.SAGE100
    )
    flow.ledger.intend([new.model_copy(update={"payload": payload, "pair": PAIR.pair})])


def test_orders_of_a_day_add_up_after_what_was_meant_before() -> None:
    flow = flow_of("rounding")
    entered(flow, "41", "4.98")
    entered(flow, "40", "0.05", day="2026-11-28")
    entered(flow, WORKED.source_id, "0.01")
    other = WORKED.model_copy(update={"source_id": "7"})
    assert rounded_by_day(flow, [WORKED, other]) == {
        WORKED.source_id: Decimal("4.99"),
        "7": Decimal("5.00"),
    }


def test_without_the_policy_nothing_is_rounded() -> None:
    assert rounded_by_day(flow_of("override"), [WORKED]) == {}
