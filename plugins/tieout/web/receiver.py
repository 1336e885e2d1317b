"""The webhook receiver: check the signature, store the raw message, answer. Nothing else.

``python -m tieout.web.receiver --port N --config FILE``. It answers 200 only after the commit, with
an empty body and no cookie; shops and Xero send again after anything else. FILE is JSON::

    {"database_url": "postgresql+psycopg://receiver:...@host/tieout",
     "shops": {"<shop domain>": {"pair": "<pair>", "secrets": ["<current>", "<previous>"]}},
     "xero_apps": {"<a name>": {"keys": ["<current webhook key>", "<previous>"],
                                "tenants": {"<tenant id>": "<pair>"}}}}

The database role needs the rights that ``tieout.ledger.grants`` gives. What a message means is the
drain's work (usecases.capture, usecases.hints): a body that is no JSON, or too large, is stored all
the same.
"""

import argparse
import asyncio
import logging
import secrets
import sys
from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path

import uvicorn
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from tieout.domain.base import System
from tieout.domain.ledger import NewInboxEntry, Origin
from tieout.errors import ConfigurationError, TieoutError
from tieout.ledger.postgres import PostgresLedger
from tieout.ledger.webhooks import PostgresWebhooks
from tieout.web.config import ReceiverConfig, read_config
from tieout.web.message import BODY_BYTES_HARD_MAX, ReceivedBody, resource_id
from tieout.web.xero import read_message

BODY_TIMEOUT_S = 10.0
"""Longest time a body may take; Shopify and Xero give up after 5 s."""
POOL_SIZE = 16
"""Database connections, and so transactions at once."""
CONCURRENCY_MAX = 500
"""Requests at once; one more gets 503 and comes again later."""
HEADER_LENGTH_MAX = 255

SHOP = "x-shopify-shop-domain"
SHOPIFY_SIGNATURE = "x-shopify-hmac-sha256"
TOPIC = "x-shopify-topic"
WEBHOOK_ID = "x-shopify-webhook-id"
XERO_SIGNATURE = "x-xero-signature"
KEPT_HEADERS = (
    "content-type",
    "x-shopify-api-version",
    "x-shopify-event-id",
    "x-shopify-name",
    "x-shopify-triggered-at",
)

log = logging.getLogger(__name__)


class Receiver:
    """The routes, over one ledger."""

    def __init__(self, config: ReceiverConfig) -> None:
        """Keep who is heard; the database is first used by a request."""
        self._config = config
        self._xero_keys = config.xero_keys()
        self._ledger = PostgresLedger(
            config.database_url, pool_size=POOL_SIZE, application_name="tieout-receiver"
        )
        self._webhooks = PostgresWebhooks(self._ledger.database)

    async def shopify(self, request: Request) -> Response:
        """Store one webhook of a known shop."""
        domain = request.headers.get(SHOP, "").lower()
        body = ReceivedBody(self._config.secrets_of(domain))
        refused = await _read(request, body)
        if refused is not None:
            return _answer(refused)
        if not body.is_signed(request.headers.get(SHOPIFY_SIGNATURE, "")):
            log.warning("A webhook with an unknown shop or a wrong signature was refused")
            return _answer(HTTPStatus.UNAUTHORIZED)
        if not _is_usable(request):
            return _answer(HTTPStatus.BAD_REQUEST)
        entry = _order_message(request, self._config.shops[domain].pair, domain, body)
        return await self._store(partial(self._ledger.land, [entry]))

    async def xero(self, request: Request) -> Response:
        """Store the events of one webhook of a known app: the key that signed it says which."""
        # Without any app a random key, which signs nothing, is tried.
        keys = [one.key for one in self._xero_keys] or [secrets.token_bytes()]
        body = ReceivedBody(keys)
        refused = await _read(request, body)
        if refused is not None:
            return _answer(refused)
        signer = body.signer(request.headers.get(XERO_SIGNATURE, ""))
        if signer is None:
            # Expected while a webhook is set up: part of Xero's intent to receive is signed wrong.
            log.warning("A webhook of Xero with a wrong signature was refused")
            return _answer(HTTPStatus.UNAUTHORIZED)
        name = self._xero_keys[signer].app
        message = read_message(body, name, self._config.xero_apps[name])
        if message.stray_count:
            log.warning("%s: %s events belong to no pair; they wait", name, message.stray_count)
        if not message.entries:
            return _answer(HTTPStatus.OK)
        return await self._store(partial(self._webhooks.land, message.entries, message.heard))

    async def _store(self, land: Callable[[], int]) -> Response:
        try:
            await run_in_threadpool(land)
        except TieoutError as error:
            log.error("A webhook could not be stored: %s", error)  # noqa: TRY400 - says it all
            return _answer(HTTPStatus.SERVICE_UNAVAILABLE)
        return _answer(HTTPStatus.OK)

    async def health(self, _request: Request) -> Response:
        """Say whether a webhook could be stored now."""
        try:
            await run_in_threadpool(self._webhooks.check_landing)
        except TieoutError as error:
            log.error("The receiver is not healthy: %s", error)  # noqa: TRY400 - says it all
            return _answer(HTTPStatus.SERVICE_UNAVAILABLE)
        return _answer(HTTPStatus.OK)


def create_app(config: ReceiverConfig) -> Starlette:
    """Return the receiver's ASGI app."""
    receiver = Receiver(config)
    return Starlette(
        routes=[
            Route("/webhooks/shopify", receiver.shopify, methods=["POST"]),
            Route("/webhooks/xero", receiver.xero, methods=["POST"]),
            Route("/health", receiver.health, methods=["GET"]),
        ]
    )


async def _read(request: Request, body: ReceivedBody) -> HTTPStatus | None:
    """Read the whole body, or return why it is refused."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > BODY_BYTES_HARD_MAX:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for chunk in request.stream():
                if not body.add(chunk):
                    return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    except TimeoutError:
        return HTTPStatus.REQUEST_TIMEOUT
    except ClientDisconnect:
        return HTTPStatus.BAD_REQUEST
    return None


def _order_message(request: Request, pair: str, domain: str, body: ReceivedBody) -> NewInboxEntry:
    kept = body.kept()
    return NewInboxEntry(
        pair=pair,
        source=System.SHOPIFY,
        account=domain,
        topic=request.headers[TOPIC],
        event_id=request.headers[WEBHOOK_ID],
        resource_id=resource_id(kept),
        origin=Origin.WEBHOOK,
        body=kept,
        body_sha256=body.sha256,
        body_size=body.size,
        headers={name: request.headers[name] for name in KEPT_HEADERS if name in request.headers},
    )


def _is_usable(request: Request) -> bool:
    """Say whether topic and id, which no signature covers, are what the shop sends."""
    names = (request.headers.get(TOPIC, ""), request.headers.get(WEBHOOK_ID, ""))
    return all(
        name and len(name) <= HEADER_LENGTH_MAX and name.isascii() and name.isprintable()
        for name in names
    )


def _answer(status: HTTPStatus) -> Response:
    return Response(status_code=status)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; 2 means the configuration is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tieout.web.receiver")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--config", type=Path, required=True, help="JSON file, see the module")
    given = parser.parse_args(arguments)
    try:
        app = create_app(read_config(given.config))
    except (ConfigurationError, ValidationError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    uvicorn.run(
        app,
        host=given.host,
        port=given.port,
        access_log=False,
        server_header=False,
        limit_concurrency=CONCURRENCY_MAX,
        log_level="warning",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
