"""Runs one GraphQL request against a shop: parse, validate, price, execute, explain.

Errors carry the vendor's codes where recorded answers show them. What fields mean is in
``queries``, ``mutations`` and the ``nodes_*`` modules.
"""

import re
from functools import cache
from pathlib import Path

from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    build_schema,
    execute_sync,
    get_named_type,
    get_operation_ast,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from tieout.simulators.shopify.cost import QUERY_COST_MAX, Bucket, CostReader
from tieout.simulators.shopify.mutations import OrderMutations
from tieout.simulators.shopify.mutations_stock import StockMutations
from tieout.simulators.shopify.nodes_order import order_node, order_stub
from tieout.simulators.shopify.nodes_people import orders_of
from tieout.simulators.shopify.paging import connection
from tieout.simulators.shopify.queries import Context, Queries
from tieout.simulators.shopify.shapes import Info, Json
from tieout.simulators.shopify.site import Site
from tieout.simulators.shopify.webhooks import Courier

RATE_LIMITS_PAGE = "https://shopify.dev/api/usage/rate-limits"
UNKNOWN_FIELD = re.compile(r"Cannot query field '(\w+)' on type '(\w+)'")


@cache
def admin_schema() -> GraphQLSchema:
    """Return the part of the Admin schema that is served."""
    return build_schema(Path(__file__).with_name("admin.graphql").read_text(encoding="utf-8"))


def resolve(source: Json, info: Info, **arguments: object) -> object:
    """Read a field of a node: call it if it is callable, page it if it is a connection."""
    value = source.get(info.field_name)
    if value is None and "_back" in source:
        value = _back(source, info.field_name)
    if callable(value):
        value = value(info, **arguments)
    if isinstance(value, list):
        kind = get_named_type(info.return_type).name
        if kind.endswith("Connection"):
            return connection(value, f"{info.parent_type.name}.{info.field_name}", arguments)
        first = arguments.get("first")
        return value[:first] if isinstance(first, int) else value
    return value


def _back(source: Json, field: str) -> Json | list[Json] | None:
    """Return what a node belongs to: the order of its parts, the orders of a customer.

    Nodes carry ``_back`` for this (their shop, and the order's record or the customer's number),
    because an order cannot be made inside the modules that orders are made from.
    """
    site, owner = source["_back"]
    if field == "order":
        return order_node(site, owner)
    if field == "orders":
        return [order_stub(site, record) for record in orders_of(site, owner)]
    return None


class Engine:
    """One shop's GraphQL endpoint."""

    def __init__(self, site: Site, courier: Courier) -> None:
        """Serve ``site``; announce changes through ``courier``."""
        self._site = site
        self._courier = courier
        self._buckets: dict[str, Bucket] = {}

    def bucket(self, client_id: str) -> Bucket:
        """Return the points of an app."""
        return self._buckets.setdefault(client_id, Bucket())

    def answer(self, request: Json, client_id: str) -> Json:
        """Return the response body of one request."""
        try:
            document = parse(str(request.get("query") or ""))
        except GraphQLSyntaxError as error:
            return {"errors": [_shown(error, "PARSE_ERROR")]}
        problems = validate(admin_schema(), document)
        if problems:
            return {"errors": [_invalid(problem) for problem in problems]}
        operation = get_operation_ast(document, request.get("operationName"))
        if operation is None:
            return {"errors": [{"message": "No operation named in the request was found."}]}
        given = request.get("variables") or {}
        variables = get_variable_values(
            admin_schema(), list(operation.variable_definitions or ()), given
        )
        if isinstance(variables, list):
            return {"errors": [_bad_variable(problem) for problem in variables]}
        reader = CostReader(admin_schema(), _fragments(document), variables)
        return self._priced(request, document, operation, reader, client_id)

    def _priced(
        self,
        request: Json,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        reader: CostReader,
        client_id: str,
    ) -> Json:
        bucket = self.bucket(client_id)
        cost = reader.requested(operation)
        with self._site.store.lock:
            bucket.refill(self._site.clock())
            refusal = _refusal(cost, bucket)
            if refusal:
                return refusal
            bucket.available -= cost
        context = Context(self._site, client_id)
        result = self._run(request, document, context)
        actual = min(reader.actual(operation, result.data), cost)
        with self._site.store.lock:
            bucket.available = min(bucket.maximum, bucket.available + cost - actual)
        return _body(result, context, _cost_extension(cost, actual, bucket))

    def _run(self, request: Json, document: DocumentNode, context: Context) -> ExecutionResult:
        queries = Queries(context)
        root = {
            **queries.fields(),
            **OrderMutations(self._site, self._courier, queries).fields(),
            **StockMutations(self._site, self._courier, context.client_id).fields(),
        }
        return execute_sync(
            admin_schema(),
            document,
            root_value=root,
            variable_values=request.get("variables") or {},
            operation_name=request.get("operationName"),
            field_resolver=resolve,
        )


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }


def _body(result: ExecutionResult, context: Context, cost: Json) -> Json:
    extensions: Json = {"cost": cost}
    if context.search:
        extensions["search"] = context.search
    body: Json = {"data": result.data, "extensions": extensions}
    if result.errors:
        body["errors"] = [_shown(error, "INTERNAL_SERVER_ERROR") for error in result.errors]
    return body


def _cost_extension(requested: int, actual: int | None, bucket: Bucket) -> Json:
    return {
        "requestedQueryCost": requested,
        "actualQueryCost": actual,
        "throttleStatus": bucket.status(),
    }


def _refusal(cost: int, bucket: Bucket) -> Json:
    """Return the answer to a query that is too large, or too much for now; else nothing."""
    if cost > QUERY_COST_MAX:
        message = (
            f"Query cost is {cost}, which exceeds the single query max cost limit"
            f" ({QUERY_COST_MAX})."
        )
        extensions = {
            "code": "MAX_COST_EXCEEDED",
            "cost": cost,
            "maxCost": QUERY_COST_MAX,
            "documentation": RATE_LIMITS_PAGE,
        }
        return {"errors": [{"message": message, "extensions": extensions}]}
    if cost > bucket.available:
        extensions = {"code": "THROTTLED", "documentation": RATE_LIMITS_PAGE}
        return {
            "errors": [{"message": "Throttled", "extensions": extensions}],
            "extensions": {"cost": _cost_extension(cost, None, bucket)},
        }
    return {}


def _locations(error: GraphQLError) -> list[Json]:
    return [{"line": place.line, "column": place.column} for place in error.locations or []]


def _shown(error: GraphQLError, code: str) -> Json:
    shown: Json = {"message": error.message, "locations": _locations(error)}
    if error.path:
        shown["path"] = error.path
    return {**shown, "extensions": {"code": code, **(error.extensions or {})}}


def _invalid(error: GraphQLError) -> Json:
    unknown = UNKNOWN_FIELD.search(error.message)
    if unknown is None:
        return _shown(error, "invalidDocument")
    name, kind = unknown.groups()
    return {
        "message": f"Field '{name}' doesn't exist on type '{kind}'",
        "locations": _locations(error),
        "extensions": {"code": "undefinedField", "typeName": kind, "fieldName": name},
    }


def _bad_variable(error: GraphQLError) -> Json:
    return _shown(error, "INVALID_VARIABLE")
