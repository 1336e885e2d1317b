"""Items that orders name and the ledgers do not have: which of theirs may be meant."""

from collections.abc import Iterable, Sequence

from tieout.domain.order import Order, OrderLine
from tieout.domain.suggestions import Suggestion, best_of, ranked
from tieout.ports.systems import XeroReference
from tieout.usecases.rows.orders import called, products

SOUGHT_MAX = 20
"""For how many unknown items of a batch others are sought: each is held against every item."""


def nearest_items(orders: Iterable[Order], xero: XeroReference) -> dict[str, Sequence[Suggestion]]:
    """Return, for items that Xero does not have, those of its items that look most like them.

    By what the item is called; its code is held against the codes, the line's title against the
    names.
    """
    unknown = {
        called(line): line
        for order in orders
        for line in products(order)
        if line.item_code not in xero.item_codes
    }
    codes = dict.fromkeys(xero.item_codes, "")
    by_name = {name: code for code, name in xero.item_names.items() if name}
    names = dict.fromkeys(by_name, "")

    def nearest(line: OrderLine) -> Sequence[Suggestion]:
        alike = ranked(line.title, names)
        named = [one.model_copy(update={"value": by_name[one.value]}) for one in alike]
        return best_of(ranked(line.item_code, codes), named)

    return {name: nearest(unknown[name]) for name in sorted(unknown)[:SOUGHT_MAX]}
