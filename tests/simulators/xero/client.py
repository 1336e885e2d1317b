"""What the tests of the Xero simulator say to it, over HTTP, by the vendor's documents alone."""

import itertools
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

Json = dict[str, Any]
Start = Callable[..., AbstractContextManager[str]]

HPS = "4f0e6a52-9d1b-4c63-8b7e-1a2c5d8e9f01"
LLT = "b83d2c17-60f4-4e9a-a5d2-7c9e0b1f3a02"
CALLBACK = "http://localhost:5410/callback"
SCOPE = "openid offline_access accounting.contacts accounting.settings.read"
TIMEOUT_S = 20
observers: list[Callable[[requests.Response], None]] = []
"""Told of every answer that a client gets; one may raise."""
_numbers = itertools.count(1)


def unique(prefix: str) -> str:
    return f"{prefix}-{next(_numbers)}"


def observed(answer: requests.Response) -> requests.Response:
    """Return an answer after all observers saw it."""
    for observe in observers:
        observe(answer)
    return answer


@dataclass
class XeroClient:
    """One app's way to one organisation."""

    base: str
    tenant_id: str = HPS
    client_id: str = "tieout-harbor_and_pine"
    secret: str = "xero-secret-harbor_and_pine"  # noqa: S105 - the simulator's own
    scope: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.headers = {**self.authorized(), "Accept": "application/json", **self.headers}

    def authorized(self) -> dict[str, str]:
        answer = self.token(grant_type="client_credentials", scope=self.scope)
        bearer = f"Bearer {answer.json()['access_token']}"
        return {"Authorization": bearer, "xero-tenant-id": self.tenant_id}

    def token(self, **form: str) -> requests.Response:
        return requests.post(
            f"{self.base}/connect/token",
            data=form,
            auth=(self.client_id, self.secret),
            timeout=TIMEOUT_S,
        )

    def send(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> requests.Response:
        return observed(
            requests.request(
                method,
                f"{self.base}/api.xro/2.0/{path}",
                headers={**self.headers, **(headers or {})},
                timeout=TIMEOUT_S,
                **options,
            )
        )

    def get(self, path: str, **params: Any) -> requests.Response:
        return self.send("GET", path, params=params)

    def put(self, path: str, body: Json, **params: Any) -> requests.Response:
        return self.send("PUT", path, json=body, params=params)

    def post(self, path: str, body: Json, **params: Any) -> requests.Response:
        return self.send("POST", path, json=body, params=params)

    def connections(
        self, method: str = "GET", one: str = "", headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        url = f"{self.base}/Connections{one}"
        every = {**self.headers, **(headers or {})}
        return observed(requests.request(method, url, headers=every, timeout=TIMEOUT_S))

    def control(self, method: str, path: str, body: Json | None = None) -> requests.Response:
        return requests.request(method, f"{self.base}/_{path}", json=body, timeout=TIMEOUT_S)

    def contact(self, **values: Any) -> Json:
        answer = self.put("Contacts", {"Contacts": [{"Name": unique("Buyer"), **values}]})
        created: Json = answer.json()["Contacts"][0]
        return created

    def invoice_body(self, **values: Any) -> Json:
        return {
            "Type": "ACCREC",
            "InvoiceNumber": unique("HP"),
            "Contact": {"ContactNumber": "WEB-GUEST"},
            "Date": "2026-11-20",
            "DueDate": "2026-12-20",
            "Status": "AUTHORISED",
            "LineItems": [line()],
            **values,
        }

    def invoice(self, **values: Any) -> Json:
        answer = self.put("Invoices", self.invoice_body(**values))
        created: Json = answer.json()["Invoices"][0]
        return created

    def pay(
        self, invoice: Json, amount: float, *, method: str = "PUT", **values: Any
    ) -> requests.Response:
        body = {
            "Invoice": {"InvoiceID": invoice["InvoiceID"]},
            "Account": {"Code": "091"},
            "Date": "2026-11-21",
            "Amount": amount,
            **values,
        }
        return self.send(method, "Payments", json={"Payments": [body]})


def web_app(base: str) -> XeroClient:
    """Return the app that has both organisations, without a token."""
    app = object.__new__(XeroClient)
    app.base, app.client_id, app.secret = base, "tieout-app", "xero-secret-app"
    return app


def authorize(app: XeroClient, method: str = "GET", **query: Any) -> requests.Response:
    """Return what the consent page says, or where its answer leads."""
    wanted = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": CALLBACK,
        "scope": SCOPE,
        "state": "s1",
        **query,
    }
    url = f"{app.base}/identity/connect/authorize"
    how = {"params": wanted} if method == "GET" else {"data": wanted}
    return requests.request(method, url, allow_redirects=False, timeout=TIMEOUT_S, **how)


def consent(app: XeroClient, **query: Any) -> requests.Response:
    """Allow access on the consent page."""
    return authorize(app, "POST", decision="allow", **query)


def answer_of(redirect: requests.Response) -> dict[str, str]:
    """Return what the consent page says to the app."""
    query = parse_qs(urlsplit(redirect.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}


def redeem(app: XeroClient, code: str, **form: str) -> requests.Response:
    """Exchange a code for tokens."""
    whole = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, **form}
    return app.token(**whole)


def granted(app: XeroClient, **query: Any) -> Json:
    """Return the tokens that the app gets for a consent."""
    answer: Json = redeem(app, answer_of(consent(app, **query))["code"]).json()
    return answer


def moment(record: Json) -> int:
    """Return when a record changed last, in seconds since 1970."""
    return int(record["UpdatedDateUTC"][6:-7]) // 1000


def line(**values: Any) -> Json:
    return {
        "Description": "Desk lamp",
        "Quantity": 1,
        "UnitAmount": 100,
        "AccountCode": "200",
        "TaxType": "NONE",
        **values,
    }


def messages(answer: requests.Response) -> list[str]:
    """Return the messages of the elements that were refused."""
    body = answer.json()
    elements = body.get("Elements") or next(v for v in body.values() if isinstance(v, list))
    return [error["Message"] for e in elements for error in e.get("ValidationErrors", [])]
