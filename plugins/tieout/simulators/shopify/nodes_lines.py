"""Lines of an order as GraphQL shows them: products, shipping, taxes, discounts."""

from decimal import Decimal

from tieout.simulators.shopify.agreements import (
    discount_bag,
    line_net_of_discounts,
    line_price,
    share_of,
    tax_bag,
)
from tieout.simulators.shopify.edits import current_quantity
from tieout.simulators.shopify.money import Bag, empty_bag, money_node, total
from tieout.simulators.shopify.nodes_people import attribute_nodes
from tieout.simulators.shopify.nodes_stock import product_node, variant_node, variant_of_line
from tieout.simulators.shopify.shapes import Json, gid
from tieout.simulators.shopify.site import Site

APPLICATION_TYPES = {
    "discount_code": "DiscountCodeApplication",
    "manual": "ManualDiscountApplication",
    "automatic": "AutomaticDiscountApplication",
    "script": "ScriptDiscountApplication",
}


def tax_line_node(tax: Json, empty: Bag) -> Json:
    """Return a TaxLine."""
    rate = tax.get("rate")
    return {
        "title": tax["title"],
        "rate": rate,
        "ratePercentage": None if rate is None else float(Decimal(str(rate)) * 100),
        "channelLiable": tax.get("channel_liable"),
        "source": tax.get("source"),
        "priceSet": Bag.read(tax, "price", empty).node(),
    }


def tax_line_nodes(owner: Json, empty: Bag) -> list[Json]:
    """Return the TaxLines of a REST object."""
    return [tax_line_node(tax, empty) for tax in owner.get("tax_lines") or []]


def application_nodes(rest: Json) -> list[Json]:
    """Return the order's DiscountApplications, in the order that allocations index them."""
    return [
        _application_node(rest, index, one)
        for index, one in enumerate(rest.get("discount_applications") or [])
    ]


def allocation_nodes(rest: Json, line: Json, empty: Bag) -> list[Json]:
    """Return the DiscountAllocations of a line."""
    applications = application_nodes(rest)
    return [
        {
            "allocatedAmountSet": Bag.read(part, "amount", empty).node(),
            "discountApplication": applications[part["discount_application_index"]],
        }
        for part in line.get("discount_allocations") or []
    ]


def fulfilled_quantity(record: Json, line: Json) -> int:
    """Return how many pieces of a line have left."""
    return sum(
        int(part["quantity"])
        for shipment in record["fulfillments"]
        for part in shipment["lines"]
        if part["line_id"] == str(line["id"]) and shipment["status"] == "SUCCESS"
    )


def line_item_nodes(site: Site, record: Json) -> list[Json]:
    """Return the LineItems of an order, in order."""
    lines = record["rest"].get("line_items") or []
    return [_line_item_node(site, record, line) for line in lines]


def _line_item_node(site: Site, record: Json, line: Json) -> Json:
    rest, empty = record["rest"], empty_bag(record["rest"])
    variant = variant_of_line(site, line)
    wanted = current_quantity(line)
    return {
        "__typename": "LineItem",
        "id": gid("LineItem", line["id"]),
        "sku": line.get("sku"),
        "name": line.get("name") or line.get("title") or "",
        "title": line.get("title") or "",
        "variantTitle": line.get("variant_title"),
        "vendor": line.get("vendor"),
        "quantity": int(line["quantity"]),
        "currentQuantity": wanted,
        "refundableQuantity": wanted,
        "unfulfilledQuantity": max(wanted - fulfilled_quantity(record, line), 0),
        "isGiftCard": bool(line.get("gift_card")),
        "requiresShipping": bool(line.get("requires_shipping", True)),
        "taxable": bool(line.get("taxable", True)),
        "customAttributes": attribute_nodes(line.get("properties")),
        "discountAllocations": allocation_nodes(rest, line, empty),
        "taxLines": tax_line_nodes(line, empty),
        "duties": [],
        "variant": variant_node(site, variant) if variant else None,
        "product": product_node(site, variant) if variant else None,
        **_line_money(rest, line, empty),
    }


def _line_money(rest: Json, line: Json, empty: Bag) -> Json:
    """Return the money of a line; only line-level discounts lower its "discounted" figures."""
    unit, whole = Bag.read(line, "price", empty), line_price(line, empty)
    quantity = Decimal(int(line["quantity"]) or 1)
    line_discount = Bag.read(line, "total_discount", empty)
    discounted = whole - line_discount
    after_all = line_net_of_discounts(line, empty)
    before_taxes = after_all - tax_bag(line, empty) if rest.get("taxes_included") else after_all

    def discounted_total(_info: object, withCodeDiscounts: bool = False) -> Json:  # noqa: FBT001, FBT002, N803 - the vendor's argument
        codes = _code_discounts(rest, line, empty) if withCodeDiscounts else empty
        return (discounted - codes).node()

    return {
        "originalUnitPriceSet": unit.node(),
        "originalTotalSet": whole.node(),
        "totalDiscountSet": line_discount.node(),
        "discountedTotalSet": discounted_total,
        "discountedUnitPriceSet": discounted.times(1 / quantity).node(),
        "discountedUnitPriceAfterAllDiscountsSet": after_all.times(1 / quantity).node(),
        "priceAfterAllDiscountsBeforeTaxesSet": share_of(
            before_taxes, current_quantity(line), int(line["quantity"])
        ).node(),
    }


def _code_discounts(rest: Json, line: Json, empty: Bag) -> Bag:
    applications = rest.get("discount_applications") or []
    return total(
        [
            Bag.read(part, "amount", empty)
            for part in line.get("discount_allocations") or []
            if applications[part["discount_application_index"]]["type"] == "discount_code"
        ],
        empty,
    )


def shipping_line_nodes(rest: Json) -> list[Json]:
    """Return the ShippingLines of an order."""
    return [_shipping_line_node(rest, line) for line in rest.get("shipping_lines") or []]


def _shipping_line_node(rest: Json, line: Json) -> Json:
    empty = empty_bag(rest)
    price = Bag.read(line, "price", empty)
    discounted = price - discount_bag(line, empty)
    current = Bag.of_set(line.get("current_discounted_price_set") or discounted.rest(), 0, empty)
    number = line.get("id")
    return {
        "__typename": "ShippingLine",
        "id": gid("ShippingLine", number) if number else None,
        "title": line.get("title") or "",
        "code": line.get("code"),
        "source": line.get("source"),
        "phone": line.get("phone"),
        "carrierIdentifier": line.get("carrier_identifier"),
        "custom": line.get("code") == "custom",
        "isRemoved": bool(line.get("is_removed")),
        "originalPriceSet": price.node(),
        "discountedPriceSet": discounted.node(),
        "currentDiscountedPriceSet": current.node(),
        "discountAllocations": allocation_nodes(rest, line, empty),
        "taxLines": tax_line_nodes(line, empty),
    }


def _application_node(rest: Json, index: int, one: Json) -> Json:
    value: Json = {
        "__typename": "PricingPercentageValue",
        "percentage": float(one.get("value") or 0),
    }
    if one.get("value_type") != "percentage":
        value = money_node(Decimal(str(one.get("value") or 0)), rest.get("currency") or "USD")
    return {
        "__typename": APPLICATION_TYPES.get(one["type"], "ManualDiscountApplication"),
        "index": index,
        "allocationMethod": one["allocation_method"].upper(),
        "targetSelection": one["target_selection"].upper(),
        "targetType": one["target_type"].upper(),
        "value": value,
        "code": one.get("code"),
        "title": one.get("title") or "",
        "description": one.get("description"),
    }
