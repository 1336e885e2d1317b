"""The demo's bad orders: each must become a dead letter that says why."""

import json
from dataclasses import replace
from decimal import Decimal

from tieout.simulators.company import COMPANIES
from tieout.simulators.shopify.demo_build import Line, build
from tieout.simulators.shopify.demo_maker import SECOND_DAY, DemoOrder, Maker
from tieout.simulators.shopify.shapes import Json

LARGE_BODY_BYTES = 10 * 1024 * 1024 + 4096


def wrong_orders(make: Maker) -> list[DemoOrder]:
    """Return orders that the shop has and nobody can post."""
    strange = Line("NO-SUCH-99", "Discontinued vase", Decimal("24.00"))
    unknown = make.draft(1036, make.known[39], strange, at=make.at(SECOND_DAY, "13:00"))
    negative = make.draft(
        1037,
        make.known[41],
        make.line("SHADE-02", 2),
        make.line("MUG-11", -1),
        at=make.at(SECOND_DAY, "13:20"),
    )
    off = make.draft(1038, make.known[43], make.line("LAMP-01"), at=make.at(SECOND_DAY, "13:40"))
    sums = build(off)
    wrong_total = str(Decimal(sums["total_price"]) + Decimal("1.00"))
    foreign = make.draft(
        1039, make.known[45], make.line("LAMP-01"), at=make.at(SECOND_DAY, "14:00")
    )
    empty = make.draft(1040, make.known[47], make.line("MUG-11"), at=make.at(SECOND_DAY, "14:20"))
    return [
        make.order(unknown, "an item nobody sells", "dead_letter:unknown_item"),
        make.order(negative, "a negative quantity", "dead_letter:quantity_not_positive"),
        make.order(
            replace(off, more=_with_total(wrong_total, "USD")),
            "lines that do not add up to the total",
            "dead_letter:total_does_not_add_up",
        ),
        make.order(
            replace(foreign, currency="EUR"),
            "a currency that the company does not have",
            "dead_letter:currency_not_of_company",
        ),
        make.order(
            replace(empty, more={"line_items": []}),
            "no line items",
            "dead_letter:order_incomplete",
        ),
    ]


def _with_total(total: str, currency: str) -> Json:
    money = {"amount": total, "currency_code": currency}
    both = {"shop_money": money, "presentment_money": money}
    return {
        "total_price": total,
        "total_price_set": both,
        "current_total_price": total,
        "current_total_price_set": both,
    }


def unreadable_bodies(make: Maker) -> list[DemoOrder]:
    """Return webhooks with a valid signature and a useless body; the shop has no such orders."""
    large = build(
        make.draft(1041, make.known[49], make.line("MUG-11"), at=make.at(SECOND_DAY, "14:40"))
    )
    padded = json.dumps({**large, "note": "x" * LARGE_BODY_BYTES}).encode()
    cut = build(
        make.draft(1044, make.known[51], make.line("MUG-11"), at=make.at(SECOND_DAY, "15:50"))
    )
    whole = json.dumps(cut).encode()
    return [
        replace(_claimed(large, "a body of 10 MB", "dead_letter:body_too_large"), raw_body=padded),
        replace(
            _claimed(cut, "JSON that breaks off", "dead_letter:body_not_json"),
            raw_body=whole[: len(whole) // 2],
        ),
    ]


def _claimed(order: Json, about: str, expected: str) -> DemoOrder:
    return DemoOrder(
        shop=COMPANIES["HPS"].shop_domain,
        name=order["name"],
        order_id=order["id"],
        about=about,
        expected=expected,
    )
