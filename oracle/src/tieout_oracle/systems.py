"""Shop, Xero and Sage 100, read over HTTP and ODBC: only what carries our marks is returned.

Our marks: a Xero invoice's Reference begins with the shop order's id, a payment's ends with that of
the shop's transaction; a Sage 100 order carries the order's id in UDF_TIEOUT_ID and, in history,
only the invoice number as customer PO; a receipt's check number is T and the transaction's id in
base 36.
"""

import os
import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pyodbc
import requests

from tieout_oracle.connections import Connection, PairOfSystems
from tieout_oracle.sets import SourceRecord, TargetRecord

XERO_API = "https://api.xero.com"
XERO_IDENTITY = "https://identity.xero.com"
XERO_TOKEN = "TIEOUT_ORACLE_XERO_TOKEN"  # noqa: S105 - where one may be given
TIMEOUT_S = 60.0
PAGE_SIZE = 100
PAGES_MAX = 2000
LIVE = frozenset({"AUTHORISED", "PAID"})
SCOPES = "accounting.invoices accounting.payments accounting.contacts accounting.settings.read"
ORDER_ID = re.compile(r"^\d{4,}$")
CHECK_NO = re.compile(r"^T[0-9A-Z]{4,9}$")
SHOP_ORDERS = """
query Orders($after: String) {
  orders(first: 100, after: $after, query: "status:any") {
    pageInfo { hasNextPage endCursor }
    nodes { legacyResourceId currentTotalPriceSet { shopMoney { amount currencyCode } } }
  }
}
"""
OPEN_ORDERS = """
SELECT h.SalesOrderNo, h.UDF_TIEOUT_ID, h.FreightAmt, h.SalesTaxAmt, d.ExtensionAmt
FROM SO_SalesOrderHeader h JOIN SO_SalesOrderDetail d ON d.SalesOrderNo = h.SalesOrderNo
WHERE h.UDF_TIEOUT_ID <> ''
"""
CLOSED_ORDERS = """
SELECT h.SalesOrderNo, h.CustomerPONo, h.FreightAmt, h.SalesTaxAmt, d.LastExtensionAmt
FROM SO_SalesOrderHistoryHeader h
JOIN SO_SalesOrderHistoryDetail d ON d.SalesOrderNo = h.SalesOrderNo
WHERE h.OrderStatus = 'C'
"""
OPEN_RECEIPTS = "SELECT DepositNo, CheckNo, PostingAmt FROM AR_CashReceiptsHeader"
POSTED_RECEIPTS = "SELECT DepositNo, CheckNo, CashAmountApplied FROM AR_CashReceiptsHistory"


def read_shop(domain: str, shop: Connection) -> Iterator[SourceRecord]:
    """Return every order of a shop."""
    base = shop.text("base_url") or f"https://{domain}"
    token = _token(f"{base}/admin/oauth/access_token", shop, {})
    after = None
    for _page in range(PAGES_MAX):
        answer = requests.post(
            f"{base}/admin/api/{shop.text('api_version')}/graphql.json",
            json={"query": SHOP_ORDERS, "variables": {"after": after}},
            headers={"X-Shopify-Access-Token": token},
            timeout=TIMEOUT_S,
        )
        page = _json(answer)["data"]["orders"]
        for node in page["nodes"]:
            money = node["currentTotalPriceSet"]["shopMoney"]
            total = Decimal(str(money["amount"]))
            yield SourceRecord(domain, str(node["legacyResourceId"]), money["currencyCode"], total)
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


