"""Order nodes as the shop's GraphQL gives them, and the records that use cases give the mapper."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from tieout.domain.base import Json
from tieout.domain.order import LineKind, Order

VARIANT_BASE = 71100000000001


def money_bag(amount: str, currency: str = "USD") -> Json:
    """A money bag; like the shop's API it drops trailing zeros."""
    whole, _, cents = amount.partition(".")
    return {
        "shopMoney": {"amount": f"{whole}.{cents.rstrip('0') or '0'}", "currencyCode": currency}
    }


def make_tax(amount: str, rate: str = "0.07", title: str = "State Tax", **members) -> Json:
    return {
        "title": title,
        "rate": rate,
        "channelLiable": False,
        "priceSet": money_bag(amount),
        **members,
    }


def make_line(
    number: int,
    price: str,
    *,
    quantity: int = 1,
    discounts: Sequence[str] = (),
    taxes: Sequence[Json] = (),
    **members,
) -> Json:
    return {
        "id": f"gid://shopify/LineItem/{16011223344550 + number}",
        "sku": f"ITEM-{number:02}",
        "title": f"Item {number}",
        "variantTitle": None,
        "quantity": quantity,
        "currentQuantity": quantity,
        "isGiftCard": False,
        "variant": {"legacyResourceId": str(VARIANT_BASE + number)},
        "originalUnitPriceSet": money_bag(price),
        "discountAllocations": [{"allocatedAmountSet": money_bag(amount)} for amount in discounts],
        "taxLines": list(taxes),
        **members,
    }


def make_shipping(price: str, *, discounted: str = "", taxes: Sequence[Json] = ()) -> Json:
    return {
        "id": "gid://shopify/ShippingLine/5211223344551",
        "title": "Standard",
        "code": "Standard",
        "originalPriceSet": money_bag(price),
        "discountedPriceSet": money_bag(discounted or price),
        "currentDiscountedPriceSet": money_bag(discounted or price),
        "taxLines": list(taxes),
    }


def make_transaction(amount: str, **members) -> Json:
    return {
        "id": "gid://shopify/OrderTransaction/8411223344551",
        "kind": "SALE",
        "status": "SUCCESS",
        "gateway": "shopify_payments",
        "test": False,
        "createdAt": "2026-11-29T15:00:05Z",
        "processedAt": "2026-11-29T15:00:05Z",
        "amountSet": money_bag(amount),
        "parentTransaction": None,
        **members,
    }


def make_address(**members) -> Json:
    return {
        "name": "Dana Okafor",
        "firstName": "Dana",
        "lastName": "Okafor",
        "company": None,
        "address1": "410 Example Street",
        "address2": "Suite 3",
        "city": "Columbus",
        "provinceCode": "OH",
        "zip": "43215",
        "countryCodeV2": "US",
        "phone": "+16145550142",
        **members,
    }


def make_customer(**members) -> Json:
    return {
        "legacyResourceId": "8811223344551",
        "displayName": "Dana Okafor",
        "firstName": "Dana",
        "lastName": "Okafor",
        "taxExempt": False,
        "defaultEmailAddress": {"emailAddress": "dana.okafor@example.com"},
        "defaultPhoneNumber": None,
        **members,
    }


def nodes(*elements: Json) -> Json:
    """A connection that was read to its end."""
    return {"nodes": list(elements), "pageInfo": {"hasNextPage": False, "endCursor": None}}


def make_node(
    lines: Sequence[Json],
    *,
    total: str,
    tax: str = "0.00",
    shipping: Sequence[Json] = (),
    **members,
) -> Json:
    """An order node, as order.graphql selects it; ``members`` replace what it has."""
    return {
        "id": "gid://shopify/Order/6811223344551",
        "legacyResourceId": "6811223344551",
        "name": "#1042",
        "sourceName": "web",
        "test": False,
        "edited": False,
        "cancelledAt": None,
        "createdAt": "2026-11-29T15:00:07Z",
        "processedAt": "2026-11-29T15:00:05Z",
        "updatedAt": "2026-11-29T15:00:09Z",
        "currencyCode": "USD",
        "presentmentCurrencyCode": "USD",
        "taxesIncluded": False,
        "taxExempt": False,
        "note": None,
        "email": "dana.okafor@example.com",
        "phone": None,
        "poNumber": None,
        "displayFinancialStatus": "PAID",
        "totalPriceSet": money_bag(total),
        "currentTotalPriceSet": money_bag(total),
        "totalTaxSet": money_bag(tax),
        "currentTotalTaxSet": money_bag(tax),
        "totalTipReceivedSet": money_bag("0.00"),
        "totalRefundedSet": money_bag("0.00"),
        "refunds": [],
        "customer": make_customer(),
        "purchasingEntity": {"__typename": "Customer"},
        "billingAddress": make_address(),
        "shippingAddress": make_address(),
        "retailLocation": None,
        "fulfillmentOrders": nodes(
            {
                "id": "gid://shopify/FulfillmentOrder/7611223344551",
                "status": "OPEN",
                "assignedLocation": {"location": {"legacyResourceId": "71001"}},
            }
        ),
        "lineItems": nodes(*lines),
        "shippingLines": nodes(*shipping),
        "transactionsCount": {"count": 1},
        "transactions": [make_transaction(total)],
        **members,
    }


