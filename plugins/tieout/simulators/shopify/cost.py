"""What a query costs, and the bucket it is paid from.

Documented: scalars 0, objects 1, mutations 10, connections by their page size; the requested cost
must fit, the rest is refunded. Not documented is how size counts. Answers recorded in 2026 fit
2 + (floor(log2(size)) + 1) x (1 + cost of a node), with money, page info and user errors free, and
so does this module; ``nodes`` counts once per id. The vendor may count otherwise.
"""

from dataclasses import dataclass
from datetime import datetime

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
    is_leaf_type,
)
from graphql.execution.values import VariableValues, get_argument_values, get_directive_values
from graphql.type import GraphQLIncludeDirective, GraphQLSkipDirective

from tieout.simulators.shopify.shapes import Json

MUTATION_COST = 10
CONNECTION_COST = 2
QUERY_COST_MAX = 1000
FREE_TYPES = {
    "MoneyBag",
    "MoneyV2",
    "PageInfo",
    "UserError",
    "InventorySetQuantitiesUserError",
    "MetafieldsSetUserError",
}


@dataclass
class Bucket:
    """The points of one app at one shop."""

    maximum: float = 2000
    available: float = 2000
    restore_per_s: float = 100
    seen: datetime | None = None

    def refill(self, now: datetime) -> None:
        """Add what time has restored."""
        if self.seen is not None:
            gained = max((now - self.seen).total_seconds(), 0) * self.restore_per_s
            self.available = min(self.maximum, self.available + gained)
        self.seen = now

    def status(self) -> Json:
        """Return the vendor's throttleStatus."""
        return {
            "maximumAvailable": self.maximum,
            "currentlyAvailable": int(self.available),
            "restoreRate": self.restore_per_s,
        }


@dataclass(frozen=True)
class CostReader:
    """Counts the cost of one operation, asked for or answered."""

    schema: GraphQLSchema
    fragments: dict[str, FragmentDefinitionNode]
    variables: VariableValues

    def requested(self, operation: OperationDefinitionNode) -> int:
        """Return the cost before running."""
        return self._operation(operation, None)

    def actual(self, operation: OperationDefinitionNode, answer: Json | None) -> int:
        """Return the cost of what came back."""
        return self._operation(operation, answer or {})

    def _operation(self, operation: OperationDefinitionNode, answer: Json | None) -> int:
        root = self.schema.get_root_type(operation.operation)
        if root is None:
            return 0
        if operation.operation.value == "query":
            return self._selection(operation.selection_set, root, answer)
        return sum(
            MUTATION_COST + self._payload(field, root, answer)
            for field in self._fields(operation.selection_set, root).get(root.name, [])
        )

    def _payload(self, field: FieldNode, root: GraphQLObjectType, answer: Json | None) -> int:
        """Cost a mutation's payload: its own objects come with the mutation."""
        payload = get_named_type(root.fields[field.name.value].type)
        inside = None if answer is None else answer.get(_key(field)) or {}
        if not isinstance(payload, GraphQLObjectType) or field.selection_set is None:
            return 0
        parts = self._fields(field.selection_set, payload).get(payload.name, [])
        objects = [part for part in parts if part.selection_set is not None]
        return sum(max(self._field(part, payload, inside) - 1, 0) for part in objects)

    def _selection(
        self, selections: SelectionSetNode, parent: GraphQLNamedType, answer: Json | None
    ) -> int:
        by_type = self._fields(selections, parent)
        costs = {
            name: sum(self._field(field, self.schema.type_map[name], answer) for field in fields)
            for name, fields in by_type.items()
        }
        shared = costs.pop(parent.name, 0)
        return shared + max(costs.values(), default=0)

    def _fields(
        self, selections: SelectionSetNode, parent: GraphQLNamedType
    ) -> dict[str, list[FieldNode]]:
        """Return the fields selected, by the type that a fragment narrows to."""
        found: dict[str, list[FieldNode]] = {}
        for node in selections.selections:
            if self._skipped(node):
                continue
            if isinstance(node, FieldNode):
                found.setdefault(parent.name, []).append(node)
                continue
            inner = self._inner(node)
            if inner is None:
                continue
            condition = inner.type_condition
            narrowed = self.schema.type_map[condition.name.value] if condition else parent
            for name, fields in self._fields(inner.selection_set, narrowed).items():
                found.setdefault(name, []).extend(fields)
        return found

    def _inner(self, node: SelectionNode) -> FragmentDefinitionNode | InlineFragmentNode | None:
        if isinstance(node, FragmentSpreadNode):
            return self.fragments[node.name.value]
        return node if isinstance(node, InlineFragmentNode) else None

    def _skipped(self, node: SelectionNode) -> bool:
        skip = get_directive_values(GraphQLSkipDirective, node, self.variables)
        include = get_directive_values(GraphQLIncludeDirective, node, self.variables)
        return bool(skip and skip["if"]) or bool(include and not include["if"])

    def _field(self, field: FieldNode, parent: GraphQLNamedType, answer: Json | None) -> int:
        if field.selection_set is None or not isinstance(
            parent, (GraphQLObjectType, GraphQLInterfaceType, GraphQLUnionType)
        ):
            return 0
        definition = getattr(parent, "fields", {}).get(field.name.value)
        if definition is None:
            return 0
        kind = get_named_type(definition.type)
        value = None if answer is None else answer.get(_key(field))
        if is_leaf_type(kind) or (answer is not None and not value):
            return 0
        if kind.name.endswith("Connection"):
            return self._connection(field, definition, kind, value)
        inside = self._largest(field.selection_set, kind, value)
        each = inside + (0 if kind.name in FREE_TYPES else 1)
        ids = get_argument_values(definition, field, self.variables).get("ids")
        if not isinstance(ids, list):
            return each
        return each * (len(ids) if value is None else sum(one is not None for one in value))

    def _connection(
        self, field: FieldNode, definition: GraphQLField, kind: GraphQLNamedType, value: Json | None
    ) -> int:
        arguments = get_argument_values(definition, field, self.variables)
        size = arguments.get("first") or arguments.get("last") or 0
        node_type = get_named_type(
            getattr(self.schema.type_map[kind.name], "fields")["nodes"].type  # noqa: B009 - named types share no attribute "fields"
        )
        rows, per_node = None, 0
        for part in self._fields(field.selection_set or SelectionSetNode(), kind).get(
            kind.name, []
        ):
            if part.name.value not in ("nodes", "edges") or part.selection_set is None:
                continue
            listed = None if value is None else value.get(_key(part)) or []
            rows = rows if listed is None else listed
            per_node = max(per_node, self._node_cost(part, node_type, listed))
        counted = size if rows is None else len(rows)
        return CONNECTION_COST + int(counted).bit_length() * per_node

    def _node_cost(
        self, part: FieldNode, node_type: GraphQLNamedType, rows: list[Json | None] | None
    ) -> int:
        if part.selection_set is None:
            return 0
        if part.name.value == "nodes":
            return 1 + self._largest(part.selection_set, node_type, rows)
        edge = self.schema.type_map[f"{node_type.name}Edge"]
        return self._largest(part.selection_set, edge, rows)

    def _largest(
        self,
        selections: SelectionSetNode,
        kind: GraphQLNamedType,
        value: Json | list[Json | None] | None,
    ) -> int:
        if value is None:
            return self._selection(selections, kind, None)
        rows: list[Json | None] = value if isinstance(value, list) else [value]
        costs = [self._selection(selections, kind, row) for row in rows if row is not None]
        return max(costs, default=0)


def _key(field: FieldNode) -> str:
    return field.alias.value if field.alias else field.name.value
