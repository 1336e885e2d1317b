"""The demo's forty orders: what a small shop sees in two days, and all that can be wrong.

Every good order adds up; #1042 is the worked order of the accounting guide. Each says what must
become of it: ``posted``, ``skipped:<rule>`` or ``dead_letter:<cause>``. How orders are built is in
``demo_build``, who buys in ``demo_buyers``.
"""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from tieout.simulators.company import COMPANIES
from tieout.simulators.shopify import demo_buyers as buyers
from tieout.simulators.shopify.demo_build import VAT, authorization, build, sale
from tieout.simulators.shopify.demo_maker import (
    FIRST_DAY,
    SECOND_DAY,
    DemoOrder,
    Maker,
    no_money,
)
from tieout.simulators.shopify.demo_wrong import unreadable_bodies, wrong_orders
from tieout.simulators.shopify.shapes import Json


def demo_orders(today: date) -> list[DemoOrder]:
    """Return the forty orders, placed on the two days before ``today``; the same for a day."""
    harbor = Maker(COMPANIES["HPS"], today)
    lotus = Maker(COMPANIES["LLT"], today)
    made = [
        *_everyday(harbor),
        *_discounted(harbor),
        *_people(harbor),
        *_paid_otherwise(harbor),
        *_changed(harbor),
        *_taxed_otherwise(harbor),
        *_untaxed_and_unshipped(harbor),
        *_worked(harbor),
        *wrong_orders(harbor),
        *unreadable_bodies(harbor),
        *_hong_kong(lotus),
    ]
    return sorted(made, key=lambda one: one.order_id)


def _everyday(make: Maker) -> list[DemoOrder]:
    regular = make.known[3]
    ten, eleven, twelve, thirteen = (
        make.draft(1010, regular, make.line("LAMP-01"), at=make.at(FIRST_DAY, "09:12")),
        make.draft(
            1011,
            make.known[5],
            make.line("SHADE-02", 2),
            make.line("MUG-11", 4),
            at=make.at(FIRST_DAY, "09:40"),
        ),
        make.draft(1012, make.known[7], make.line("MUG-11", 6), at=make.at(FIRST_DAY, "10:05")),
        make.draft(
            1013,
            make.known[9],
            make.line("LAMP-01", 2),
            make.line("SHADE-02"),
            at=make.at(FIRST_DAY, "10:31"),
        ),
    )
    again = make.draft(1026, regular, make.line("SHADE-02"), at=make.at(SECOND_DAY, "09:07"))
    late = make.draft(1035, make.known[21], make.line("MUG-11", 2), at=make.at(FIRST_DAY, "23:30"))
    return [
        make.order(ten, "one line, by card; the buyer comes back with #1026"),
        make.order(eleven, "several lines, shipping with tax"),
        make.order(replace(twelve, gateway="paypal"), "paid by PayPal"),
        make.order(replace(thirteen, gateway="manual"), "paid by bank transfer"),
        make.order(again, "the buyer of #1010 again"),
        make.order(late, "placed at 23:30 in the shop's zone, the next day in UTC"),
    ]


def _discounted(make: Maker) -> list[DemoOrder]:
    per_line = make.draft(
        1014,
        make.known[11],
        make.line("LAMP-01", 2, discount="5.00"),
        make.line("MUG-11", 3, discount="1.15"),
        at=make.at(FIRST_DAY, "11:02"),
    )
    per_order = make.draft(
        1015,
        make.known[13],
        make.line("LAMP-01"),
        make.line("SHADE-02"),
        make.line("MUG-11"),
        at=make.at(FIRST_DAY, "11:20"),
    )
    both = make.draft(
        1016,
        make.known[15],
        make.line("SHADE-02", 3, discount="13.65"),
        make.line("LAMP-01"),
        at=make.at(FIRST_DAY, "11:44"),
    )
    free = make.draft(1028, make.known[17], make.line("MUG-11"), at=make.at(SECOND_DAY, "09:50"))
    gift = replace(free, shipping=None, order_discount=make.item("MUG-11").list_price)
    return [
        make.order(per_line, "discounts per line"),
        make.order(replace(per_order, order_discount=Decimal("10.00")), "discount per order"),
        make.order(replace(both, order_discount=Decimal("7.77")), "discounts per line and order"),
        make.order(gift, "total 0.00", money=no_money),
    ]


