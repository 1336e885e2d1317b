"""A client of the simulator, a server that receives its webhooks, and a way to run it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
from typing_extensions import override

from processes import free_port, running

Json = dict[str, Any]
HARBOR = "harbor-and-pine.myshopify.com"
LOTUS = "lotus-lane.myshopify.com"
WAIT_S = 10.0


@dataclass
class Client:
    """One app at one shop."""

    base: str
    domain: str
    session: requests.Session
    token: str = ""
    version: str = "2026-10"

    def ask_token(self, **changes: str) -> requests.Response:
        pair = self.domain.partition(".")[0].replace("-", "_")
        form = {
            "grant_type": "client_credentials",
            "client_id": f"tieout-{pair}",
            "client_secret": f"shopify-secret-{pair}",
            **changes,
        }
        url = f"{self.base}/shops/{self.domain}/admin/oauth/access_token"
        return self.session.post(url, data=form, timeout=WAIT_S)

    def post(self, query: str, variables: Json) -> requests.Response:
        url = f"{self.base}/shops/{self.domain}/admin/api/{self.version}/graphql.json"
        headers = {"X-Shopify-Access-Token": self.token}
        body = {"query": query, "variables": variables}
        return self.session.post(url, json=body, headers=headers, timeout=WAIT_S)

    def answer(self, query: str, /, **variables: object) -> Json:
        answer: Json = self.post(query, variables).json()
        return answer

    def data(self, query: str, /, **variables: object) -> Json:
        answer = self.answer(query, **variables)
        assert "errors" not in answer, answer["errors"]
        data: Json = answer["data"]
        return data

    def control(self, act: str, body: Json, **parameters: str) -> Any:
        url = f"{self.base}/_shops/{self.domain}/{act}"
        answer = self.session.post(url, json=body, params=parameters, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def place(self, order: Json, **parameters: str) -> str:
        number: str = str(self.control("orders", order, **parameters)["id"])
        return f"gid://shopify/Order/{number}"

    def subscribe(self, topic: str, uri: str) -> Json:
        data = self.data(SUBSCRIBE, topic=topic, uri=uri)
        payload: Json = data["webhookSubscriptionCreate"]
        return payload


SUBSCRIBE = """
mutation ($topic: WebhookSubscriptionTopic!, $uri: String!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: {uri: $uri}) {
    webhookSubscription { id topic uri format apiVersion { handle } }
    userErrors { field message }
  }
}
"""


@dataclass
class Received:
    """One webhook as it arrived."""

    headers: Json
    body: bytes

    @property
    def payload(self) -> Json:
        payload: Json = json.loads(self.body)
        return payload


@dataclass
class Receiver:
    """A server that takes webhooks and answers with the statuses it was told, then 200."""

    uri: str
    got: list[Received] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, count: int) -> list[Received]:
        with self.changed:
            enough = self.changed.wait_for(lambda: len(self.got) >= count, WAIT_S)
        assert enough, f"{len(self.got)} of {count} webhooks arrived"
        return self.got

    def take(self, headers: Json, body: bytes) -> int:
        with self.changed:
            self.got.append(Received(headers, body))
            self.changed.notify_all()
            return self.statuses.pop(0) if self.statuses else 200


@contextmanager
def receiving() -> Iterator[Receiver]:
    holder: list[Receiver] = []

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(holder[0].take(dict(self.headers.items()), body))
            self.send_header("Content-Length", "0")
            self.end_headers()

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    holder.append(Receiver(f"http://127.0.0.1:{server.server_port}/hook"))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield holder[0]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def simulator(state: Path, *options: str) -> Iterator[str]:
    """Run a simulator over ``state``; the address it serves at."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    arguments = ["-m", "tieout.simulators.shopify", "--port", str(port), "--state", str(state)]
    with running([*arguments, *options], ready_url=f"{base}/_health"):
        yield base


@contextmanager
def client(base: str, domain: str = HARBOR) -> Iterator[Client]:
    """A client with a token."""
    with requests.Session() as session:
        session.trust_env = False
        made = Client(base, domain, session)
        made.token = made.ask_token().json()["access_token"]
        yield made
