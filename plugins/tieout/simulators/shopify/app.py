"""The HTTP face: each shop's token and GraphQL endpoints under ``/shops/{domain}``, and controls.

Paths that begin with ``/_`` are for tests and the demo, never the vendor's. Loopback only.
"""

import binascii
import json
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tieout.simulators.shopify.controls import Controls
from tieout.simulators.shopify.engine import Engine
from tieout.simulators.shopify.shapes import Clock, Json, moment, zulu
from tieout.simulators.shopify.site import Site, open_sites
from tieout.simulators.shopify.store import Store
from tieout.simulators.shopify.webhooks import RETRY_DELAYS_S, Courier

VERSIONS = ("2026-01", "2026-04", "2026-07", "2026-10")
TOKEN_LIFETIME_S = 86_399
SCOPES = (
    "write_orders,read_all_orders,read_customers,read_products,write_inventory,read_locations,"
    "read_fulfillments,write_merchant_managed_fulfillment_orders,"
    "read_shopify_payments_accounts,read_shopify_payments_payouts"
)
UNRECOGNIZED = "[API] Invalid API key or access token (unrecognized login or wrong password)"


class ShopifyApp:
    """The endpoints over all shops."""

    def __init__(
        self,
        state: Path,
        clock: Clock,
        new_id: Callable[[], UUID],
        retry_delays_s: Sequence[float],
    ) -> None:
        """Keep everything in the folder ``state``."""
        self.store = Store(state)
        self.clock = clock
        self.sites = open_sites(self.store, clock)
        self.courier = Courier(self.store, clock, new_id, retry_delays_s)
        self.engines = {domain: Engine(site, self.courier) for domain, site in self.sites.items()}
        self.controls = Controls(self.sites, self.courier, new_id)

    def site(self, request: Request) -> Site:
        """Return the shop that a path names."""
        site = self.sites.get(request.path_params["domain"])
        if site is None:
            raise HTTPException(404, "Not Found")
        return site

    async def health(self, _request: Request) -> Response:
        """Say that the simulator serves."""
        return JSONResponse({"status": "ok"})

    async def token(self, request: Request) -> Response:
        """Give out a token for client credentials; the vendor documents form and JSON bodies."""
        site = self.site(request)
        body = await request.body()
        try:
            if "json" in request.headers.get("content-type", ""):
                given = json.loads(body)
            else:
                given = dict(parse_qsl(body.decode()))
        except ValueError:
            return JSONResponse({"error": "invalid_request"}, 400)
        if given.get("grant_type") != "client_credentials":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        known = given.get("client_id") == site.client_id
        if not known or given.get("client_secret") != site.client_secret:
            return JSONResponse({"error": "invalid_client"}, 401)
        token = f"shpat_{secrets.token_hex(16)}"
        expires = self.clock() + timedelta(seconds=TOKEN_LIFETIME_S)
        kept = {"client_id": site.client_id, "expires_at": zulu(expires)}
        self.store.put(site.domain, "token", token, kept)
        return JSONResponse(
            {"access_token": token, "scope": SCOPES, "expires_in": TOKEN_LIFETIME_S}
        )

    async def graphql(self, request: Request) -> Response:
        """Answer a GraphQL request; a retired version is served as the oldest live one."""
        site = self.site(request)
        asked = request.path_params["version"]
        served = asked if asked in VERSIONS else VERSIONS[0]
        if asked > VERSIONS[-1]:
            raise HTTPException(404, "Not Found")
        headers = {"X-Shopify-API-Version": served, "X-Request-Id": str(uuid4())}
        token = self.store.get(
            site.domain, "token", request.headers.get("x-shopify-access-token", "")
        )
        if token is None or moment(token["expires_at"]) <= self.clock():
            return JSONResponse({"errors": UNRECOGNIZED}, 401, headers=headers)
        body = await request.body()
        graphql_only = "application/graphql" in request.headers.get("content-type", "")
        try:
            asked_for: Json = {"query": body.decode()} if graphql_only else json.loads(body)
        except ValueError:
            return JSONResponse({"errors": {"query": "Required parameter missing or invalid"}}, 400)
        engine = self.engines[site.domain]
        answer = await run_in_threadpool(engine.answer, asked_for, str(token["client_id"]))
        return JSONResponse(answer, headers=headers)

    async def control(self, request: Request) -> Response:
        """Do one control act on one shop."""
        site = self.site(request)
        act = self.controls.acts.get(request.path_params["act"])
        if act is None:
            raise HTTPException(404, "Not Found")
        body = await _json_body(request)
        topics = request.query_params.getlist("deliver")
        try:
            done = await run_in_threadpool(act, site, body, topics)
        except (KeyError, StopIteration, binascii.Error) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)
        return JSONResponse(done)

    async def demo(self, request: Request) -> Response:
        """Place the demo's orders, or deliver them again."""
        body = await _json_body(request)
        return JSONResponse(await run_in_threadpool(self.controls.demo, body))

    async def throttle(self, request: Request) -> Response:
        """Set an app's bucket: ``{"available"?, "maximum"?, "restore_per_s"?}``."""
        site = self.site(request)
        engine = self.engines[site.domain]
        bucket = engine.bucket(site.client_id)
        for name, value in (await _json_body(request)).items():
            setattr(bucket, name, float(value))
        return JSONResponse(bucket.status())

    async def deliveries(self, request: Request) -> Response:
        """List what was delivered or waits."""
        return JSONResponse(self.store.deliveries(self.site(request).domain))


def create_app(
    state: Path,
    clock: Clock,
    *,
    new_id: Callable[[], UUID] = uuid4,
    retry_delays_s: Sequence[float] = RETRY_DELAYS_S,
) -> Starlette:
    """Build the simulator over the folder ``state``, on the clock ``clock``."""
    shops = ShopifyApp(state, clock, new_id, retry_delays_s)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        shops.courier.start()
        yield
        await run_in_threadpool(shops.courier.stop)
        shops.store.close()

    base = "/shops/{domain}/admin"
    return Starlette(
        lifespan=lifespan,
        routes=[
            Route("/_health", shops.health),
            Route("/_demo/orders", shops.demo, methods=["POST"]),
            Route("/_shops/{domain}/throttle", shops.throttle, methods=["POST"]),
            Route("/_shops/{domain}/deliveries", shops.deliveries),
            Route("/_shops/{domain}/{act}", shops.control, methods=["POST"]),
            Route(f"{base}/oauth/access_token", shops.token, methods=["POST"]),
            Route(f"{base}/api/{{version}}/graphql.json", shops.graphql, methods=["POST"]),
        ],
    )


async def _json_body(request: Request) -> Json:
    body = await request.body()
    parsed: Json = json.loads(body) if body.strip() else {}
    return parsed
