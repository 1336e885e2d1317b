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

SAGE_RECORDS = {
    "customer": (
        "SELECT CustomerName, EmailAddress, TelephoneNo FROM AR_Customer",
        ("name", "email", "phone"),
    ),
    "vendor": (
        "SELECT VendorName, EmailAddress, TelephoneNo FROM AP_Vendor",
        ("name", "email", "phone"),
    ),
    "item": (
        "SELECT ItemCode, ItemCodeDesc, StandardUnitPrice FROM CI_Item",
        ("code", "name", "price"),
    ),
}
"""What is asked of a table, and the members that its columns are."""


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


class Record(Frozen):
    """A customer, vendor or item as a ledger shows it; '' for what it does not say."""

    record_id: str = ""
    code: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""
    price: str = ""

    def agrees_with(self, said: "Record") -> bool:
        """Say whether this says all that another record says, however that is written."""
        pairs = (
            (said.name.casefold(), self.name.casefold()),
            (said.email.casefold(), self.email.casefold()),
            (_digits(said.phone), _digits(self.phone)),
            (said.price and _amount(said.price), _amount(self.price)),
        )
        return all(theirs == ours for theirs, ours in pairs if theirs)

    def text(self) -> str:
        """Return what it says but for its name, on one line."""
        price = f"{_amount(self.price):.2f}" if self.price else ""
        return ", ".join(filter(None, (self.code, self.email, self.phone, price))) or self.name


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
    bookings: dict[str, list[XeroBooking]] = {}
    for invoice in _xero_list(connection, "Invoices", {"where": 'Type=="ACCREC"'}):
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
    return bookings


def xero_records(connection: ConnectionSettings) -> dict[str, list[Record]]:
    """Return the contacts and the items."""
    contacts = [
        Record(
            record_id=one["ContactID"],
            name=one["Name"],
            email=one.get("EmailAddress") or "",
            phone=next(
                (
                    phone.get("PhoneNumber") or ""
                    for phone in one.get("Phones", [])
                    if phone["PhoneType"] == "DEFAULT"
                ),
                "",
            ),
        )
        for one in _xero_list(connection, "Contacts", {})
    ]
    items = [
        Record(
            record_id=one["ItemID"],
            code=one["Code"],
            name=one.get("Name") or "",
            price=str(one.get("SalesDetails", {}).get("UnitPrice", "")),
        )
        for one in _xero_list(connection, "Items", None)
    ]
    return {"contact": contacts, "item": items}


def sage_records(connection: ConnectionSettings) -> dict[str, list[Record]]:
    """Return the customers, vendors and items."""
    return {
        kind: [
            Record(**dict(zip(members, map(_text, row), strict=True)))
            for row in _sage_rows(connection, asked)
        ]
        for kind, (asked, members) in SAGE_RECORDS.items()
    }


def named(records: list[Record], said: Record) -> tuple[Record, ...]:
    """Return the records of this code, or without one of this name."""
    if said.code:
        return tuple(one for one in records if one.code.casefold() == said.code.casefold())
    return tuple(one for one in records if one.name.casefold() == said.name.casefold())


def _xero_list(
    connection: ConnectionSettings, resource: str, params: dict[str, str] | None
) -> list[dict[str, Any]]:
    """Return a list of Xero, page by page where it has pages (``params`` is None where not)."""
    token = _token(
        f"{connection.text('identity_url')}/connect/token", connection, {"scope": XERO_SCOPES}
    )
    found: list[dict[str, Any]] = []
    for page in range(1, PAGES_MAX + 1):
        paged = {"page": str(page), "pageSize": str(PAGE_SIZE)}
        asked = requests.Request(
            "GET",
            f"{connection.text('base_url')}/api.xro/2.0/{resource}",
            params={} if params is None else {**params, **paged},
            headers={
                "Authorization": f"Bearer {token}",
                "xero-tenant-id": connection.text("tenant_id"),
                "Accept": "application/json",
            },
        )
        records = _json(_answered(asked), "Xero")[resource]
        found += records
        if params is None or len(records) < PAGE_SIZE:
            break
    return found


def sage_bookings(connection: ConnectionSettings) -> dict[str, list[SageBooking]]:
    """Return the open sales orders by the shop order id they carry."""
    rows = _sage_rows(connection, SAGE_ORDERS)
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


def _sage_rows(connection: ConnectionSettings, asked: str) -> list[Any]:
    import pyodbc

    database = pyodbc.connect(connection.text("odbc"), autocommit=True)
    try:
        found: list[Any] = database.cursor().execute(asked).fetchall()
    finally:
        database.close()
    return found


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


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _digits(phone: str) -> str:
    return "".join(letter for letter in phone if letter.isdigit())


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
