"""The controls of tests and the demo: import, deliver, edit, capture, cancel, the demo's orders.

None of this is the vendor's API. Orders are taken as they are, right or wrong.
"""

import base64
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from uuid import NAMESPACE_URL, UUID, uuid5

from tieout.simulators.shopify import acts
from tieout.simulators.shopify.demo_maker import DemoOrder
from tieout.simulators.shopify.demo_orders import demo_orders
from tieout.simulators.shopify.payouts import change_payout, keep_payout, pay_out
from tieout.simulators.shopify.shapes import Json
from tieout.simulators.shopify.site import Site
from tieout.simulators.shopify.webhooks import Courier, body_bytes, signature

Act = Callable[[Site, Json, list[str]], object]
OrderAct = Callable[[Site, Json, Json], acts.Notices]


class Controls:
    """Acts on shops, by the last part of their path."""

    def __init__(
        self, sites: dict[str, Site], courier: Courier, new_id: Callable[[], UUID]
    ) -> None:
        """Act on ``sites``; ``new_id`` names deliveries that nobody named."""
        self._sites = sites
        self._courier = courier
        self._new_id = new_id
        self.acts: dict[str, Act] = {
            "orders": self._place,
            "deliver": self._deliver,
            "edit": lambda site, body, _topics: self._act(site, body, acts.edit_order),
            "capture": lambda site, body, _topics: self._act(site, body, acts.capture),
            "cancel": lambda site, body, _topics: self._act(site, body, acts.cancel),
            "touch": lambda site, body, _topics: self._act(site, body, _touch),
            "pay-out": lambda site, body, _topics: pay_out(site, body),
            "payout": lambda site, body, _topics: keep_payout(site, body),
            "payout-status": lambda site, body, _topics: change_payout(site, body),
        }

    def _place(self, site: Site, body: Json, topics: list[str]) -> Json:
        """Import an order; deliver it to the subscribers of ``topics`` before answering."""
        with site.store.together():
            record = acts.place(site, body)
        rest = record["rest"]
        raw = body_bytes(rest)
        statuses = {topic: self._courier.send_now(site, topic, raw) for topic in topics}
        return {"id": rest["id"], "name": rest.get("name"), "deliveries": statuses}

    def _deliver(self, site: Site, body: Json, _topics: list[str]) -> list[int]:
        """Send a body as a webhook, once: again, forged, twice, or to one ``uri`` alone.

        Raises:
            KeyError: the shop knows no such order.
        """
        topic = body["topic"]
        if "raw_body_base64" in body:
            raw = base64.b64decode(body["raw_body_base64"], validate=True)
        else:
            raw = body_bytes(self._record(site, body)["rest"])
        webhook_id = body.get("webhook_id") or str(self._new_id())
        headers = self._courier.headers(site, topic, raw, webhook_id=webhook_id)
        if "secret" in body:
            headers["X-Shopify-Hmac-Sha256"] = signature(raw, body["secret"])
        uris = [one["uri"] for one in self._courier.subscriptions(site, topic)]
        targets = [body["uri"]] if body.get("uri") else uris
        copies = int(body.get("copies", 1))
        return [
            self._courier.send_once(uri, headers, raw) for uri in targets for _ in range(copies)
        ]

    def _act(self, site: Site, body: Json, act: OrderAct) -> Json:
        """Do an act to the order ``order_id`` and announce it."""
        with site.store.together():
            record = self._record(site, body)
            notices = act(site, record, body)
        for topic, payload in notices:
            self._courier.announce(site, topic, payload)
        rest = record["rest"]
        return {
            "id": rest["id"],
            "financial_status": rest.get("financial_status"),
            "updated_at": rest["updated_at"],
            "topics": [topic for topic, _ in notices],
        }

    def _record(self, site: Site, body: Json) -> Json:
        record = site.order(str(body["order_id"]))
        if record is None:
            message = f"order {body['order_id']}"
            raise KeyError(message)
        return record

    def demo(self, body: Json) -> list[Json]:
        """Place the demo's orders and ``body["extra"]``, with webhooks.

        Once placed they are only delivered again, with the ids and bytes of the first time.
        """
        any_site = next(iter(self._sites.values()))
        meta = any_site.store.get(any_site.domain, "meta", "demo")
        if meta is None:
            meta = {"today": any_site.clock().date().isoformat()}
            any_site.store.put(any_site.domain, "meta", "demo", meta)
        made = [self._demo_order(one) for one in demo_orders(date.fromisoformat(meta["today"]))]
        return made + [self._extra(one) for one in body.get("extra") or []]

    def _demo_order(self, one: DemoOrder) -> Json:
        site = self._sites[one.shop]
        steps: list[tuple[str, bytes]]
        if one.raw_body is not None:
            steps = [("orders/create", one.raw_body)]
        else:
            steps = [(topic, body_bytes(payload)) for topic, payload in self._played(site, one)]
        statuses = [self._send(site, topic, raw, place) for place, (topic, raw) in enumerate(steps)]
        return {
            "shop": one.shop,
            "name": one.name,
            "order_id": one.order_id,
            "about": one.about,
            "expected": one.expected,
            "topics": [topic for topic, _ in steps],
            "statuses": statuses,
        }

    def _played(self, site: Site, one: DemoOrder) -> acts.Notices:
        """Return the order's webhooks as first told; the first time, play its story."""
        told = site.store.get(site.domain, "story", str(one.order_id))
        if told is None:
            with site.store.together():
                notices = _play(site, one)
                told = {"notices": notices}
                site.store.put(site.domain, "story", str(one.order_id), told)
        return [(topic, payload) for topic, payload in told["notices"]]

    def _extra(self, one: Json) -> Json:
        site = self._sites[one["shop"]]
        order = one["order"].get("order", one["order"])
        if site.order(str(order["id"])) is None:
            with site.store.together():
                acts.place(site, one["order"])
        status = self._send(site, "orders/create", body_bytes(order), 0)
        return {
            "shop": one["shop"],
            "name": order.get("name"),
            "order_id": order["id"],
            "about": "extra",
            "expected": one.get("expected", ""),
            "topics": ["orders/create"],
            "statuses": [status],
        }

    def _send(self, site: Site, topic: str, raw: bytes, place: int) -> list[int]:
        """Deliver with an id that is the same each time the same step is told."""
        name = f"{site.domain}/{topic}/{place}/{signature(raw, site.client_secret)}"
        webhook_id = str(uuid5(NAMESPACE_URL, name))
        return self._courier.send_now(site, topic, raw, webhook_id=webhook_id, event=webhook_id)


def _touch(site: Site, record: Json, _request: Json) -> acts.Notices:
    return acts.touch(site, record)


TOLD_TOPICS = (
    "orders/create",
    "orders/paid",
    "orders/updated",
    "orders/edited",
    "orders/cancelled",
)


def _play(site: Site, one: DemoOrder) -> acts.Notices:
    """Place an order, then do to it what its story says; return webhooks as they were then."""
    body = {**(one.order or {}), "transactions": list(one.transactions)}
    record = acts.place(site, body)
    notices: acts.Notices = [("orders/create", deepcopy(record["rest"]))]
    if record["rest"].get("financial_status") == "paid":
        notices.append(("orders/paid", deepcopy(record["rest"])))
    for kind, request in one.story:
        act = {"edit": acts.edit_order, "capture": acts.capture, "cancel": acts.cancel}[kind]
        for topic, payload in act(site, record, request):
            if topic in TOLD_TOPICS:
                notices.append((topic, deepcopy(payload)))
    return notices
