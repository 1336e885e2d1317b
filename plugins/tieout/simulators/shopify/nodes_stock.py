"""Catalog and stock as GraphQL shows them: products, variants, stock items, levels, locations.

Variants that no catalog knows (old orders name such) are made from the order's line.
"""

from collections.abc import Callable
from decimal import Decimal

from tieout.simulators.company import Item, Warehouse
from tieout.simulators.shopify.money import money_node
from tieout.simulators.shopify.shapes import Json, gid, gid_number, zulu
from tieout.simulators.shopify.site import (
    OPENED,
    PRODUCT_OFFSET,
    UNKNOWN_INVENTORY_ITEM_OFFSET,
    Site,
)

QUANTITY_NAMES = (
    "available",
    "committed",
    "damaged",
    "incoming",
    "on_hand",
    "quality_control",
    "reserved",
    "safety_stock",
)
OPENED_TEXT = zulu(OPENED)


def location_node(site: Site, place: Warehouse) -> Json:
    """Return a Location."""
    number = place.shop_location_id

    def one_level(_info: object, inventoryItemId: str, **_: object) -> Json | None:  # noqa: N803 - the vendor's argument
        level = site.level(gid_number(inventoryItemId), number)
        return level_node(site, level) if level else None

    return {
        "__typename": "Location",
        "id": gid("Location", number),
        "legacyResourceId": number,
        "name": place.name,
        "isActive": True,
        "fulfillsOnlineOrders": True,
        "shipsInventory": True,
        "createdAt": OPENED_TEXT,
        "updatedAt": OPENED_TEXT,
        "inventoryLevel": one_level,
        "inventoryLevels": lambda _info, **_: [
            level_node(site, level) for level in site.levels(location=number)
        ],
    }


def level_node(site: Site, level: Json) -> Json:
    """Return an InventoryLevel."""
    number = f"{level['location']}?inventory_item_id={level['item']}"

    def quantities(_info: object, names: list[str]) -> list[Json]:
        return [
            {
                "__typename": "InventoryQuantity",
                "id": gid("InventoryQuantity", f"{number}&name={name}"),
                "name": name,
                "quantity": quantity_of(level, name),
                "updatedAt": level["updated_at"],
            }
            for name in names
            if name in QUANTITY_NAMES
        ]

    return {
        "__typename": "InventoryLevel",
        "id": gid("InventoryLevel", number),
        "isActive": True,
        "createdAt": OPENED_TEXT,
        "updatedAt": level["updated_at"],
        "item": lambda _info: stock_item_node(
            site, variant_of(site, site.items_by_stock_id[int(level["item"])])
        ),
        "location": lambda _info: location_node(site, site.locations[level["location"]]),
        "quantities": quantities,
    }


def quantity_of(level: Json, name: str) -> int:
    """Return one named quantity of a level; on hand is available and committed together."""
    if name == "on_hand":
        return int(level["available"]) + int(level["committed"])
    return int(level.get(name, 0))


def variant_of(site: Site, item: Item) -> Json:
    """Return the plain facts of a catalog variant."""
    return {
        "id": item.variant_id,
        "stock_id": item.inventory_item_id,
        "product_id": item.variant_id - PRODUCT_OFFSET,
        "sku": item.sku,
        "title": item.description,
        "price": item.list_price,
        "cost": item.unit_cost,
        "vendor": site.company.name,
        "tracked": True,
    }


def variant_of_line(site: Site, line: Json) -> Json | None:
    """Return the plain facts of the variant that a REST line names, or None when it is gone."""
    item = site.item_for(line)
    if item is not None:
        return variant_of(site, item)
    if not line.get("variant_id") or line.get("product_exists") is False:
        return None
    return {
        "id": line["variant_id"],
        "stock_id": int(line["variant_id"]) + UNKNOWN_INVENTORY_ITEM_OFFSET,
        "product_id": line.get("product_id") or int(line["variant_id"]) - PRODUCT_OFFSET,
        "sku": line.get("sku") or "",
        "title": line.get("title") or "",
        "price": Decimal(str(line.get("price") or 0)),
        "cost": None,
        "vendor": line.get("vendor") or "",
        "tracked": line.get("variant_inventory_management") == "shopify",
    }


def variant_node(site: Site, facts: Json) -> Json:
    """Return a ProductVariant."""
    stock = _stock_reader(site, facts)
    return {
        "__typename": "ProductVariant",
        "id": gid("ProductVariant", facts["id"]),
        "legacyResourceId": str(facts["id"]),
        "sku": facts["sku"],
        "title": "Default Title",
        "displayName": f"{facts['title']} - Default Title",
        "price": f"{facts['price']:.2f}",
        "position": 1,
        "taxable": True,
        "inventoryPolicy": "DENY",
        "inventoryQuantity": lambda _info: stock(),
        "availableForSale": lambda _info: stock() > 0 or not facts["tracked"],
        "createdAt": OPENED_TEXT,
        "updatedAt": OPENED_TEXT,
        "inventoryItem": lambda _info: stock_item_node(site, facts),
        "product": lambda _info: product_node(site, facts),
    }


def product_node(site: Site, facts: Json) -> Json:
    """Return the Product of one variant: each has exactly one here."""
    stock = _stock_reader(site, facts)
    return {
        "__typename": "Product",
        "id": gid("Product", facts["product_id"]),
        "legacyResourceId": str(facts["product_id"]),
        "title": facts["title"],
        "handle": facts["title"].lower().replace(" ", "-"),
        "vendor": facts["vendor"],
        "productType": "",
        "status": "ACTIVE",
        "tags": [],
        "isGiftCard": False,
        "hasOnlyDefaultVariant": True,
        "tracksInventory": facts["tracked"],
        "totalInventory": lambda _info: stock(),
        "createdAt": OPENED_TEXT,
        "updatedAt": OPENED_TEXT,
        "variantsCount": {"count": 1, "precision": "EXACT"},
        "variants": lambda _info, **_: [variant_node(site, facts)],
    }


def stock_item_node(site: Site, facts: Json) -> Json:
    """Return an InventoryItem."""
    number = str(facts["stock_id"])
    cost = facts["cost"]

    def one_level(_info: object, locationId: str, **_: object) -> Json | None:  # noqa: N803 - the vendor's argument
        level = site.level(number, gid_number(locationId))
        return level_node(site, level) if level else None

    return {
        "__typename": "InventoryItem",
        "id": gid("InventoryItem", number),
        "legacyResourceId": number,
        "sku": facts["sku"],
        "tracked": facts["tracked"],
        "requiresShipping": True,
        "unitCost": money_node(cost, site.company.currency) if cost is not None else None,
        "createdAt": OPENED_TEXT,
        "updatedAt": OPENED_TEXT,
        "inventoryLevel": one_level,
        "inventoryLevels": lambda _info, **_: [
            level_node(site, level) for level in site.levels(item=number)
        ],
        "locationsCount": lambda _info: {
            "count": len(site.levels(item=number)),
            "precision": "EXACT",
        },
        "variants": lambda _info, **_: [variant_node(site, facts)],
    }


def _stock_reader(site: Site, facts: Json) -> Callable[[], int]:
    def available() -> int:
        return sum(int(level["available"]) for level in site.levels(item=str(facts["stock_id"])))

    return available
