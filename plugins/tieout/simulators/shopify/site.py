"""One shop: its company's catalog, its places, its clock and its records.

Knows where things are kept and what the shop starts with. What the API makes of them is in the
``nodes_*`` modules, what people do to orders in ``acts``.
"""

from datetime import UTC, datetime

from tieout.simulators.company import COMPANIES, Company, Customer, Item, Warehouse
from tieout.simulators.shopify.shapes import Clock, Json, gid, zulu
from tieout.simulators.shopify.store import Store

PRODUCT_OFFSET = 1_000_000_000_000
UNKNOWN_INVENTORY_ITEM_OFFSET = 2_000_000_000_000
"""How far the stock-keeping id of a variant lies from it, for variants that no company sells."""
OPENED = datetime(2025, 1, 1, tzinfo=UTC)


class Site:
    """A shop with its lookups."""

    def __init__(self, company: Company, store: Store, clock: Clock) -> None:
        """Open the shop of ``company``; seed it when the store has not seen it."""
        self.company = company
        self.domain = company.shop_domain
        self.store = store
        self.clock = clock
        self.items = {item.variant_id: item for item in company.items}
        self.items_by_stock_id = {item.inventory_item_id: item for item in company.items}
        self.locations = {place.shop_location_id: place for place in company.warehouses}
        if store.get(self.domain, "meta", "seeded") is None:
            self._seed()

    @property
    def pair(self) -> str:
        """Return the name that the pair's app and its secret carry."""
        return self.domain.partition(".")[0].replace("-", "_")

    @property
    def client_id(self) -> str:
        """Return the id of the app that the merchant made."""
        return f"tieout-{self.pair}"

    @property
    def client_secret(self) -> str:
        """Return that app's secret, which signs its webhooks too."""
        return f"shopify-secret-{self.pair}"

    @property
    def first_location(self) -> Warehouse:
        """Return the location that ships unless an order says otherwise."""
        return self.company.warehouses[0]

    def now_text(self) -> str:
        """Return the present as GraphQL writes it."""
        return zulu(self.clock())

    def orders(self) -> list[Json]:
        """Return the records of all orders."""
        return self.store.all(self.domain, "order")

    def order(self, number: str) -> Json | None:
        """Return one order's record."""
        return self.store.get(self.domain, "order", number)

    def keep_order(self, record: Json) -> None:
        """Write an order's record."""
        self.store.put(self.domain, "order", str(record["rest"]["id"]), record)

    def level(self, inventory_item_id: str, location_id: str) -> Json | None:
        """Return the stock of an item at a location."""
        return self.store.get(self.domain, "level", f"{inventory_item_id}/{location_id}")

    def keep_level(self, level: Json) -> None:
        """Write the stock of an item at a location."""
        self.store.put(self.domain, "level", f"{level['item']}/{level['location']}", level)

    def levels(self, *, item: str = "", location: str = "") -> list[Json]:
        """Return stock, of one item or one location where given."""
        if item:
            found = [self.level(item, place) for place in self.locations]
            return [level for level in found if level is not None]
        return [
            level
            for level in self.store.all(self.domain, "level")
            if location in ("", level["location"])
        ]

    def customer(self, number: str) -> Json | None:
        """Return a customer in REST shape."""
        return self.store.get(self.domain, "customer", number)

    def item_for(self, line: Json) -> Item | None:
        """Return the catalog item that a REST line names by its variant."""
        variant = line.get("variant_id")
        return self.items.get(int(variant)) if variant else None

    def _seed(self) -> None:
        with self.store.together():
            for item in self.company.items:
                for place in self.company.warehouses:
                    self.keep_level(_opening_level(item, place))
            for customer in self.company.customers:
                if customer.shop_customer_id is not None:
                    body = customer_body(customer, self.company.currency)
                    self.store.put(self.domain, "customer", str(body["id"]), body)
            self.store.put(self.domain, "meta", "seeded", {"at": self.now_text()})


def open_sites(store: Store, clock: Clock) -> dict[str, Site]:
    """Open every company's shop, by domain."""
    return {company.shop_domain: Site(company, store, clock) for company in COMPANIES.values()}


def _opening_level(item: Item, place: Warehouse) -> Json:
    return {
        "item": str(item.inventory_item_id),
        "location": place.shop_location_id,
        "available": item.quantity_by_warehouse.get(place.code, 0),
        "committed": 0,
        "updated_at": zulu(OPENED),
    }


def address_body(customer: Customer) -> Json:
    """Return a seeded customer's address in REST shape."""
    return {
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "name": f"{customer.first_name} {customer.last_name}",
        "company": customer.company or None,
        "address1": customer.address1,
        "address2": customer.address2 or None,
        "city": customer.city,
        "province": None,
        "province_code": customer.province_code or None,
        "zip": customer.zip or None,
        "country": None,
        "country_code": customer.country_code,
        "phone": customer.phone,
    }


def customer_body(customer: Customer, currency: str) -> Json:
    """Return a seeded customer in REST shape."""
    number = customer.shop_customer_id
    return {
        "id": number,
        "admin_graphql_api_id": gid("Customer", number),
        "created_at": zulu(OPENED),
        "updated_at": zulu(OPENED),
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "state": "disabled",
        "note": None,
        "verified_email": True,
        "tax_exempt": False,
        "email": customer.email,
        "phone": None,
        "currency": currency,
        "tax_exemptions": [],
        "default_address": {"id": number, "customer_id": number, **address_body(customer)},
    }
