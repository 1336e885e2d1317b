"""Shopify Payments: the balance's transactions, and the payouts that empty it.

Charges and refunds come from the orders' own card transactions; disputes, reserves and corrections
are told by whoever plays the gateway. A payout may also be kept as it is given, right or wrong.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from tieout.simulators.shopify.money import ZERO, cents, empty_bag, money_node
from tieout.simulators.shopify.nodes_payments import CARD_GATEWAY
from tieout.simulators.shopify.payments import RECEIVED, amount_of, card_fee
from tieout.simulators.shopify.search import Reader
from tieout.simulators.shopify.shapes import Json, gid, moment, zulu
from tieout.simulators.shopify.site import Site

ROW, PAYOUT = "balance_transaction", "payout"
FIRST_ROW, FIRST_PAYOUT = 8_100_000_000, 7_100_000_000
GROUPS: Mapping[str, tuple[str, ...]] = {
    "charges": ("CHARGE",),
    "refunds": ("REFUND", "REFUND_FAILURE"),
    "reservedFunds": (
        "RESERVED_FUNDS",
        "RESERVED_FUNDS_REVERSAL",
        "RESERVED_FUNDS_WITHDRAWAL",
    ),
    "retriedPayouts": ("TRANSFER_FAILURE", "TRANSFER_CANCEL"),
}
"""Which types each member of a payout's summary adds up; the adjustments are all others."""

Found = Callable[[list[Json], str | None, Mapping[str, Reader]], list[Json]]
"""Searches nodes by a query, with the fields that may be named in it."""


def pay_out(site: Site, request: Json) -> Json:
    """Pay out what card payments of all orders came to since the last payout.

    ``{"rows"?: [{"type", "amount", "fee"?, "at"?, "order"?, "transaction"?}], "status"?,
    "issued_at"?, "trace_id"?}``: rows of the gateway's own, and how far the payout is.
    """
    with site.store.together():
        return _pay_out(site, request)


def _pay_out(site: Site, request: Json) -> Json:
    rows = [*_unpaid(site), *_given_rows(site, request), *_failed(site)]
    paid = sum((Decimal(row["amount"]) - Decimal(row["fee"]) for row in rows), ZERO)
    number = site.store.next_number(site.domain, PAYOUT, FIRST_PAYOUT)
    issued_at = request.get("issued_at") or site.now_text()
    own = _row(site, "TRANSFER", -paid, ZERO, issued_at)
    payout = {
        "id": number,
        "status": request.get("status") or "PAID",
        "issued_at": zulu(moment(issued_at)),
        "trace_id": request.get("trace_id"),
        "currency": site.company.currency,
        "net": str(paid),
        "summary": _summary(rows),
    }
    return _keep(site, payout, [*rows, own])


def keep_payout(site: Site, request: Json) -> Json:
    """Keep a payout and its rows as they are given: ``{"payout": {...}, "rows": [...]}``.

    In the form that ``pay_out`` makes; what is left out of a row is made up from its amount and
    fee, and a summary left out from the rows.
    """
    rows = _given_rows(site, request)
    payout = {"summary": _summary(rows), "trace_id": None, **request["payout"]}
    return _keep(site, payout, rows)


def change_payout(site: Site, request: Json) -> Json:
    """Change the status of a payout: ``{"payout_id", "status"}``, as when the bank refuses it.

    Raises:
        KeyError: there is no such payout.
    """
    payout = site.store.get(site.domain, PAYOUT, str(request["payout_id"]))
    if payout is None:
        message = f"payout {request['payout_id']}"
        raise KeyError(message)
    payout["status"] = request["status"]
    site.store.put(site.domain, PAYOUT, str(payout["id"]), payout)
    return {"id": payout["id"], "status": payout["status"]}


def _keep(site: Site, payout: Json, rows: list[Json]) -> Json:
    with site.store.together():
        site.store.put(site.domain, PAYOUT, str(payout["id"]), payout)
        for row in rows:
            kept = {"payout": payout["id"], **row}
            site.store.put(site.domain, ROW, str(row["id"]), kept)
    return {"id": payout["id"], "net": payout["net"], "rows": [row["id"] for row in rows]}


def _unpaid(site: Site) -> list[Json]:
    """Return a row for each card payment and refund that no payout has yet."""
    paid = {row["transaction"] for row in site.store.all(site.domain, ROW)}
    return [
        _order_row(site, record, one)
        for record in site.orders()
        for one in record["transactions"]
        if one.get("gateway") == CARD_GATEWAY
        and one["kind"] in (*RECEIVED, "refund")
        and one["status"] == "success"
        and not one.get("test")
        and one["id"] not in paid
    ]


def _order_row(site: Site, record: Json, one: Json) -> Json:
    amount = amount_of(one, empty_bag(record["rest"]))
    at = one.get("processed_at") or one["created_at"]
    is_refund = one["kind"] == "refund"
    row = _row(
        site,
        "REFUND" if is_refund else "CHARGE",
        -amount.shop if is_refund else amount.shop,
        ZERO if is_refund else card_fee(amount),
        at,
    )
    return {**row, "transaction": one["id"], "order": record["rest"]["id"]}


def _given_rows(site: Site, request: Json) -> list[Json]:
    rows: list[Json] = []
    for given in request.get("rows") or []:
        amount, fee = Decimal(given["amount"]), Decimal(given.get("fee") or 0)
        made = _row(site, given["type"], amount, fee, given.get("at") or site.now_text())
        rows.append({**made, **{name: value for name, value in given.items() if name != "at"}})
    return rows


