"""Makes the demo's orders of one shop: dates, catalog lines, buyers, and what is expected."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tieout.simulators.company import Company, Item
from tieout.simulators.shopify.demo_build import Draft, Line, build, line_of, sale
from tieout.simulators.shopify.demo_people import known_person
from tieout.simulators.shopify.shapes import Json

POSTED = "posted"
FIRST_DAY, SECOND_DAY = 2, 1
"""How many days before today the two days of the demo lie."""


@dataclass(frozen=True)
class DemoOrder:
    """One order of the demo: placed in the shop, or (``raw_body``) only claimed by a webhook.

    ``story`` is what happens after it was placed: acts by name, with their request.
    """

    shop: str
    name: str
    order_id: int
    about: str
    expected: str
    order: Json | None = None
    transactions: tuple[Json, ...] = ()
    story: tuple[tuple[str, Json], ...] = ()
    raw_body: bytes | None = None


class Maker:
    """Makes the orders of one shop, seen from ``today``."""

    def __init__(self, company: Company, today: date) -> None:
        """Take the shop of ``company``."""
        self._company = company
        self._zone = ZoneInfo(company.time_zone)
        self._today = today
        self._items = {item.code: item for item in company.items}
        self.known = [
            known_person(one) for one in company.customers if one.shop_customer_id is not None
        ]

    def item(self, code: str) -> Item:
        """Return a catalog item."""
        return self._items[code]

    def line(self, code: str, quantity: int = 1, *, price: str = "", discount: str = "0") -> Line:
        """Return a line of a catalog item."""
        return line_of(self._items[code], quantity, price=price, discount=discount)

    def at(self, days_ago: int, clock: str) -> datetime:
        """Return a time in the shop's zone, some days before today."""
        day = self._today - timedelta(days=days_ago)
        return datetime.combine(day, time.fromisoformat(clock), self._zone)

    def draft(self, number: int, buyer: Json | None, *lines: Line, at: datetime) -> Draft:
        """Return the start of an order."""
        return Draft(
            number=number,
            at=at,
            lines=lines,
            buyer=buyer,
            email=(buyer or {}).get("email"),
            currency=self._company.currency,
        )

    def order(
        self,
        draft: Draft,
        about: str,
        expected: str = POSTED,
        *,
        money: Callable[[Json], tuple[Json, ...]] = lambda order: (sale(order),),
        story: tuple[tuple[str, Json], ...] = (),
    ) -> DemoOrder:
        """Return a finished order; it is paid whole unless ``money`` says otherwise."""
        order = build(draft)
        return DemoOrder(
            shop=self._company.shop_domain,
            name=order["name"],
            order_id=order["id"],
            about=about,
            expected=expected,
            order=order,
            transactions=money(order),
            story=story,
        )


def no_money(_order: Json) -> tuple[Json, ...]:
    """Return no transactions."""
    return ()