def make_sale(line: Json, total: str, tax: str, *, quantity: int | None = 1, **members) -> Json:
    """A sale of an agreement about a line item or, with a ``kind``, something else."""
    return {
        "__typename": "ProductSale",
        "id": "gid://shopify/ProductSale/1",
        "actionType": "ORDER",
        "lineType": "PRODUCT",
        "quantity": quantity,
        "totalAmount": money_bag(total),
        "totalTaxAmount": money_bag(tax),
        "taxes": [{"amount": money_bag(tax), "taxLine": make_tax(tax)}],
        "lineItem": {"id": line["id"]},
        **members,
    }


def make_shipping_sale(line: Json, total: str, tax: str) -> Json:
    sale = make_sale(line, total, tax, quantity=None)
    return {
        **{name: value for name, value in sale.items() if name != "lineItem"},
        "__typename": "ShippingLineSale",
        "lineType": "SHIPPING",
        "shippingLine": {"id": line["id"]},
    }


def make_agreement(*sales: Json, reason: str = "ORDER") -> Json:
    return {
        "id": f"gid://shopify/SalesAgreement/{reason}",
        "happenedAt": "2026-11-29T15:00:07Z",
        "reason": reason,
        "sales": nodes(*sales),
    }


def invoice_record(order: Order) -> Mapping[str, object]:
    """What the use case hands to ``xero/invoice``."""
    return {
        "order": order,
        "invoice_number": f"HP-{order.name.removeprefix('#')}",
        "contact_id": "8d5c3f52-0000-4000-8000-000000000042",
        "due_date": order.book_date,
        "lines": [
            {
                "line": line,
                "item_code": line.sku if line.kind is LineKind.PRODUCT else "",
                "account_code": "260" if line.kind is LineKind.SHIPPING else "200",
                "tax_type": "TAX001" if line.taxes else "NONE",
                "tracking": (),
            }
            for line in order.lines
        ],
    }


def sales_order_record(order: Order) -> Mapping[str, object]:
    """What the use case hands to ``sage100/sales_order``."""
    return {
        "order": order,
        "customer_no": "0000042",
        "division": "00",
        "invoice_number": f"HP-{order.name.removeprefix('#')}",
        "warehouse_code": "000",
        "tax_schedule": "STATE" if order.tax else "EXEMPT",
        "taxes": {"STATE": order.tax} if order.tax else {},
        "terms_code": "00",
        "deposit": f"{order.captured:.2f}",
        "lines": [
            {"line": line, "item_code": line.sku, "account": ""}
            for line in order.lines_of(LineKind.PRODUCT)
        ],
    }


def customer_record(order: Order) -> Mapping[str, object]:
    """What the use case hands to ``sage100/customer``."""
    return {
        "buyer": order.buyer,
        "ship_to": order.ship_to,
        "division": "00",
        "terms_code": "00",
        "tax_schedule": "STATE" if order.tax else "EXEMPT",
        "tieout_id": f"SHOP-{order.buyer.source_id}",
    }


def contact_record(order: Order) -> Mapping[str, object]:
    """What the use case hands to ``xero/contact``."""
    return {
        "buyer": order.buyer,
        "ship_to": order.ship_to,
        "contact_number": f"SHOP-{order.buyer.source_id}",
        "name": order.buyer.company or order.buyer.name,
    }


def xero_total(invoice: Json) -> Decimal:
    """What Xero makes of an invoice: line amounts rounded to the cent, tax as sent."""
    lines = invoice["LineItems"]
    net = sum(
        (Decimal(line["Quantity"]) * Decimal(line["UnitAmount"])).quantize(
            Decimal("0.01"), rounding="ROUND_HALF_UP"
        )
        for line in lines
    )
    included = invoice["LineAmountTypes"] == "Inclusive"
    return net if included else net + xero_tax(invoice)


def xero_tax(invoice: Json) -> Decimal:
    return sum((Decimal(line["TaxAmount"]) for line in invoice["LineItems"]), Decimal(0))


def sage100_net(document: Json) -> Decimal:
    """What Sage 100 makes of the lines: each extension rounded to the cent."""
    return sum(
        (
            (Decimal(line["QuantityOrdered"]) * Decimal(line["UnitPrice"])).quantize(
                Decimal("0.01"), rounding="ROUND_HALF_UP"
            )
            for line in document["lines"]
        ),
        Decimal(0),
    )
