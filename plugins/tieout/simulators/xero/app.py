"""The Xero simulator as one ASGI app: identity, connections, accounting API and controls."""

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route

from tieout.simulators.company import COMPANIES
from tieout.simulators.xero.api import PREFIX, AccountingApi
from tieout.simulators.xero.controls import Controls
from tieout.simulators.xero.idempotency import Replays
from tieout.simulators.xero.identity import Identity
from tieout.simulators.xero.identity_web import IdentityWeb
from tieout.simulators.xero.limits import Limits, Meter
from tieout.simulators.xero.seed import apps, register, seed
from tieout.simulators.xero.store import Books, Journal
from tieout.simulators.xero.webhooks import Webhooks

_STATE_FILE = "xero.sqlite"
_GZIP_BYTES_MIN = 200
# Comes nearest to the vendor's ten to one (domain/xero README, 1.1), and takes the least time.
_GZIP_LEVEL = 1
_METHODS = ["GET", "PUT", "POST", "DELETE", "PATCH"]


def create_app(
    state: Path,
    clock: Callable[[], datetime],
    *,
    limits: Limits | None = None,
    latency_s: float = 0.0,
    advance: Callable[[timedelta], None] = lambda _by: None,
    new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
) -> Starlette:
    """Build the app over the records in ``state``; ``latency_s`` is what each API call takes.

    ``advance`` sets ``clock`` forward, for the control of that name.
    """
    state.mkdir(parents=True, exist_ok=True)
    journal = Journal(state / _STATE_FILE)
    books = {}
    for company in COMPANIES.values():
        books[company.xero_tenant_id] = Books(company.xero_tenant_id, journal, clock, new_id)
        seed(books[company.xero_tenant_id], company)
    identity = Identity(journal, clock, new_id, apps())
    register(identity)
    meter = Meter(limits or Limits(), clock)
    journal.commit()
    api = AccountingApi(
        books, identity, meter, Replays(journal, clock), journal, clock, new_id, latency_s
    )
    webhooks = Webhooks(clock, new_id)
    journal.listener = webhooks.announce
    controls = Controls(books, meter, journal, advance, webhooks)
    web = IdentityWeb(identity, journal, api.denied)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        webhooks.close()
        journal.close()

    gzip = Middleware(GZipMiddleware, minimum_size=_GZIP_BYTES_MIN, compresslevel=_GZIP_LEVEL)
    return Starlette(routes=_routes(api, web, controls), middleware=[gzip], lifespan=lifespan)


def _routes(api: AccountingApi, web: IdentityWeb, controls: Controls) -> list[Route]:
    document = "/_documents/{tenant_id}/{resource}/{record_id}"
    return [
        Route(PREFIX + "{path:path}", api.__call__, methods=_METHODS),
        *web.routes(),
        Route("/_health", controls.health),
        Route("/_calls", controls.calls, methods=["GET", "DELETE"]),
        Route("/_clock", controls.clock, methods=["POST"]),
        Route(document, controls.overwrite, methods=["PUT"]),
        Route("/_webhooks", controls.webhook, methods=["GET", "POST", "DELETE"]),
        Route("/_people/{tenant_id}/{act}", controls.person, methods=["POST"]),
        Route("/_organisations/{tenant_id}/{resource}", controls.upsert, methods=["POST"]),
    ]
