"""Dependencies first: what waits for a customer or an item goes on when that is there.

Of all orders whose customer a system refused, one has the dead letter, and the others wait for it.
They go on when both systems know the customer, or when the letter is closed and its order is not
under way again: then the next of them is tried. An order that lacks nothing but items goes on when
both systems have them all, be it that an alias says by now which ones they are. One look answers
for every parent; nothing is asked for each document.
"""

from collections.abc import Iterable, Sequence

from tieout.domain.base import Json, System
from tieout.domain.items import alias_of, is_item_code, sold_as
from tieout.domain.ledger import Parent, Refused
from tieout.domain.order import OrderLine
from tieout.domain.pair import Pair
from tieout.errors import AuthenticationError, RetryableError
from tieout.usecases.catalog import WriteKind
from tieout.usecases.flow import Flow, Ready, dead_letter_of
from tieout.usecases.guarded import guarded_read

CUSTOMER = "customer"
"""What the orders of a refused customer wait for; also the entity that customers are bound as."""
ITEM = "item"
VARIANT = "of variant"
"""What stands between a SKU and its variant's id; either may be all that the shop says."""
SYSTEMS = (System.XERO, System.SAGE100)


def item_parent(line: OrderLine) -> str:
    """Return the name of the item that a line waits for: the shop's, by which aliases go."""
    variant = f"{VARIANT} {line.variant_id}" if line.variant_id else ""
    return " ".join(filter(None, (ITEM, sold_as(line.sku), variant)))


class SetAside:
    """Sets aside what one kind of write refuses; ``count`` says how many dead letters that made."""

    def __init__(self, flow: Flow, kind: WriteKind) -> None:
        """Take where the records go; nothing is asked before the first refusal."""
        self._flow = flow
        self._kind = kind
        self._told: set[str] | None = None
        """Parents that a dead letter tells of."""
        self.count = 0

    def refuse(
        self, ready: Ready, key: str, refused: Refused, *, mapped: Json | None = None
    ) -> None:
        """Set the document aside, or let it wait where a dead letter tells of its parent already.

        ``key`` is that of the refused record, '' when none was made.
        """
        parent = f"{self._kind.parent} {key}" if self._kind.parent and key else ""
        if parent and parent in self._parents_told():
            self._flow.ledger.wait(ready.document_id, parent=parent)
            return
        letter = dead_letter_of(
            ready.document,
            refused,
            step=self._kind.entity,
            order=ready.worth,
            mapped=mapped,
            waits_for=(parent,) if parent else (),
        )
        self._flow.ledger.set_aside(letter)
        self.count += 1
        if parent:
            self._parents_told().add(parent)

    def _parents_told(self) -> set[str]:
        if self._told is None:
            known = self._flow.ledger.parents(self._flow.pair.pair)
            self._told = {parent.name for parent in known if parent.dead_letters}
        return self._told


def let_children_on(flow: Flow, *, looks: bool) -> int:
    """Let go on what waits for parents that are there by now; return how many.

    ``looks`` says whether to ask the systems for items; customers are known to the ledger.
    """
    parents = flow.ledger.parents(flow.pair.pair)
    there = _customers_there(flow, [one for one in parents if one.kind == CUSTOMER])
    items = [one for one in parents if one.kind == ITEM]
    if looks and items:
        there |= _items_there(flow, items)
    return flow.ledger.let_on(flow.pair.pair, there) if there else 0


def _customers_there(flow: Flow, parents: Iterable[Parent]) -> set[str]:
    """Return the customers bound in both systems, and those that nothing tells of or tries."""
    waited = list(parents)
    if not waited:
        return set()
    keys = {parent.key for parent in waited}
    bound = [flow.ledger.bindings(flow.pair.pair, CUSTOMER, keys, system) for system in SYSTEMS]
    return {
        parent.name
        for parent in waited
        if all(parent.key in one for one in bound) or not (parent.dead_letters or parent.is_tried)
    }


def _items_there(flow: Flow, parents: Sequence[Parent]) -> set[str]:
    """Return the items that both systems have; none while one of them cannot be read."""
    wanted = {one.name: _item_codes(flow.pair, one.key) for one in parents}
    codes = {code for codes in wanted.values() for code in codes if is_item_code(code)}
    try:
        xero = guarded_read(flow, System.XERO, flow.xero.reference)
        sage100 = guarded_read(flow, System.SAGE100, lambda: flow.sage100.reference(codes))
    except (RetryableError, AuthenticationError):
        # The streams have it: capturing must go on, and the next sweep looks again.
        return set()
    in_both = xero.item_codes & sage100.item_codes
    return {name for name, codes in wanted.items() if codes <= in_both}


def _item_codes(pair: Pair, key: str) -> set[str]:
    """Return the items of the ledgers that the shop's is, by the aliases as they are now."""
    sku, _, variant_id = f" {key}".partition(f" {VARIANT} ")
    parts = alias_of(pair.item_aliases, variant_id, sku)
    return {part.item_code for part in parts} or {sold_as(sku)}
