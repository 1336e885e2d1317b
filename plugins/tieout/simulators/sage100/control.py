"""Locks and faults that tests arm over HTTP and that the BOI double meets in another process."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tieout.simulators.sage100.store import CompanyFile

# Where a fault strikes when the test does not say: the window that it was made for.
STRIKES_AT: Final = {
    "lock": "nSetKey",
    "com_error": "nSetKey",
    "kill_before_write": "nWrite",
    "drop_after_write": "nWrite",
}


@dataclass(frozen=True)
class BoiFault:
    """One blow of a fault; ``ends_process`` takes the client's process with it."""

    kind: str
    ends_process: bool


@dataclass(frozen=True)
class NewBoiFault:
    """A fault to arm: the next ``count`` calls of ``at`` on an object of ``class_name``."""

    kind: str
    class_name: str
    count: int = 1
    at: str = ""
    ends_process: bool = False


def arm(file: CompanyFile, fault: NewBoiFault) -> None:
    """Arm a fault."""
    sql = (
        "INSERT INTO _boi_fault (kind, class, at, ends_process, count_left) VALUES (?, ?, ?, ?, ?)"
    )
    at = fault.at or STRIKES_AT[fault.kind]
    file.run(sql, fault.kind, fault.class_name, at, int(fault.ends_process), fault.count)


def disarm_all(file: CompanyFile) -> None:
    """Disarm every fault."""
    file.run("DELETE FROM _boi_fault")


def take(file: CompanyFile, class_name: str, method: str) -> BoiFault | None:
    """Use up one blow of a fault that strikes this call; ``*`` as class strikes every class."""
    found = file.run(
        "SELECT id FROM _boi_fault WHERE count_left > 0 AND class IN (?, '*') AND at = ? LIMIT 1",
        class_name,
        method,
    )
    if not found:
        return None
    struck = file.run(
        "UPDATE _boi_fault SET count_left = count_left - 1 WHERE id = ? AND count_left > 0"
        " RETURNING kind, ends_process",
        found[0][0],
    )
    return BoiFault(str(struck[0][0]), bool(struck[0][1])) if struck else None


def lock(file: CompanyFile, table: str, key: str, seconds: float) -> None:
    """Hold a record, as another workstation would, for some seconds."""
    sql = "INSERT OR REPLACE INTO _lock (table_name, record_key, until_epoch) VALUES (?, ?, ?)"
    file.run(sql, table, key, time.time() + seconds)


def is_locked(file: CompanyFile, table: str, key: Sequence[str]) -> bool:
    """Say whether another workstation holds a record; keys are joined by ``/``."""
    sql = "SELECT 1 FROM _lock WHERE table_name = ? AND record_key = ? AND until_epoch > ?"
    return bool(file.run(sql, table, "/".join(key), time.time()))
