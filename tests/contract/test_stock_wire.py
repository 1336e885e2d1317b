"""What may be sold, over the wire: stock moves in Sage 100, and the shop offers what is left."""

import hashlib
import json
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest

from fake_ledger.ledger import FakeLedger
from fake_streams import FakeStreams
from fakes import FakeClock, FakeXero, ItemGate
from processes import free_port, running
from sage100_payables import goods, posted
from sage100_payables import order as purchase
from sage100_places import SimulatedPlace
from sage100_receivables import order
from sage100_simulator import sage100
from simulators.shopify.shopify_orders import make_line, make_order
from tieout.connectors.shopify.config import ShopifyConfig
from tieout.connectors.shopify.connector import ShopifyConnector
from tieout.domain.base import Json, System
from tieout.domain.ledger import Confirmation, NewDelivery, NewDocument, NewInboxEntry, Origin
from tieout.domain.pair import FlowName, ToSell
from tieout.domain.reading import START, SWEPT
from tieout.matching.matcher import ProbabilityMatcher
from tieout.usecases.catalog import SALES_ORDER
from tieout.usecases.flow import SHOP_ORDER, Flow
from tieout.usecases.steps import FLOWS, run_step
from tieout.usecases.stock_sync import STOCK_LIST
from two_ledgers import MAPPER, PAIR
from wire import SetClock

SHOP = PAIR.shops[0].domain
LOCATION = "71001"
WAREHOUSE = PAIR.shops[0].locations[LOCATION]
LAMP = "LAMP-01"
SOLD = 4101

NO_LIMIT = {"maximum": 1e6, "available": 1e6, "restore_per_s": 1e6}
"""Of the shop's query points: its limit has tests of its own, and no time passes here."""


@dataclass
class Store:
    """A shop and a Sage 100 with their people, and the flow that keeps the shop's stock."""

    origin: str
    place: SimulatedPlace
    shop: ShopifyConnector
    told: dict[str, str] = field(default_factory=dict)
    runs: int = 0

    def __post_init__(self) -> None:
        clock = FakeClock()
        self.ledger = FakeLedger(clock)
        self.flow = Flow(
            pair=PAIR,
            ledger=self.ledger,
            streams=FakeStreams(clock),
            xero=FakeXero(),
            sage100=self.place.sage100,
            shops={SHOP: self.shop},
            mapper=MAPPER,
            gate=ItemGate(),
            matcher=ProbabilityMatcher(),
            clock=clock,
        )
        self.people(f"/_shops/{SHOP}/throttle", NO_LIMIT)
        (variant,) = self.shop.variants(skus=[LAMP])
        self.lamp = variant

    def people(self, path: str, body: Mapping[str, object]) -> Any:
        """Let the shop's people or buyers act."""
        content = json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{self.origin}{path}", data=content, method="POST"
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
            return json.loads(answer.read())

    def sync(self, **policy: Any) -> int:
        """Read what changed in Sage 100, push it, and return how many documents that took."""
        self.ledger.land(self._news())
        flow = replace(
            self.flow, pair=PAIR.model_copy(update={"to_sell": ToSell.model_validate(policy)})
        )
        steps = FLOWS[FlowName.STOCK_SYNC]
        self.runs += 1
        run = f"run {self.runs}"
        batch = steps.capture(flow, interval=None, origin=Origin.SWEEP, claimed_by=run)
        if batch is None:
            return 0
        return sum(run_step(flow, step, batch).documents for step in steps.steps)

    def _news(self) -> list[NewInboxEntry]:
        lists = self.place.sage.connector().lists()
        found = []
        for page in lists.pages(STOCK_LIST, START):
            for one in page.records:
                if self.told.get(one.record_id) != one.gist:
                    self.told[one.record_id] = one.gist
                    found.append(
                        NewInboxEntry(
                            pair=PAIR.pair,
                            source=System.SAGE100,
                            account=PAIR.sage100_company,
                            topic=f"{STOCK_LIST}/{SWEPT}",
                            event_id="",
                            resource_id=one.record_id,
                            origin=Origin.SWEEP,
                            body=one.body,
                            body_sha256=hashlib.sha256(one.body).hexdigest(),
                            body_size=len(one.body),
                        )
                    )
        return found

    def offered(self, location: str = LOCATION) -> int:
        """Return how many lamps the shop offers."""
        item = self.lamp.inventory_item_id
        query = (
            f'{{ inventoryItem(id: "gid://shopify/InventoryItem/{item}") {{ inventoryLevel('
            f'locationId: "gid://shopify/Location/{location}") {{ quantities(names: '
            '["available"]) { quantity } } } }'
        )
        data: Any = self.shop._client.query(query, {})  # noqa: SLF001 - as the shop shows it
        return int(data["inventoryItem"]["inventoryLevel"]["quantities"][0]["quantity"])

    def to_sell(self, warehouse: str = WAREHOUSE) -> int:
        """Return how many lamps Sage 100 has left to promise."""
        levels = self.place.sage100.stock([LAMP])
        return int(sum(one.available for one in levels if one.warehouse_code == warehouse))

    def sell(self, number: int, pieces: int) -> None:
        """Let somebody buy lamps; the order is in the ledger, and not in Sage 100 yet."""
        line = make_line(number * 10, "17.99", pieces)
        bought = make_order(number, line, total=f"{Decimal('17.99') * pieces}")
        self.people(f"/_shops/{SHOP}/orders", {"order": bought})
        node = self.shop.orders([str(number)])[str(number)]
        body = json.dumps(node, default=str).encode()
        entry = NewInboxEntry(
            pair=PAIR.pair,
            source=System.SHOPIFY,
            account=SHOP,
            topic="orders/create",
            event_id=str(number),
            resource_id=str(number),
            origin=Origin.SWEEP,
            body=body,
            body_sha256=hashlib.sha256(body).hexdigest(),
            body_size=len(body),
        )
        self.ledger.land([entry])
        (pending,) = self.ledger.pending_entries(PAIR.pair, limit=1, source=System.SHOPIFY)
        self.ledger.document(pending.inbox_id, _order_document(number, node))

    def enter(self, number: int) -> None:
        """Enter an order of three lamps and a shade in Sage 100, and say so in the ledger."""
        made = order(self.place)
        landed = self.place.landed(made)
        (document,) = self.ledger.unsettled(PAIR.pair, SHOP_ORDER)
        intended = NewDelivery(
            document_id=document.document_id,
            pair=PAIR.pair,
            target=System.SAGE100,
            entity=SALES_ORDER.entity,
            document_key=str(number),
            operation="create",
            version_hash="1",
            payload=made.payload,
            expected={},
        )
        (delivery,) = self.ledger.intend([intended])
        self.ledger.confirm([Confirmation(delivery=delivery, landed=landed, binding=None)])

    def letters(self) -> list[str]:
        return [one.cause for one in self.ledger.dead_letters(PAIR.pair)]


