"""Writes in flight: rows that somebody has stamped and readers do not see yet.

ProvideX has no transaction across tables, and a reader with DirtyReads=1, as most DSNs have it,
misses rows that another workstation is writing. So a row can be held back here and shown later as
it was, stamps included: lines without their header, a header before its lines, a late write.
"""

import json
from collections.abc import Mapping

from tieout.simulators.sage100.people.ledger import NotAllowedError
from tieout.simulators.sage100.store import CompanyFile, Row


def begin_write(file: CompanyFile, table: str, key: Mapping[str, str]) -> dict[str, object]:
    """Hold back the rows with ``key`` as being written.

    Raises:
        NotAllowedError: There is none.
    """
    found = file.rows(table, **key)
    if not found:
        message = f"There is no such record in {table}."
        raise NotAllowedError(message)
    with file.transaction():
        for row in found:
            text = json.dumps({name: str(value) for name, value in row.items()})
            file.run("INSERT INTO _in_flight (table_name, row) VALUES (?, ?)", table, text)
        file.delete(table, **key)
    return {"rows": len(found)}


def end_writes(file: CompanyFile) -> dict[str, object]:
    """Show what is being written."""
    with file.transaction():
        held = file.run("SELECT table_name, row FROM _in_flight ORDER BY id")
        for table, text in held:
            file.restore(str(table), Row(json.loads(str(text))))
        file.run("DELETE FROM _in_flight")
    return {"rows": len(held)}