def _people(make: Maker) -> list[DemoOrder]:
    guest = make.draft(1017, None, make.line("MUG-11", 2), at=make.at(FIRST_DAY, "12:15"))
    company = make.draft(
        1018, buyers.HOTEL_BUYER, make.line("LAMP-01", 10), at=make.at(FIRST_DAY, "12:40")
    )
    accents, slashed, chinese = (
        make.draft(number, buyer, make.line(code, 2), at=make.at(FIRST_DAY, clock))
        for number, buyer, code, clock in (
            (1019, buyers.ACCENTS, "SHADE-02", "13:01"),
            (1020, buyers.SLASHED, "LAMP-01", "13:22"),
            (1021, buyers.CHINESE, "MUG-11", "13:45"),
        )
    )
    new = make.draft(1025, buyers.NEW_BUYER, make.line("LAMP-01"), at=make.at(SECOND_DAY, "08:41"))
    return [
        make.order(
            replace(guest, billing=buyers.GUEST_ADDRESS, ship_to=buyers.GUEST_ADDRESS),
            "guest without e-mail",
        ),
        make.order(
            replace(company, ship_to=buyers.HOTEL_SITE, company=buyers.HOTEL, gateway="manual"),
            "company with a ship-to of its own",
        ),
        make.order(accents, "name with é and ü"),
        make.order(slashed, "name with Ł"),
        make.order(chinese, "name 王小明"),
        make.order(new, "a buyer neither ledger knows"),
    ]


def _paid_otherwise(make: Maker) -> list[DemoOrder]:
    account = make.draft(
        1023, buyers.HOTEL_BUYER, make.line("SHADE-02", 4), at=make.at(FIRST_DAY, "14:30")
    )
    held = make.draft(1024, make.known[19], make.line("LAMP-01"), at=make.at(FIRST_DAY, "14:55"))
    split = make.draft(
        1045,
        make.known[23],
        make.line("SHADE-02"),
        make.line("LAMP-01"),
        at=make.at(SECOND_DAY, "16:20"),
    )
    return [
        make.order(
            replace(account, status="pending", company=buyers.HOTEL),
            "on account, unpaid",
            money=no_money,
        ),
        make.order(
            replace(held, status="authorized"),
            "authorized only",
            money=lambda order: (authorization(order),),
        ),
        make.order(
            replace(split, more={"payment_gateway_names": ["shopify_payments", "paypal"]}),
            "paid by card and PayPal",
            money=_two_payments,
        ),
    ]


def _two_payments(order: Json) -> tuple[Json, ...]:
    rest = Decimal(order["total_price"]) - Decimal("25.00")
    return (sale(order, "25.00"), sale(order, str(rest), gateway="paypal", index=1))


def _changed(make: Maker) -> list[DemoOrder]:
    placed = make.at(SECOND_DAY, "09:30")
    edited = make.draft(1027, make.known[25], make.line("SHADE-02", 2), at=placed)
    held = build(edited)
    edit_at, capture_at = (
        (placed + timedelta(minutes=minutes)).isoformat() for minutes in (25, 40)
    )
    fewer = {"lines": [{"id": held["line_items"][0]["id"], "current_quantity": 1}]}
    test = make.draft(1029, make.known[27], make.line("LAMP-01"), at=make.at(SECOND_DAY, "10:02"))
    cancelled_at = make.at(SECOND_DAY, "10:20")
    cancelled = make.draft(1030, make.known[29], make.line("MUG-11"), at=cancelled_at)
    cancel_at = (cancelled_at + timedelta(minutes=30)).isoformat()
    return [
        make.order(
            replace(edited, status="authorized"),
            "edited from 2 pieces to 1, then captured",
            money=lambda order: (authorization(order),),
            story=(
                ("edit", {**fewer, "happened_at": edit_at}),
                ("capture", {"happened_at": capture_at}),
            ),
        ),
        make.order(replace(test, more={"test": True}), "test order", "skipped:test_order"),
        make.order(
            replace(cancelled, status="pending"),
            "cancelled, never paid",
            "skipped:cancelled_before_posting",
            money=no_money,
            story=(("cancel", {"reason": "customer", "happened_at": cancel_at}),),
        ),
    ]


