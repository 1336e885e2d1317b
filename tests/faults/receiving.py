"""The receiver's app called in this process: a request in, a status out, thousands a second."""

import base64
import hashlib
import hmac
from collections.abc import Mapping, MutableMapping
from typing import Any

from starlette.types import ASGIApp

SHOP = "harbor-and-pine.myshopify.com"
PAIR = "harbor_and_pine"
TENANT = "4f0e6a52-9d1b-4c63-8b7e-1a2c5d8e9f01"
SHOPIFY_SIGNATURE, XERO_SIGNATURE = "x-shopify-hmac-sha256", "x-xero-signature"
SECRET, PREVIOUS = "current-secret", "previous-secret"


def signature(body: bytes, secret: str = SECRET) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def headers(
    body: bytes, *, webhook_id: str = "w-1", topic: str = "orders/create"
) -> dict[str, str]:
    """Return the headers of a well-signed webhook."""
    return {
        "x-shopify-topic": topic,
        "x-shopify-shop-domain": SHOP,
        "x-shopify-webhook-id": webhook_id,
        SHOPIFY_SIGNATURE: signature(body),
        "content-type": "application/json",
    }


def xero_headers(body: bytes) -> dict[str, str]:
    """Return the headers of a well-signed webhook of Xero."""
    return {XERO_SIGNATURE: signature(body), "content-type": "application/json"}


def signature_name(given: Mapping[str, str]) -> str:
    """Return which of the headers is the signature."""
    return XERO_SIGNATURE if XERO_SIGNATURE in given else SHOPIFY_SIGNATURE


async def post(
    app: ASGIApp, body: bytes, given: Mapping[str, str], *, path: str = "/webhooks/shopify"
) -> int:
    """Give the app one webhook and return the status that it answers."""
    answers: list[MutableMapping[str, Any]] = []
    parts = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> MutableMapping[str, Any]:
        return next(parts, {"type": "http.disconnect"})

    async def send(message: MutableMapping[str, Any]) -> None:
        answers.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [
            (name.encode(), value.encode("utf-8", "surrogateescape"))
            for name, value in given.items()
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    await app(scope, receive, send)
    return int(answers[0]["status"])
