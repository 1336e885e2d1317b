"""Items, told apart by Code."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from typing_extensions import override

from tieout.connectors.exact_json import plain_json
from tieout.connectors.xero.answers import SaidItem
from tieout.connectors.xero.client import any_of
from tieout.connectors.xero.targets.base import ONE_BY_ONE, Found, Key, text
from tieout.connectors.xero.targets.invoices import PLACES
from tieout.connectors.xero.targets.kinds import PLACES_MAX, UpsertTarget
from tieout.connectors.xero.writes import Resource
from tieout.domain.base import Json
from tieout.domain.ledger import Landed

ITEMS_MAX = 500
"""How many items Xero takes in one request (domain/xero README, 1.1)."""


class ItemTarget(UpsertTarget):
    """Items that Xero does not count: their stock is Sage 100's (docs/reference/accounting.md)."""

    entity = "item"
    batch_max = ITEMS_MAX
    guard = "Code: Xero creates (PUT) no second item with it"
    model = "Item"
    resource = Resource("Items", "Items", "PUT", "ItemID", {**ONE_BY_ONE, **PLACES})
    echoed = ("Code",)

    @override
    def _key(self, payload: Json) -> Key:
        return (text(payload, "Code"),)

    @override
    def _unfit(self, payload: Json) -> str:
        if payload.get("InventoryAssetAccountCode") or payload.get("IsTrackedAsInventory"):
            return "Xero would book the stock and the cost of a tracked item, which Sage 100 books"
        return ""

    @override
    def _shown(self, keys: Sequence[Key]) -> Iterator[Found]:
        for where in any_of("Code", [code for (code,) in keys]):
            for row in self.client.rows("Items", "Items", params={"where": where, **PLACES}):
                item = SaidItem.of(row)
                landed = Landed(
                    external_id=item.item_id,
                    external_no=item.code,
                    figures={
                        "name": item.name,
                        "sales_price": price_text(item.sales_details.unit_price),
                        "purchase_price": price_text(item.purchase_details.unit_price),
                    },
                    answer=plain_json(row),
                )
                yield Found((item.code,), landed)


def price_text(price: Decimal | None) -> str:
    """Return a price with its four decimals; '' where there is none."""
    return "" if price is None else f"{price:.{PLACES_MAX}f}"
