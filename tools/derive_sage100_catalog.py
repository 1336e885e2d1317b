# ruff: noqa: INP001 - a script, no part of a package
"""Print the connector's catalog.json from a Sage 100 data dictionary: ``... DICTIONARY``.

Each column becomes one word: ``text(20)``, ``number(15,6)``, ``date`` or ``memo``. A ``?`` in front
says that no public source confirms the column's name, a ``?`` behind that none confirms its length,
and a ``!`` in front that Tieout never reads it. No parentheses: nobody knows the length.
"""

import json
import sys
from pathlib import Path
from typing import Any

WITHHELD = (
    "EncryptedVals SecurityKey CreditCardGUID CreditCardID CardholderName RoutingNo "
    "Last4UnencryptedCreditCardNos Last4BankRoutingNos Last4BankAccountNos "
    "CreditCardTransactionID CreditCardAuthorizationNo TaxpayerIDSocialSecurityNo"
)
"""Secrets, cards, bank and tax numbers of persons: nothing of ours needs them."""
SITE_COLUMN = {"UDF_TIEOUT_ID": "?text(30)"}
"""The user-defined field that a site adds for us (docs/howto/real-systems.md)."""
SITE_TABLES = ("AR_Customer", "SO_SalesOrderHeader", "SO_SalesOrderHistoryHeader")
UNDESCRIBED: dict[str, Any] = {
    "SY_SalesTaxSchedule": {
        "description": "Tax schedules",
        "is_confirmed": False,
        "is_of_system": False,
        "key": ["TaxSchedule"],
        "is_key_confirmed": False,
        "is_audit_confirmed": False,
        "columns": {"TaxSchedule": "?text(9)", "TaxScheduleDesc": "?text(30)?"},
    }
}
"""Tables that the dictionary names where it describes columns, and has no part of."""
KINDS = {"string": "text", "numeric": "number", "date": "date"}

Raw = dict[str, Any]


def word(column: Raw) -> str:
    """Return one column of the dictionary as the catalog writes it."""
    mark = "!" if column["name"] in WITHHELD.split() else "" if column["confirmed"] else "?"
    doubt = "" if column["length_confirmed"] else "?"
    kind, length = KINDS[column["type"]], column["length"]
    if length == "memo":
        return f"{mark}memo"
    if kind == "date":
        return f"{mark}{kind}"
    if not length:
        return f"{mark}{kind}{doubt}"
    if kind == "text":
        return f"{mark}text({length}){doubt}"
    # Precision stands as "12,2" (without the sign) or "13.2" (with it).
    digits, _, scale = length.replace(".", ",").partition(",")
    return f"{mark}number({int(digits) - ('.' in length)},{int(scale or 0)}){doubt}"


def table(name: str, raw: Raw) -> Raw:
    """Return one table of the dictionary as the catalog writes it."""
    columns = {column["name"]: word(column) for column in raw["columns"]}
    return {
        "description": raw["description"],
        "is_confirmed": raw["table_exists_confirmed"],
        "is_of_system": raw["premium_database"] == "MAS_SYSTEM",
        "key": raw["primary_key"],
        "is_key_confirmed": raw["primary_key_confirmed"],
        "is_audit_confirmed": raw["change_tracking_detail"]["confirmed"],
        "columns": columns | (SITE_COLUMN if name in SITE_TABLES else {}),
    }


def main() -> None:
    """Print the catalog."""
    dictionary = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    tables = {name: table(name, raw) for name, raw in dictionary.items() if name != "_meta"}
    print(json.dumps(tables | UNDESCRIBED, indent=1))  # noqa: T201 - printing is what this tool does


if __name__ == "__main__":
    main()
