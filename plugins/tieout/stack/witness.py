"""What the three systems themselves say was booked, read over HTTP and ODBC for the demo's report.

Deliberately not our connectors and not our ledger: a witness must not share their mistakes. Reads
only; what should have been booked belongs to demo.py.
"""

import time
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import requests

from tieout.domain.base import Frozen
from tieout.errors import AuthenticationError, UnavailableError
from tieout.wiring.connections import ConnectionSettings

TIMEOUT_S = 30.0
MINUTE_S = 60.0
PAGES_MAX = 50
PAGE_SIZE = 100
XERO_SCOPES = "accounting.invoices accounting.payments accounting.contacts accounting.settings.read"
HTTP_OK = 200
CAPTURES = frozenset({"SALE", "CAPTURE"})

SHOP_ORDERS = """
query Orders($after: String) {
  orders(first: 50, after: $after, query: "status:any") {
    pageInfo { hasNextPage endCursor }
    nodes {
      legacyResourceId name cancelledAt test
      currentTotalPriceSet { shopMoney { amount currencyCode } }
      transactions(first: 50) { kind status amountSet { shopMoney { amount } } }
    }
  }
}
"""

SAGE_ORDERS = """
SELECT h.UDF_TIEOUT_ID, h.SalesOrderNo, h.FreightAmt, h.SalesTaxAmt, h.DiscountAmt, h.DepositAmt,
       d.ExtensionAmt
FROM SO_SalesOrderHeader h
JOIN SO_SalesOrderDetail d ON d.SalesOrderNo = h.SalesOrderNo
WHERE h.UDF_TIEOUT_ID <> ''
"""


class ShopOrder(Frozen):
    """An order as the shop shows it."""

    source_id: str
    name: str
    currency: str
    total: Decimal
    captured: Decimal
    is_cancelled: bool
    is_test: bool


class XeroBooking(Frozen):
    """The invoice of an order as Xero shows it."""

    invoice_id: str
    number: str
    status: str
    total: Decimal
    paid: Decimal


class SageBooking(Frozen):
    """The sales order of an order as Sage 100 shows it."""

    number: str
    total: Decimal
    deposit: Decimal


def shop_orders(connection: ConnectionSettings) -> list[ShopOrder]:
    """Return every order of a shop, oldest first."""
    base, version = connection.text("base_url"), connection.text("api_version")
    token = _token(f"{base}/admin/oauth/access_token", connection, {})
    orders: list[ShopOrder] = []
    after = None
    for _page in range(PAGES_MAX):
        answer = requests.post(
            f"{base}/admin/api/{version}/graphql.json",
            json={"query": SHOP_ORDERS, "variables": {"after": after}},
            headers={"X-Shopify-Access-Token": token},
            timeout=TIMEOUT_S,
        )
        page = _json(answer, "The shop")["data"]["orders"]
        orders += [_shop_order(node) for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    return orders


def xero_bookings(connection: ConnectionSettings) -> dict[str, list[XeroBooking]]:
    """Return the sales invoices by the shop order id that starts their reference."""
    base, tenant = connection.text("base_url"), connection.text("tenant_id")
    token = _token(
        f"{connection.text('identity_url')}/connect/token", connection, {"scope": XERO_SCOPES}
    )
    bookings: dict[str, list[XeroBooking]] = {}
    for page in range(1, PAGES_MAX + 1):
        asked = requests.Request(
            "GET",
            f"{base}/api.xro/2.0/Invoices",
            params={"where": 'Type=="ACCREC"', "page": str(page), "pageSize": str(PAGE_SIZE)},
            headers={
                "Authorization": f"Bearer {token}",
                "xero-tenant-id": tenant,
                "Accept": "application/json",
            },
        )
        invoices = _json(_answered(asked), "Xero")["Invoices"]
        for invoice in invoices:
            source_id = str(invoice.get("Reference", "")).partition(" ")[0]
            bookings.setdefault(source_id, []).append(
                XeroBooking(
                    invoice_id=invoice["InvoiceID"],
                    number=invoice["InvoiceNumber"],
                    status=invoice["Status"],
                    total=Decimal(str(invoice["Total"])),
                    paid=Decimal(str(invoice["AmountPaid"])),
                )
            )
        if len(invoices) < PAGE_SIZE:
            break
    return bookings


def sage_bookings(connection: ConnectionSettings) -> dict[str, list[SageBooking]]:
    """Return the open sales orders by the shop order id they carry."""
    import pyodbc

    database = pyodbc.connect(connection.text("odbc"), autocommit=True)
    try:
        rows = database.cursor().execute(SAGE_ORDERS).fetchall()
    finally:
        database.close()
    found: dict[tuple[str, str], SageBooking] = {}
    for source_id, number, freight, tax, discount, deposit, extension in rows:
        around = _amount(freight) + _amount(tax) - _amount(discount)
        so_far = found.get((source_id, number))
        found[source_id, number] = SageBooking(
            number=number,
            total=(so_far.total if so_far else around) + _amount(extension),
            deposit=_amount(deposit),
        )
    bookings: dict[str, list[SageBooking]] = {}
    for (source_id, _number), booking in sorted(found.items()):
        bookings.setdefault(source_id, []).append(booking)
    return bookings


def _shop_order(node: dict[str, Any]) -> ShopOrder:
    money = node["currentTotalPriceSet"]["shopMoney"]
    captures = [
        _amount(transaction["amountSet"]["shopMoney"]["amount"])
        for transaction in node["transactions"]
        if transaction["status"] == "SUCCESS" and transaction["kind"] in CAPTURES
    ]
    return ShopOrder(
        source_id=str(node["legacyResourceId"]),
        name=node["name"],
        currency=money["currencyCode"],
        total=_amount(money["amount"]),
        captured=sum(captures, Decimal(0)),
        is_cancelled=node["cancelledAt"] is not None,
        is_test=node["test"],
    )


def _amount(value: object) -> Decimal:
    return Decimal(str(value or 0))


def _token(url: str, connection: ConnectionSettings, more: dict[str, str]) -> str:
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
    if answer.status_code != HTTP_OK:
        raise AuthenticationError(
            f"{url} gives no token: {answer.status_code} {answer.text[:200]}",
            remedy="Check the client id and secret in the connections file.",
        )
    return str(answer.json()["access_token"])


def _answered(asked: requests.Request) -> requests.Response:
    """Return the answer to a request; the flows' calls may have used up this minute's."""
    with requests.Session() as session:
        answer = session.send(asked.prepare(), timeout=TIMEOUT_S)
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            time.sleep(min(float(answer.headers.get("Retry-After", "0")), MINUTE_S))
            answer = session.send(asked.prepare(), timeout=TIMEOUT_S)
    return answer


def _json(answer: requests.Response, who: str) -> dict[str, Any]:
    if answer.status_code != HTTP_OK:
        raise UnavailableError(
            f"{who} answers {answer.status_code}: {answer.text[:200]}",
            remedy="Look at its log, then run the demo again.",
        )
    body: dict[str, Any] = answer.json()
    return body