class XeroReader:
    """One organization, with a token for as long as this object lives."""

    def __init__(self, connection: Connection) -> None:
        """Fetch a token, unless the environment gives one.

        A custom connection mints its own; one that somebody consented to has tokens that only
        whoever keeps the consent can renew.
        """
        self._base = connection.text("base_url") or XERO_API
        url = f"{connection.text('identity_url') or XERO_IDENTITY}/connect/token"
        token = os.environ.get(XERO_TOKEN) or _token(url, connection, {"scope": SCOPES})
        self._headers = {
            "Authorization": f"Bearer {token}",
            "xero-tenant-id": connection.text("tenant_id"),
            "Accept": "application/json",
        }

    def _rows(self, resource: str, where: str) -> Iterator[dict[str, Any]]:
        for page in range(1, PAGES_MAX):
            params = {"where": where, "page": str(page), "pageSize": str(PAGE_SIZE)}
            url = f"{self._base}/api.xro/2.0/{resource}"
            answer = requests.get(url, params=params, headers=self._headers, timeout=TIMEOUT_S)
            rows = _json(answer)[resource]
            yield from rows
            if len(rows) < PAGE_SIZE:
                return

    def invoices(self) -> Iterator[TargetRecord]:
        """Return the live sales invoices that carry a shop order's id."""
        for row in self._rows("Invoices", 'Type=="ACCREC"'):
            key = str(row.get("Reference", "")).partition(" ")[0]
            if row["Status"] in LIVE and ORDER_ID.match(key):
                total = Decimal(str(row["Total"]))
                currency = row["CurrencyCode"]
                yield TargetRecord("xero", "invoice", row["InvoiceID"], key, currency, total)

    def payments(self) -> Iterator[TargetRecord]:
        """Return the live payments that carry a shop transaction's id."""
        for row in self._rows("Payments", 'Status=="AUTHORISED"'):
            key = str(row.get("Reference", "")).rpartition(" ")[2]
            if ORDER_ID.match(key):
                amount = Decimal(str(row["Amount"]))
                currency = row["Invoice"].get("CurrencyCode", "")
                yield TargetRecord("xero", "payment", row["PaymentID"], key, currency, amount)


def read_sage100(
    pair: PairOfSystems, order_keys: dict[str, str]
) -> tuple[list[TargetRecord], list[TargetRecord]]:
    """Return sales orders and cash receipts; ``order_keys`` names those in history by number."""
    database = pyodbc.connect(pair.sage100.text("odbc"), autocommit=True)
    try:
        cursor = database.cursor()
        orders = list(_orders(pair, cursor.execute(OPEN_ORDERS).fetchall()))
        open_numbers = {order.external_id for order in orders}
        closed = [
            (number, order_keys.get(number, po), *amounts)
            for number, po, *amounts in cursor.execute(CLOSED_ORDERS).fetchall()
            if number not in open_numbers and str(po or "").startswith(pair.prefixes)
        ]
        orders += _orders(pair, closed)
        receipts = _receipts(pair, cursor.execute(OPEN_RECEIPTS).fetchall())
        receipts += _receipts(pair, cursor.execute(POSTED_RECEIPTS).fetchall())
    finally:
        database.close()
    return orders, receipts


def _orders(pair: PairOfSystems, rows: list[Any]) -> Iterator[TargetRecord]:
    around: dict[tuple[str, str], Decimal] = {}
    lines: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for number, key, freight, tax, extension in rows:
        around[number, key] = _amount(freight) + _amount(tax)
        lines[number, key] += _amount(extension)
    for (number, key), extra in around.items():
        worth = extra + lines[number, key]
        yield TargetRecord("sage100", "sales_order", number, str(key), pair.currency, worth)


def _receipts(pair: PairOfSystems, rows: list[Any]) -> list[TargetRecord]:
    worth: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for deposit, check, amount in rows:
        if CHECK_NO.match(str(check or "")):
            worth[str(deposit), str(check)] += _amount(amount)
    return [
        TargetRecord(
            "sage100",
            "cash_receipt",
            f"{deposit}/{check}",
            str(int(check[1:], 36)),
            pair.currency,
            amount,
        )
        for (deposit, check), amount in worth.items()
    ]


def _amount(value: object) -> Decimal:
    return Decimal(str(value or 0))


def _token(url: str, connection: Connection, more: dict[str, str]) -> str:
    answer = requests.post(
        url,
        data={
            "grant_type": "client_credentials",
            "client_id": connection.login,
            "client_secret": connection.password,
            **more,
        },
        auth=(connection.login, connection.password),
        timeout=TIMEOUT_S,
    )
    return str(_json(answer)["access_token"])


def _json(answer: requests.Response) -> dict[str, Any]:
    answer.raise_for_status()
    body: dict[str, Any] = answer.json()
    return body