def _order_document(number: int, node: Json) -> NewDocument:
    return NewDocument(
        pair=PAIR.pair,
        document_type=SHOP_ORDER,
        source=System.SHOPIFY,
        account=SHOP,
        source_id=str(number),
        name=f"#{number}",
        version_at=FakeClock().now(),
        content_hash=str(number),
        payload=node,
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    port = free_port()
    state = tmp_path_factory.mktemp("shopify")
    arguments = ["-m", "tieout.simulators.shopify", "--port", str(port), "--state", str(state)]
    url = f"http://127.0.0.1:{port}"
    config = ShopifyConfig.model_validate(
        {
            "shop_domain": SHOP,
            "client_id": "tieout-harbor_and_pine",
            "client_secret": "shopify-secret-harbor_and_pine",
            "base_url": f"{url}/shops/{SHOP}",
        }
    )
    clock = SetClock()
    with (
        running(arguments, ready_url=f"{url}/_health"),
        sage100(tmp_path_factory.mktemp("sage100")) as sage,
    ):
        shop = ShopifyConnector(config, clock=clock, sleep=clock.sleep)
        place = SimulatedPlace(sage)
        yield Store(url, place, shop)
        place.sage100.close()


def test_the_shop_offers_what_sage_100_has_left_to_sell(store: Store) -> None:
    # The first reading of the list tells of everything, so every item's levels are set.
    assert store.sync() > 0
    assert store.letters() == []
    before = store.to_sell()
    assert before > 3
    assert {place: store.offered(place) for place in store.lamp.locations} == {
        place: store.to_sell(warehouse) for place, warehouse in PAIR.shops[0].locations.items()
    }
    assert store.sync() == 0

    received = goods(store.place)
    store.place.landed(received)
    assert store.offered() == before
    posted(store.place, "post_receipts")
    assert store.sync() == 1
    assert store.offered() == store.to_sell() == before + 10

    # Sold and not in Sage 100 yet: the shop's own reservation stays, whatever else moves.
    store.sell(SOLD, 3)
    assert store.offered() == before + 7
    store.place.landed(goods(store.place))
    posted(store.place, "post_receipts")
    assert store.sync() == 1
    assert store.to_sell() == before + 20
    assert store.offered() == before + 17

    # In Sage 100 the order commits the three: they are left out once, not twice.
    store.enter(SOLD)
    assert store.sync() == 2  # the order has a shade beside the lamps
    assert store.to_sell() == store.offered() == before + 17
    assert store.letters() == []


def test_the_same_quantity_is_set_again_when_the_shop_has_sold_since(store: Store) -> None:
    """What was pushed last says nothing of what the shop holds now."""
    store.sync()
    held = store.offered()
    store.people(
        f"/_shops/{SHOP}/orders",
        {"order": make_order(SOLD + 1, make_line(41020, "17.99", 2), total="35.98")},
    )
    assert store.offered() == held - 2  # an order that never reached the ledger
    store.place.landed(purchase(store.place))  # what is on order is not there to be sold
    assert store.sync() == 1
    assert store.offered() == held


def test_what_policy_keeps_back_is_not_offered(store: Store) -> None:
    store.sync()
    left, elsewhere = store.to_sell(), store.to_sell("001")
    store.place.landed(goods(store.place))
    posted(store.place, "post_receipts")
    store.sync(keep_back=2, keep_back_of={LAMP: "4"})
    assert store.offered() == left + 10 - 4
    assert store.offered("71002") == max(elsewhere - 4, 0) or elsewhere == 0


def test_a_shop_that_does_not_sell_an_item_is_told_nothing(store: Store) -> None:
    assert store.shop.variants(skus=["NOT-SOLD-HERE"]) == []
    assert store.shop.variants(skus=[LAMP.lower()], variant_ids=["1", "x"]) == [store.lamp]