def _taxed_otherwise(make: Maker) -> list[DemoOrder]:
    halves = make.draft(
        1022,
        make.known[31],
        make.line("MUG-11", price="0.50"),
        make.line("LAMP-01", price="1.50"),
        make.line("SHADE-02", price="2.50"),
        at=make.at(FIRST_DAY, "14:05"),
    )
    inclusive = make.draft(
        1031,
        buyers.BRITISH,
        make.line("LAMP-01"),
        make.line("MUG-11", price="5.49"),
        make.line("SHADE-02", price="0.99"),
        at=make.at(SECOND_DAY, "10:48"),
    )
    shipped = make.draft(
        1032,
        buyers.BRITISH,
        make.line("SHADE-02", 2, discount="9.10"),
        at=make.at(SECOND_DAY, "11:10"),
    )
    return [
        make.order(replace(halves, shipping=Decimal("4.50")), "half cents on every line"),
        make.order(
            replace(inclusive, taxes=(VAT,), taxes_included=True, shipping=None),
            "tax inclusive, 20 %: 4.42 in 26.47",
        ),
        make.order(
            replace(shipped, taxes=(VAT,), taxes_included=True, shipping=Decimal("6.99")),
            "tax inclusive with a discount and shipping",
        ),
    ]


def _untaxed_and_unshipped(make: Maker) -> list[DemoOrder]:
    exempt = make.draft(
        1033,
        make.known[33],
        make.line("LAMP-01", 5),
        make.line("SHADE-02", 5),
        at=make.at(SECOND_DAY, "11:35"),
    )
    many = make.draft(
        1034, make.known[35], make.line("MUG-11", 24), at=make.at(SECOND_DAY, "12:00")
    )
    return [
        make.order(replace(exempt, taxes=()), "exempt from tax"),
        make.order(replace(many, shipping=None), "many pieces, no shipping"),
    ]


def _worked(make: Maker) -> list[DemoOrder]:
    """Return the worked order 1042 and its twin, of which 50.00 is paid."""
    lines = (make.line("LAMP-01", 3, discount="6.00"), make.line("SHADE-02", 1, discount="4.55"))
    worked = make.draft(1042, buyers.WORKED, *lines, at=make.at(SECOND_DAY, "15:03"))
    twin = make.draft(1043, make.known[37], *lines, at=make.at(SECOND_DAY, "15:31"))
    owed = {"total_outstanding": "60.13"}
    return [
        make.order(worked, "the worked order: 110.13, tax 7.21"),
        make.order(
            replace(twin, status="partially_paid", more=owed),
            "the twin of #1042, 50.00 paid",
            money=lambda order: (sale(order, "50.00"),),
        ),
    ]


def _hong_kong(make: Maker) -> list[DemoOrder]:
    """Return orders of the second shop, whose lines carry variant ids and no SKU."""
    parts = (
        (1072, make.known[0], (make.line("LL-TEA-01", 2), make.line("LL-CUP-01", 4)), "11:05"),
        (1073, make.known[1], (make.line("LL-POT-01", discount="20.00"),), "11:40"),
        (1074, buyers.HONG_KONG, (make.line("LL-BOARD-01"), make.line("LL-TEA-01")), "12:10"),
        (1075, None, (make.line("LL-CUP-01", 2),), "12:30"),
    )
    several, offer, account, guest = (
        replace(
            make.draft(number, buyer, *lines, at=make.at(SECOND_DAY, clock)),
            taxes=(),
            shipping=Decimal("20.00"),
        )
        for number, buyer, lines, clock in parts
    )
    return [
        make.order(replace(several, gateway="manual"), "several lines without SKU"),
        make.order(offer, "discount per line, by card"),
        make.order(
            replace(account, status="pending"), "on account, unpaid, 陳大文", money=no_money
        ),
        make.order(
            replace(
                guest,
                gateway="manual",
                billing=buyers.HONG_KONG_GUEST,
                ship_to=buyers.HONG_KONG_GUEST,
            ),
            "guest without e-mail",
        ),
    ]
