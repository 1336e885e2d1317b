"""What the gate must know of the company: codes that documents may name, and customers' credit."""

from collections.abc import Collection
from decimal import Decimal

from tieout.connectors.sage100.reader import Sage100Reader
from tieout.ports.systems import Credit, Sage100Reference, StockItem

ACTIVE = "A"
INACTIVE = "I"
OWED = "CurrentBalance AgingCategory1 AgingCategory2 AgingCategory3 AgingCategory4"
"""What a customer owes, by how long it has been due: together it is all."""


def reference(reader: Sage100Reader, item_codes: Collection[str]) -> Sage100Reference:
    """Read active items among ``item_codes``, active accounts, and the codes in use."""
    codes = {"ItemCode": sorted(item_codes)}
    columns = "InactiveItem UseInSO ProductLine Category1 SalesUnitOfMeasure"
    items = [
        row
        for row in reader.rows("CI_Item", columns, among=codes)
        if row.text("InactiveItem") != "Y"
    ]
    accounts = reader.rows("GL_Account", "Account AccountDesc", among={"Status": [ACTIVE]})
    names = {row.text("Account"): row.text("AccountDesc") for row in accounts}
    warehouses = reader.rows("IM_Warehouse", "WarehouseStatus")
    return Sage100Reference(
        item_codes=frozenset(row.text("ItemCode") for row in items),
        unsold_item_codes=frozenset(
            row.text("ItemCode") for row in items if row.text("UseInSO") == "N"
        ),
        accounts=frozenset(names),
        bank_codes=_keys(reader, "GL_Bank", "BankCode", "CashAccountKey"),
        warehouse_codes=frozenset(
            row.text("WarehouseCode")
            for row in warehouses
            if row.text("WarehouseStatus") != INACTIVE
        ),
        terms_codes=_keys(reader, "AR_TermsCode", "TermsCode"),
        tax_schedules=_keys(reader, "SY_SalesTaxSchedule", "TaxSchedule"),
        account_names=names,
        items={
            row.text("ItemCode"): StockItem(
                category=row.text("Category1"),
                product_line=row.text("ProductLine"),
                sales_unit=row.text("SalesUnitOfMeasure"),
            )
            for row in items
        },
    )


def credit(
    reader: Sage100Reader, division: str, customer_nos: Collection[str]
) -> dict[str, Credit]:
    """Return what customers of a division owe and may owe, by number."""
    among = {"ARDivisionNo": [division], "CustomerNo": sorted(customer_nos)}
    columns = f"CreditLimit CreditHold OpenOrderAmt {OWED}"
    return {
        row.text("CustomerNo"): Credit(
            limit=row.amount("CreditLimit"),
            owed=sum((row.amount(name) for name in OWED.split()), Decimal(0)),
            on_order=row.amount("OpenOrderAmt"),
            is_on_hold=row.text("CreditHold") == "Y",
        )
        for row in reader.rows("AR_Customer", columns, among=among)
    }


def _keys(reader: Sage100Reader, table: str, name: str, columns: str = "") -> frozenset[str]:
    return frozenset(row.text(name) for row in reader.rows(table, columns))
