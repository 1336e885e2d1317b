"""Connections: pages, cursors, order, as the vendor's Relay-style fields have them."""

import base64
import json
from collections.abc import Sequence

from graphql import GraphQLError

from tieout.simulators.shopify.shapes import Json, gid_number

PAGE_SIZE_MAX = 250


def connection(nodes: Sequence[Json], path: str, arguments: Json) -> Json:
    """Return one page of ``nodes``.

    Nodes that carry ``_sort`` are ordered by the argument ``sortKey``, and a cursor is a place in
    that order: it stays meaningful when the node behind it has moved. Others keep their order.

    Raises:
        GraphQLError: neither or both of ``first`` and ``last``, too large a page, a bad cursor.
    """
    size, from_end = _size(path, arguments)
    key = str(arguments.get("sortKey") or "ID")
    marks = [_mark(node, index, key) for index, node in enumerate(nodes)]
    rows = list(zip(marks, nodes, strict=True))
    if nodes and "_sort" in nodes[0]:
        rows.sort(key=lambda row: row[0])
    if arguments.get("reverse"):
        rows.reverse()
    ascending = not arguments.get("reverse")
    after, before = _cut(arguments.get("after")), _cut(arguments.get("before"))
    kept = [
        row
        for row in rows
        if (after is None or (row[0] > after if ascending else row[0] < after))
        and (before is None or (row[0] < before if ascending else row[0] > before))
    ]
    page = kept[-size:] if from_end else kept[:size]
    edges = [{"cursor": _cursor(mark), "node": _full(node)} for mark, node in page]
    more = len(kept) > len(page)
    return {
        "edges": edges,
        "nodes": [edge["node"] for edge in edges],
        "pageInfo": {
            "hasNextPage": before is not None if from_end else more,
            "hasPreviousPage": more if from_end else after is not None,
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
        },
    }


def _full(node: Json) -> Json:
    """Return the whole node of a stub that was only searched and sorted so far."""
    made: Json = node["_full"]() if "_full" in node else node
    return made


def _size(path: str, arguments: Json) -> tuple[int, bool]:
    first, last = arguments.get("first"), arguments.get("last")
    if first is None and last is None:
        message = "you must provide one of first or last"
        raise GraphQLError(message, extensions={"code": "BAD_REQUEST"})
    if first is not None and last is not None:
        message = "providing both first and last is not supported"
        raise GraphQLError(message, extensions={"code": "BAD_REQUEST"})
    name = "first" if last is None else "last"
    size = int(arguments[name])
    if not 0 <= size <= PAGE_SIZE_MAX:
        message = f"{name} on {path} must be between 0 and {PAGE_SIZE_MAX}"
        raise GraphQLError(message, extensions={"code": "BAD_REQUEST"})
    return size, first is None


def _mark(node: Json, index: int, key: str) -> list[object]:
    sort = node.get("_sort")
    if sort is None:
        return [index, index]
    number = int(gid_number(node["id"]))
    return [sort.get(key) or "" if key in sort else number, number]


def _cursor(mark: list[object]) -> str:
    value, number = mark
    text = json.dumps({"last_id": number, "last_value": value})
    return base64.urlsafe_b64encode(text.encode()).decode()


def _cut(cursor: str | None) -> list[object] | None:
    if not cursor:
        return None
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor))
        return [place["last_value"], place["last_id"]]
    except (ValueError, KeyError, TypeError) as error:
        message = "Invalid cursor for current pagination sort."
        raise GraphQLError(message, extensions={"code": "BAD_REQUEST"}) from error
