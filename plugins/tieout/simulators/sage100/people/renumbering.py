"""Sage 100's utilities that give a customer, a vendor or an item another key, or merge two.

They change the key in every table at once, history too (README, 2.2: ``ChngTag:Replace`` in the
layouts). What is ours for want of a source: that the record itself is stamped as updated and
the others are not, that contacts and addresses which both have stay the surviving one's, and that
items are not merged.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from tieout.simulators.sage100.people.ledger import NotAllowedError
from tieout.simulators.sage100.people.maintenance import CALLED, PARTS, find
from tieout.simulators.sage100.schema import tables
from tieout.simulators.sage100.store import CompanyFile

KEYS = {
    "AR_Customer": ("ARDivisionNo", "CustomerNo"),
    "AP_Vendor": ("APDivisionNo", "VendorNo"),
    "CI_Item": ("ItemCode",),
}
ADDED = {
    "AR_Customer": (
        *("CurrentBalance", "OpenOrderAmt"),
        *(f"AgingCategory{number}" for number in range(1, 5)),
    )
}
"""What the survivor of a merge has of both."""

Key = Mapping[str, str]


def renumber_record(file: CompanyFile, table: str, old: Key, new: Key) -> dict[str, object]:
    """Give a record another key, which nobody has, wherever the old one stands.

    Raises:
        NotAllowedError: There is no such record, or the new key is taken.
    """
    _renumbered(table, new)
    find(file, table, old)
    if file.row(table, **new) is not None:
        message = f"{CALLED[table]} {_called(new)} is already on file."
        raise NotAllowedError(message)
    with file.transaction():
        for other in _naming(table):
            _rekey(file, other, old, new)
        file.update(table, new, {})
    return {"renumbered": _called(old), "to": _called(new)}


def merge_records(file: CompanyFile, table: str, old: Key, new: Key) -> dict[str, object]:
    """Merge a customer or a vendor into another one: its documents are the other's from now on.

    Raises:
        NotAllowedError: There is no such record, or such records are not merged.
    """
    _renumbered(table, new)
    find(file, table, old)
    find(file, table, new)
    if table == "CI_Item" or dict(old) == dict(new):
        message = f"{CALLED[table]} {_called(old)} can't be merged into {_called(new)}."
        raise NotAllowedError(message)
    lost, kept = file.rows(table, **old)[0], file.rows(table, **new)[0]
    sums = {name: lost.number(name) + kept.number(name) for name in ADDED.get(table, ())}
    with file.transaction():
        for part in PARTS.get(table, ()):
            _drop_what_both_have(file, part, old, new)
        file.delete(table, **old)
        for other in _naming(table):
            _rekey(file, other, old, new)
        file.update(table, dict(new), dict[str, str | Decimal](sums))
    return {"merged": _called(old), "into": _called(new)}


def _renumbered(table: str, new: Key) -> None:
    if table not in KEYS or set(new) != set(KEYS[table]) or not all(new.values()):
        message = f"{table} is not renumbered to {_called(new)}."
        raise NotAllowedError(message)


def _naming(table: str) -> Iterator[str]:
    """Yield every table that has the record's key, its own first."""
    wanted = set(KEYS[table])
    yield table
    yield from (
        name for name, one in tables().items() if name != table and wanted <= one.columns.keys()
    )


def _rekey(file: CompanyFile, table: str, old: Key, new: Key) -> None:
    """Change the key without a stamp."""
    names = ", ".join(f'"{name}" = ?' for name in new)
    where = " AND ".join(f'"{name}" = ?' for name in old)
    sql = f'UPDATE "{table}" SET {names} WHERE {where}'  # noqa: S608 - names from tables.json
    file.run(sql, *new.values(), *old.values())


def _drop_what_both_have(file: CompanyFile, part: str, old: Key, new: Key) -> None:
    own = [name for name in tables()[part].key if name not in old]
    for row in file.rows(part, **old):
        code = {name: row.text(name) for name in own}
        if file.row(part, **new, **code) is not None:
            file.delete(part, **old, **code)


def _called(key: Key) -> str:
    return "-".join(key.values())
