"""Shopify's connections: pages of nodes behind cursors, and what a search calls a moment."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from pydantic import JsonValue

from tieout.connectors.shopify.client import ShopifyClient, member
from tieout.connectors.shopify.documents import document
from tieout.domain.base import Json
from tieout.errors import UnavailableError

Connection: TypeAlias = dict[str, JsonValue]


def paged(
    client: ShopifyClient,
    operation: str,
    variables: Mapping[str, JsonValue],
    path: tuple[str, ...],
    *,
    pages_max: int,
) -> Iterator[Json]:
    """Yield the nodes of the connection at ``path``, page by page; none where its owner is null.

    Raises:
        UnavailableError: There are more pages than that, or one comes again.
    """
    after: JsonValue = None
    cursors: set[str] = set()
    for _ in range(pages_max):
        owner = client.query(document(operation), {**variables, "after": after})
        for name in path[:-1]:
            found = member(owner, name)
            if found is None:
                return
            owner = as_object(found)
        page = as_object(member(owner, path[-1]))
        yield from nodes_of(page)
        if not has_more(page):
            return
        after = next_cursor(page, cursors)
    message = f"Shopify has more than {pages_max} pages of {path[-1]}."
    raise UnavailableError(message, remedy="Read a shorter interval.")


def interval(field: str, since: datetime, until: datetime) -> str:
    """Return the search for [since, until) of a field.

    The search knows whole seconds: the interval is rounded outwards, never inwards.
    """
    until_second = until + timedelta(seconds=1) if until.microsecond else until
    return f"{field}:>='{_stamp(since)}' AND {field}:<'{_stamp(until_second)}'"


def as_object(value: JsonValue) -> Json:
    """Return a value that must be an object."""
    if isinstance(value, dict):
        return value
    message = "Shopify's answer lacks an object that the query asked for."
    raise UnavailableError(message, remedy="The record may be gone; it is read again later.")


def as_list(value: JsonValue) -> list[Json]:
    """Return the objects of a value that must be a list."""
    if isinstance(value, list):
        return [item for item in value if isinstance(item, dict)]
    message = "Shopify's answer lacks a list that the query asked for."
    raise UnavailableError(message, remedy="It is read again later.")


def connection_of(parent: Json, name: str) -> Connection:
    """Return a connection of a node."""
    return as_object(parent.get(name))


def nodes_of(connection: Connection) -> list[Json]:
    """Return the nodes of one page."""
    return as_list(connection.get("nodes"))


def has_more(connection: Connection) -> bool:
    """Say whether a page is not the last."""
    return as_object(connection.get("pageInfo")).get("hasNextPage") is True


def next_cursor(connection: Connection, known: set[str]) -> str:
    """Return the cursor of the next page and note it; one that comes again would never end."""
    cursor = as_object(connection.get("pageInfo")).get("endCursor")
    if not isinstance(cursor, str) or cursor in known:
        message = "Shopify repeats a page instead of going on."
        raise UnavailableError(message, remedy="It is read again later.")
    known.add(cursor)
    return cursor


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
