"""Purchase orders, by their number: Xero takes a second one with it as a change of the first."""

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from typing_extensions import override

from tieout.connectors.exact_json import plain_json
from tieout.connectors.xero.answers import SaidPurchaseOrder
from tieout.connectors.xero.config import SETTLE_S
from tieout.connectors.xero.targets.base import ONE_BY_ONE, Found, Key, text
from tieout.connectors.xero.targets.kinds import DocumentTarget, UnaskedTarget, totals
from tieout.connectors.xero.writes import Resource
from tieout.domain.base import Json
from tieout.domain.ledger import Landed
from tieout.domain.statuses.xero import PURCHASE_ORDER


class PurchaseOrderTarget(UnaskedTarget, DocumentTarget):
    """Purchase orders; ours has our Reference.

    No list of them knows a filter by number, so each number is a call (domain/xero, 1.2 and 2.8).
    Somebody who takes the number between our look and our send is overwritten: Xero offers nothing
    against it. What lands late would overwrite a newer version, so what is in doubt waits.
    """

    entity = "purchase_order"
    batch_max = 10
    guard = (
        "PurchaseOrderNumber: Xero takes a second order with it as the same order again; one of "
        "somebody else is looked for before"
    )
    holds_for_ever = True
    settle_s = SETTLE_S
    model = "PurchaseOrder"
    resource = Resource("PurchaseOrders", "PurchaseOrders", "PUT", "PurchaseOrderID", ONE_BY_ONE)
    echoed = ("PurchaseOrderNumber",)

    @override
    def calls(self, count: int) -> int:
        return 2 * count + 1

    @override
    def _key(self, payload: Json) -> Key:
        return (text(payload, "PurchaseOrderNumber"),)

    @override
    def _mark(self, payload: Json) -> str:
        return str(payload.get("Reference") or "")

    @override
    def _shown(self, keys: Sequence[Key]) -> Iterator[Found]:
        for (number,) in keys:
            path = f"PurchaseOrders/{quote(number, safe='')}"
            for row in self.client.rows(path, "PurchaseOrders"):
                order = SaidPurchaseOrder.of(row)
                landed = Landed(
                    external_id=order.purchase_order_id,
                    external_no=order.purchase_order_number,
                    figures=totals(order),
                    answer=plain_json(row),
                )
                is_live = not PURCHASE_ORDER.is_gone(order.status)
                yield Found((order.purchase_order_number,), landed, is_live, order.reference)
