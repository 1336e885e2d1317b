"""What a document that states a master record is, beyond the form of its columns.

Such a document names the record's key, what the record shall hold, and for a change also what it is
expected to hold before. Which columns there are belongs in fields.json, the writing in
writers/master_data.py.
"""

from sage100_agent.errors import RefusedError

KEYS: dict[str, tuple[str, ...]] = {
    "customer.update": ("ARDivisionNo", "CustomerNo"),
    "customer_contact.save": ("ARDivisionNo", "CustomerNo", "ContactCode"),
    "ship_to_address.save": ("ARDivisionNo", "CustomerNo", "ShipToCode"),
    "item.save": ("ItemCode",),
    "vendor.save": ("APDivisionNo", "VendorNo"),
}
"""The key of the record, by kind: the sender names it, so that no number of Sage's is used up."""
REGULAR = "1"
SPECIAL = "/"
"""How the codes of special items begin: they stand on lines, never in the item master."""


def check_expected(kind: str, header: dict[str, str], expected: dict[str, str]) -> None:
    """Refuse expectations of columns that the document does not state, or of the key.

    Raises:
        RefusedError: The document cannot be a change of a record.
    """
    stray = set(expected) - (set(header) - set(KEYS.get(kind, ())))
    if stray:
        message = f"expected names {min(stray)}, which {kind} does not change here."
        raise RefusedError("not_in_form", message)


def check_item(header: dict[str, str], *, is_new: bool) -> None:
    """Refuse an item that Sage's item master cannot keep.

    Raises:
        RefusedError: It is a special item, or a regular one without a product line.
    """
    if header["ItemCode"].startswith(SPECIAL):
        message = "An ItemCode that begins with / is a special item, which stands on lines only."
        raise RefusedError("wrong_key_form", message)
    if is_new and header["ItemType"] == REGULAR and not header.get("ProductLine"):
        raise RefusedError("missing_field", "item.save needs ProductLine for ItemType 1.")
