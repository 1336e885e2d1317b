"""Items: rules and forms of the Items resource.

Quantities of tracked items are kept as given; what sales do to them is not simulated.
"""

from decimal import Decimal
from typing import Final

from tieout.simulators.xero import batch, history, lists
from tieout.simulators.xero.batch import Writing
from tieout.simulators.xero.charts import account_of
from tieout.simulators.xero.exchange import Answer, Call
from tieout.simulators.xero.lines import rounded
from tieout.simulators.xero.lists import Listing
from tieout.simulators.xero.refusals import (
    InvalidError,
    NotFoundError,
    check,
    too_long,
)
from tieout.simulators.xero.setting_records import Item, ItemPrice
from tieout.simulators.xero.store import Books
from tieout.simulators.xero.wire import (
    Json,
    given,
    members,
    rendered,
    wire_name,
)

_LENGTHS: Final = {"code": 30, "name": 50, "description": 4000, "purchase_description": 4000}
_ITEMS_PER_REQUEST_MAX: Final = 500
_EMPTIED_WITHOUT: Final = {
    "is_sold": ("description", "sales_details"),
    "is_purchased": ("purchase_description", "purchase_details"),
}
"""What an update takes away with a flag (specification, Item: IsSold and IsPurchased)."""

LISTING: Final = Listing[Item](
    plural="Items",
    singular="Item",
    fields={
        "itemid": lambda i: i.item_id,
        "code": lambda i: i.code,
        "name": lambda i: i.name,
        "description": lambda i: i.description,
        "issold": lambda i: bool(i.is_sold),
        "ispurchased": lambda i: bool(i.is_purchased),
        "istrackedasinventory": lambda i: bool(i.is_tracked_as_inventory),
        "updateddateutc": lambda i: i.updated,
    },
)


def answer(call: Call) -> Answer:
    """Serve /Items; an item answers to its id and to its code."""
    if not call.record_id:
        if call.method == "GET":
            return _listed(call)
        return batch.written(call, WRITING)
    item = _by_id_or_code(call.books, call.record_id)
    if call.action:
        return history.answer(call, item.item_id or "")
    if call.method == "GET":
        return Answer(content={"Items": [shown(item, call.unit_places)]})
    if call.method == "DELETE":
        call.books.items.drop(item)
        return Answer(204)
    return batch.written(call, WRITING)


def _listed(call: Call) -> Answer:
    changed = call.books.items.changed_since(call.modified_since)
    chosen = lists.selected(call, changed, LISTING)
    places = call.unit_places
    return Answer(
        content=lists.paged(call, chosen, LISTING, render=lambda item: shown(item, places))
    )


def _by_id_or_code(books: Books, key: str) -> Item:
    found = books.items.get(key) or next(iter(books.items.find("code", key)), None)
    if found is None:
        raise NotFoundError
    return found


def _apply(call: Call, request: Item) -> Json:
    return shown(saved(call.books, request, creates_only=call.creates_only), call.unit_places)


def saved(books: Books, request: Item, *, creates_only: bool) -> Item:
    """Create the item, or update the one that the request names by its id or code.

    Raises:
        NotFoundError: The ItemID is unknown.
        InvalidError: The request breaks a rule.
    """
    if request.item_id:
        prior: Item | None = _by_id_or_code(books, request.item_id)
    else:
        prior = next(iter(books.items.find("code", request.code)), None)
    if prior is not None and creates_only:
        check([f"Price List Item with Code '{request.code}' already exists"])
    check(_problems(books, request, prior))
    values: dict[str, object] = {
        "item_id": books.new_id(),
        "is_tracked_as_inventory": bool(request.inventory_asset_account_code),
        "is_sold": True,
        "is_purchased": True,
    }
    if prior is not None:
        values = {name: getattr(prior, name) for name in Item.model_fields}
    changes = {name: value for name, value in given(request).items() if name != "item_id"}
    for flag, emptied in _EMPTIED_WITHOUT.items():
        if prior is not None and changes.get(flag) is False:
            changes |= dict.fromkeys(emptied)
    item = Item.model_validate({**values, **changes, "updated": books.clock()})
    history.recorded(
        books, item.item_id, "Edited" if prior else "Created", f"Item {item.code} saved"
    )
    return books.items.put(item)


def _problems(books: Books, request: Item, prior: Item | None) -> list[str]:
    messages = too_long(request, _LENGTHS, {field: wire_name(field) for field in _LENGTHS})
    if prior is None and not request.code:
        messages.append("Code must be specified")
    if any(item is not prior for item in books.items.find("code", request.code)):
        messages.append(f"Price List Item with Code '{request.code}' already exists")
    for details in (request.purchase_details, request.sales_details):
        messages += _price_problems(books, details)
    return messages


def _price_problems(books: Books, details: ItemPrice | None) -> list[str]:
    if details is None:
        return []
    messages = [
        f"Account code '{code}' is not a valid code for this item."
        for code in (details.account_code, details.cogs_account_code)
        if code and account_of(books, code=code, account_id=None) is None
    ]
    if details.tax_type and books.tax_rates.get(details.tax_type) is None:
        messages.append(f"The TaxType code '{details.tax_type}' does not exist.")
    return messages


def shown(item: Item, unit_places: int) -> Json:
    """Return an item as the vendor shows it."""
    content = members(item, "item_id", "code", "description", "purchase_description")
    content["UpdatedDateUTC"] = rendered(item.updated)
    content["PurchaseDetails"] = _price(item.purchase_details, unit_places)
    content["SalesDetails"] = _price(item.sales_details, unit_places)
    content |= members(item, "name", "is_tracked_as_inventory")
    if item.is_tracked_as_inventory:
        content |= members(item, "inventory_asset_account_code")
        content["TotalCostPool"] = item.total_cost_pool or Decimal(0)
        content["QuantityOnHand"] = item.quantity_on_hand or Decimal(0)
    return content | members(item, "is_sold", "is_purchased")


def _price(details: ItemPrice | None, unit_places: int) -> Json:
    if details is None:
        return {}
    content = members(details, *ItemPrice.model_fields)
    if details.unit_price is not None:
        content["UnitPrice"] = rounded(details.unit_price, unit_places)
    return content


def _echo(request: Item, _refusal: InvalidError) -> Json:
    return batch.plain_echo(request, without="item_id")


WRITING: Final = Writing[Item](
    plural="Items",
    singular="Item",
    model=Item,
    id_field="itemid",
    id_key="ItemID",
    apply=_apply,
    echo=_echo,
    error_flag="",
    elements_max=_ITEMS_PER_REQUEST_MAX,
)
