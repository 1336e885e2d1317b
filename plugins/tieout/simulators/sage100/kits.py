"""Sales kits: an item of ProductType K whose components an order lists by itself.

With ExplodeKitItems on, a line of the kit is followed by a line for each component, without price:
the kit's line carries the money, the components the stock (README 6: kits "add lines by
themselves"). The dictionary has no table of kits, so what a kit is made of is the simulator's own.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from tieout.simulators.sage100.store import CompanyFile, Row

KIT, COMPONENT = "Y", "C"
"""ExplodedKitItem of the kit's line and of its components' lines; the values are unconfirmed."""
PRODUCT_TYPE: Final = "K"


def define(file: CompanyFile, kit: str, components: Mapping[str, Decimal]) -> None:
    """Say how much of each component one kit takes, as people do in Sales Kit Maintenance."""
    changes = {"ProductType": PRODUCT_TYPE, "ExplodeKitItems": "Y"}
    file.update("CI_Item", {"ItemCode": kit}, changes)
    file.run("DELETE FROM _sales_kit WHERE kit = ?", kit)
    for component, quantity in components.items():
        file.run("INSERT INTO _sales_kit VALUES (?, ?, ?)", kit, component, f"{quantity:f}")


def components(file: CompanyFile, kit: Row) -> dict[str, Decimal]:
    """Return the quantity of each component of one kit; nothing for what is no kit to explode."""
    is_exploded = kit.text("ProductType") == PRODUCT_TYPE and kit.text("ExplodeKitItems") == "Y"
    if not is_exploded:
        return {}
    sql = "SELECT component, quantity_per_bill FROM _sales_kit WHERE kit = ? ORDER BY component"
    return {str(c): Decimal(str(q)) for c, q in file.run(sql, kit.text("ItemCode"))}


def moves_stock(line: Row) -> bool:
    """Say whether a line of an order or invoice commits and moves stock."""
    return line.text("ItemType") == "1" and line.text("ExplodedKitItem") != KIT
