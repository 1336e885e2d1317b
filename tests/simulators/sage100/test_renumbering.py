"""What people do to whole records: deleting, renumbering and merging them (README, 2.2)."""

import pytest

from simulators.sage100.boi_client import Boi, write_order_1042
from simulators.sage100.installation import Sage100

BUYER = {"ARDivisionNo": "00", "CustomerNo": "0001001"}
"""Whose order 1042 is."""
NEW = {"ARDivisionNo": "00", "CustomerNo": "BUYER"}
LAMP = {"ItemCode": "LAMP-01"}


def act(
    sage100: Sage100, name: str, table: str, key: dict[str, str], to: dict[str, str] | None = None
) -> tuple[int, str]:
    answer = sage100.act(name, table=table, key=key, **({"to": to} if to else {}))
    return answer.status_code, str(answer.json().get("message", ""))


def values(sage100: Sage100, table: str, column: str) -> set[str]:
    return {row[0] for row in sage100.query(f"SELECT {column} FROM {table}")}  # noqa: S608 - our own names


def test_a_record_that_something_open_names_is_not_deleted(sage100: Sage100, boi: Boi) -> None:
    order_no = write_order_1042(boi)
    assert act(sage100, "delete_record", "AR_Customer", BUYER) == (
        409,
        "Customer 00-0001001 has open orders and can't be deleted.",
    )
    assert act(sage100, "delete_record", "CI_Item", LAMP)[1].startswith("Item LAMP-01 has open")
    sage100.done("delete_sales_order", sales_order_no=order_no)
    assert act(sage100, "delete_record", "CI_Item", LAMP)[1] == (
        "Item LAMP-01 has stock and can't be deleted."
    )
    assert act(sage100, "delete_record", "AR_Customer", BUYER)[0] == 200
    assert "0001001" not in values(sage100, "AR_Customer", "CustomerNo")


def test_another_number_stands_wherever_the_old_one_stood(sage100: Sage100, boi: Boi) -> None:
    write_order_1042(boi)
    assert act(sage100, "renumber_record", "AR_Customer", BUYER, NEW)[0] == 200
    assert values(sage100, "SO_SalesOrderHeader", "CustomerNo") == {"BUYER"}
    assert "0001001" not in values(sage100, "AR_Customer", "CustomerNo")
    assert act(sage100, "renumber_record", "AR_Customer", BUYER, NEW)[0] == 409
    guest = {"ARDivisionNo": "00", "CustomerNo": "WEBGUEST"}
    assert act(sage100, "renumber_record", "AR_Customer", guest, NEW)[1] == (
        "Customer 00-BUYER is already on file."
    )


@pytest.mark.parametrize(
    ("table", "column", "rest"),
    [("CI_Item", "ItemCode", {}), ("AP_Vendor", "VendorNo", {"APDivisionNo": "00"})],
)
def test_items_and_vendors_get_other_numbers_too(
    sage100: Sage100, table: str, column: str, rest: dict[str, str]
) -> None:
    numbers = values(sage100, table, column)
    old = min(numbers)
    changed = act(
        sage100, "renumber_record", table, {**rest, column: old}, {**rest, column: "ANEW"}
    )
    assert changed == (200, "")
    assert values(sage100, table, column) == numbers - {old} | {"ANEW"}


def test_a_merge_gives_all_documents_to_the_survivor(sage100: Sage100, boi: Boi) -> None:
    write_order_1042(boi)
    guest = {"ARDivisionNo": "00", "CustomerNo": "WEBGUEST"}
    before = values(sage100, "AR_Customer", "CustomerNo")
    assert act(sage100, "merge_records", "AR_Customer", BUYER, guest)[0] == 200
    assert values(sage100, "AR_Customer", "CustomerNo") == before - {"0001001"}
    assert values(sage100, "SO_SalesOrderHeader", "CustomerNo") == {"WEBGUEST"}
    assert act(sage100, "merge_records", "AR_Customer", guest, guest)[0] == 409
    assert act(sage100, "merge_records", "CI_Item", LAMP, {"ItemCode": "SHADE-02"})[1] == (
        "Item LAMP-01 can't be merged into SHADE-02."
    )