def _failed(site: Site) -> Iterable[Json]:
    """Put back what payouts that failed had taken, each once."""
    for payout in site.store.all(site.domain, PAYOUT):
        if payout["status"] == "FAILED" and not payout.get("put_back"):
            site.store.put(site.domain, PAYOUT, str(payout["id"]), {**payout, "put_back": True})
            net = Decimal(payout["net"])
            yield _row(site, "TRANSFER_FAILURE", net, ZERO, site.now_text())


def _row(site: Site, kind: str, amount: Decimal, fee: Decimal, at: str) -> Json:
    return {
        "id": site.store.next_number(site.domain, ROW, FIRST_ROW),
        "type": kind,
        "amount": str(cents(amount)),
        "fee": str(cents(fee)),
        "net": str(cents(amount - fee)),
        "currency": site.company.currency,
        "at": zulu(moment(at)),
        "transaction": None,
        "order": None,
    }


def _summary(rows: list[Json]) -> Json:
    summary: Json = {}
    for row in rows:
        if row["type"] == "TRANSFER":
            continue
        group = next((one for one, kinds in GROUPS.items() if row["type"] in kinds), "adjustments")
        for part, amount in (("Gross", row["amount"]), ("Fee", row["fee"])):
            key = f"{group}{part}"
            summary[key] = str(Decimal(summary.get(key, "0")) + Decimal(amount))
    return summary


def account_node(site: Site, found: Found) -> Json:
    """Return the ShopifyPaymentsAccount of a shop."""
    currency = site.company.currency
    return {
        "__typename": "ShopifyPaymentsAccount",
        "id": gid("ShopifyPaymentsAccount", 1),
        "activated": True,
        "country": "US",
        "defaultCurrency": currency,
        "balance": [money_node(ZERO, currency)],
        "payouts": lambda _info, query=None, **_: found(
            [_payout_node(one) for one in site.store.all(site.domain, PAYOUT)],
            query,
            PAYOUT_FIELDS,
        ),
        "balanceTransactions": lambda _info, query=None, hideTransfers=False, **_: found(  # noqa: N803 - the vendor's argument
            [
                _row_node(site, one)
                for one in site.store.all(site.domain, ROW)
                if not (hideTransfers and one["type"] == "TRANSFER")
            ],
            query,
            ROW_FIELDS,
        ),
    }


PAYOUT_FIELDS: Mapping[str, Reader] = {
    "id": lambda node: Decimal(node["legacyResourceId"]),
    "issued_at": lambda node: moment(node["issuedAt"]),
    "status": lambda node: node["status"],
    "currency": lambda node: node["net"]["currencyCode"],
    "amount": lambda node: Decimal(node["net"]["amount"]),
}
ROW_FIELDS: Mapping[str, Reader] = {
    "id": lambda node: Decimal(node["id"].rpartition("/")[2]),
    "payments_transfer_id": lambda node: Decimal(node["_payout"]),
    "payout_status": lambda node: node["associatedPayout"]["status"],
    "processed_at": lambda node: moment(node["transactionDate"]),
    "transaction_type": lambda node: node["type"],
    "currency": lambda node: node["net"]["currencyCode"],
}
SUMMARIES = ("charges", "refunds", "adjustments", "reservedFunds", "retriedPayouts")


def _payout_node(payout: Json) -> Json:
    currency, net = payout["currency"], Decimal(payout["net"])
    said = payout["summary"]
    summary = {
        f"{group}{part}": money_node(Decimal(said.get(f"{group}{part}", "0")), currency)
        for group in SUMMARIES
        for part in ("Gross", "Fee")
    }
    # Shopify's name for the gross of refunds.
    summary["refundsFeeGross"] = summary.pop("refundsGross")
    nothing = dict.fromkeys(("advanceGross", "advanceFees", "usdcRebateCreditAmount"))
    return {
        "__typename": "ShopifyPaymentsPayout",
        "_sort": {"ISSUED_AT": payout["issued_at"], "STATUS": payout["status"]},
        "id": gid("ShopifyPaymentsPayout", payout["id"]),
        "legacyResourceId": str(payout["id"]),
        "issuedAt": payout["issued_at"],
        "status": payout["status"],
        "externalTraceId": payout["trace_id"],
        "net": money_node(net, currency),
        "transactionType": "DEPOSIT" if net >= ZERO else "WITHDRAWAL",
        "summary": {**summary, **{name: money_node(ZERO, currency) for name in nothing}},
    }


def _row_node(site: Site, row: Json) -> Json:
    payout = site.store.get(site.domain, PAYOUT, str(row["payout"]))
    record = site.order(str(row["order"])) if row["order"] else None
    order = record["rest"] if record else {"id": row["order"], "name": f"#{row['order']}"}
    currency = row["currency"]
    return {
        "__typename": "ShopifyPaymentsBalanceTransaction",
        "_sort": {"PROCESSED_AT": row["at"]},
        "_payout": row["payout"],
        "id": gid("ShopifyPaymentsBalanceTransaction", row["id"]),
        "type": row["type"],
        "test": False,
        "transactionDate": row["at"],
        "amount": money_node(Decimal(row["amount"]), currency),
        "fee": money_node(Decimal(row["fee"]), currency),
        "net": money_node(Decimal(row["net"]), currency),
        "sourceId": None,
        "sourceType": None,
        "sourceOrderTransactionId": str(row["transaction"]) if row["transaction"] else None,
        "adjustmentReason": None,
        "adjustmentsOrders": [],
        "associatedOrder": {"id": gid("Order", order["id"]), "name": order["name"]}
        if row["order"]
        else None,
        "associatedPayout": {
            "id": gid("ShopifyPaymentsPayout", row["payout"]),
            "status": payout["status"] if payout else None,
        },
    }
