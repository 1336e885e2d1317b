"""Webhooks: subscriptions, signed deliveries, retries.

A delivery is the raw body, signed with the app's secret, and the vendor's ``X-Shopify-*`` headers.
2xx within five seconds is a success, a redirect is not. The vendor repeats eight times over four
hours; here the same eight come after ``RETRY_DELAYS_S`` unless told otherwise, so that a demo sees
them. After the last an API-created subscription is deleted, as at the vendor; nothing is replayed.
"""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Sequence
from uuid import UUID

import requests

from tieout.simulators.shopify.shapes import Clock, Json, zulu
from tieout.simulators.shopify.site import Site
from tieout.simulators.shopify.store import Store

API_VERSION = "2026-10"
CONNECT_TIMEOUT_S, ANSWER_TIMEOUT_S = 1.0, 5.0
RETRY_DELAYS_S = (1, 2, 4, 8, 15, 30, 60, 120)
IDLE_S = 0.5
UNREACHABLE = 0
"""The status recorded when nobody answered."""


def topic_name(path: str) -> str:
    """Return the GraphQL name of a topic such as ``orders/create``."""
    return path.upper().replace("/", "_")


def body_bytes(payload: Json) -> bytes:
    """Return the raw body of a payload."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def signature(body: bytes, secret: str) -> str:
    """Return the header value that proves a body."""
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


class Courier:
    """Sends webhooks, now or in the background, and repeats failures."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        new_id: Callable[[], UUID],
        retry_delays_s: Sequence[float],
    ) -> None:
        """Deliver from ``store``; ``new_id`` names deliveries and events."""
        self._retry_delays_s = retry_delays_s
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="courier", daemon=True)
        self._session = requests.Session()
        self._session.trust_env = False

    def start(self) -> None:
        """Begin to deliver what is due."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the delivery at hand."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(ANSWER_TIMEOUT_S + CONNECT_TIMEOUT_S)
        self._session.close()

    def announce(self, site: Site, topic: str, payload: Json) -> None:
        """Queue a payload for every subscription to its topic."""
        body = body_bytes(payload)
        event = str(self._new_id())
        for subscription in self.subscriptions(site, topic):
            headers = self.headers(site, topic, body, event=event)
            self._queue(site, subscription, headers, body, due=True)
        self._wake.set()

    def send_now(
        self, site: Site, topic: str, body: bytes, *, webhook_id: str = "", event: str = ""
    ) -> list[int]:
        """Deliver a body to every subscription before returning; a failure is repeated later."""
        statuses = []
        for subscription in self.subscriptions(site, topic):
            headers = self.headers(site, topic, body, event=event, webhook_id=webhook_id)
            number = self._queue(site, subscription, headers, body, due=False)
            statuses.append(self._attempt(number))
        return statuses

    def send_once(self, uri: str, headers: dict[str, str], body: bytes) -> int:
        """Post a body, without keeping or repeating it; return the HTTP status or 0."""
        return self._post(uri, headers, body)

    def subscriptions(self, site: Site, topic: str) -> list[Json]:
        """Return the subscriptions to a topic."""
        name = topic_name(topic)
        found = self._store.all(site.domain, "subscription")
        return [one for one in found if one["topic"] == name]

    def headers(
        self, site: Site, topic: str, body: bytes, *, event: str = "", webhook_id: str = ""
    ) -> dict[str, str]:
        """Return the vendor's headers for a body."""
        return {
            "Content-Type": "application/json",
            "User-Agent": "Shopify-Captain-Hook",
            "X-Shopify-Topic": topic,
            "X-Shopify-Hmac-Sha256": signature(body, site.client_secret),
            "X-Shopify-Shop-Domain": site.domain,
            "X-Shopify-API-Version": API_VERSION,
            "X-Shopify-Webhook-Id": webhook_id or str(self._new_id()),
            "X-Shopify-Event-Id": event or str(self._new_id()),
            "X-Shopify-Triggered-At": zulu(self._clock()),
        }

    def _queue(
        self, site: Site, subscription: Json, headers: dict[str, str], body: bytes, *, due: bool
    ) -> int:
        named = {"X-Shopify-Name": subscription["name"]} if subscription.get("name") else {}
        row = {
            "shop": site.domain,
            "subscription": str(subscription["id"]),
            "uri": subscription["uri"],
            "headers": {**headers, **named},
            "body": body,
        }
        return self._store.queue(row, self._clock().timestamp() if due else None)

    def _attempt(self, number: int) -> int:
        row = self._store.delivery(number)
        status = self._post(row["uri"], row["headers"], row["body"])
        accepted = requests.codes.ok <= status < requests.codes.multiple_choices
        attempts = int(row["attempts"])
        if accepted:
            self._store.settle(number, status, None)
        elif attempts < len(self._retry_delays_s):
            due_at = self._clock().timestamp() + self._retry_delays_s[attempts]
            self._store.settle(number, status, due_at)
        else:
            self._store.settle(number, status, None)
            self._store.drop(row["shop"], "subscription", row["subscription"])
        return status

    def _post(self, uri: str, headers: dict[str, str], body: bytes) -> int:
        try:
            answer = self._session.post(
                uri,
                data=body,
                headers=headers,
                timeout=(CONNECT_TIMEOUT_S, ANSWER_TIMEOUT_S),
                allow_redirects=False,
            )
        except requests.RequestException:
            return UNREACHABLE
        return answer.status_code

    def _work(self) -> None:
        while not self._stopping.is_set():
            number = self._store.due(self._clock().timestamp())
            if number is None:
                self._wake.wait(IDLE_S)
                self._wake.clear()
            else:
                self._attempt(number)
