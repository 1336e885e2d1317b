"""The options of a company's modules that decide what a record needs: people turn them on and off.

Sage 100 keeps them in option tables whose layout no public source confirms, so a client cannot see
them here either: it meets their effects, as it would on a site.
"""

from tieout.simulators.sage100.store import CompanyFile

NUMBERS_CUSTOMERS = "numbers_customers"
"""nGetNextCustomerNo gives numbers (boi.json: "when auto increment is on")."""
REPORTS_SALES_TAX = "reports_sales_tax"
"""Customers need a tax schedule."""
REQUIRES_SALESPERSON = "requires_salesperson"
"""Customers need a salesperson."""

_AT_FIRST = {NUMBERS_CUSTOMERS: True, REPORTS_SALES_TAX: True, REQUIRES_SALESPERSON: False}
OPTIONS = tuple(_AT_FIRST)


def is_on(file: CompanyFile, option: str) -> bool:
    """Say whether an option is on."""
    found = file.run("SELECT is_on FROM _option WHERE name = ?", option)
    return bool(found[0][0]) if found else _AT_FIRST[option]


def turn(file: CompanyFile, option: str, *, on: bool) -> None:
    """Turn an option on or off."""
    file.run("INSERT OR REPLACE INTO _option (name, is_on) VALUES (?, ?)", option, int(on))
