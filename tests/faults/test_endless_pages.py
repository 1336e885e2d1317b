"""T-59: a list that never ends, or turns in a circle, ends in a clear error after few reads."""

from collections.abc import Callable, Iterator
from itertools import cycle, islice

import pytest

from tieout.connectors.shopify.connector import ShopifyConfig, ShopifyConnector
from tieout.connectors.xero.connector import XeroConfig, XeroConnector
from tieout.errors import UnavailableError
from wire import START, Reply, SetClock, Wire, json_reply, serving

TOKEN = json_reply({"access_token": "t", "expires_in": 1800})
ID = "00000000-0000-4000-8000-00000000000"
REPEATS_MAX = 2
"""How often the same page may be read before somebody notices."""
PAGES_SERVED = 50


def contacts(number: int) -> Reply:
    """Return a page of one contact of a list that claims to have a thousand pages."""
    row = {"ContactID": f"{ID}{number}", "Name": f"Buyer {number}"}
    pagination = {"page": 1, "pageSize": 1, "pageCount": 1000, "itemCount": 1000}
    return json_reply({"pagination": pagination, "Contacts": [row]})


def orders(cursor: str) -> Reply:
    """Return a page of one order, with more to come after ``cursor``."""
    info = {"hasNextPage": True, "endCursor": cursor}
    nodes = [{"legacyResourceId": "1"}]
    return json_reply({"data": {"orders": {"nodes": nodes, "pageInfo": info}}})


def read_xero(wire: Wire, clock: SetClock) -> object:
    config = XeroConfig.model_validate(
        {
            "client_id": "c",
            "client_secret": "s",
            "tenant_id": "t",
            "base_url": wire.url,
            "identity_url": wire.url,
        }
    )
    return XeroConnector(config, clock=clock, sleep=clock.sleep).find_contacts(numbers=["1"])


def read_shopify(wire: Wire, clock: SetClock) -> object:
    config = ShopifyConfig.model_validate(
        {
            "shop_domain": "a.myshopify.com",
            "client_id": "c",
            "client_secret": "s",
            "base_url": wire.url,
        }
    )
    shop = ShopifyConnector(config, clock=clock, sleep=clock.sleep)
    return shop.changed_orders(START, clock.now())


def circle(pages: list[Reply]) -> Iterator[Reply]:
    return islice(cycle(pages), PAGES_SERVED)


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize(
    ("read", "pages"),
    [
        (read_xero, [contacts(number) for number in range(3)]),
        (read_shopify, [orders(f"c{number}") for number in range(3)]),
    ],
    ids=["xero", "shopify"],
)
def test_pages_that_turn_in_a_circle_are_left_after_one_round(
    read: Callable[[Wire, SetClock], object], pages: list[Reply], length: int
) -> None:
    with serving(TOKEN, *circle(pages[:length])) as wire:
        with pytest.raises(UnavailableError, match="repeats a page"):
            read(wire, SetClock())
        read_pages = len(wire.received) - 1
    assert length < read_pages <= length * REPEATS_MAX


def test_a_list_with_more_pages_than_are_read_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tieout.connectors.xero.client.PAGES_MAX", 2)
    pages = [contacts(number) for number in range(5)]
    with serving(TOKEN, *pages) as wire:
        with pytest.raises(UnavailableError, match="more than 2 pages"):
            read_xero(wire, SetClock())
        assert len(wire.received) == 3


def test_a_sweep_with_more_pages_than_are_read_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tieout.connectors.shopify.orders.ID_PAGES_MAX", 2)
    pages = [orders(f"c{number}") for number in range(5)]
    with serving(TOKEN, *pages) as wire:
        with pytest.raises(UnavailableError, match="more than"):
            read_shopify(wire, SetClock())
        assert len(wire.received) == 3
