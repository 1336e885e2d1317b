"""Processes that we started: recorded with their start time, found again, ended by id.

A process id alone may have been reused by a stranger; id and start time together may not. Each
process leads a session of its own, so what it forked is found and ended with it, even after it
died. Linux only: it reads /proc. What to start belongs to components.py, when to supervisor.py.
"""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from tieout.domain.base import Frozen

POLL_S = 0.1


class ProcessRecord(Frozen):
    """One process that we started, as written to <home>/run/<name>.json."""

    name: str
    pid: int
    started_ticks: int
    """Start time since boot, in clock ticks (field 22 of /proc/<pid>/stat)."""
    boot_id: str
    restarts: int = 0


def record_of(name: str, pid: int, *, restarts: int = 0) -> ProcessRecord:
    """Return the record of a process that runs now.

    Raises:
        ProcessLookupError: It has ended already.
    """
    stat = _stat(pid)
    if stat is None:
        raise ProcessLookupError(pid)
    return ProcessRecord(
        name=name, pid=pid, started_ticks=stat.started_ticks, boot_id=_boot_id(), restarts=restarts
    )


def write_record(run: Path, record: ProcessRecord) -> None:
    """Write the record to its file, which others read meanwhile: the old one or the new, whole."""
    run.mkdir(parents=True, exist_ok=True)
    draft = run / f"{record.name}.draft"
    draft.write_text(record.model_dump_json() + "\n", encoding="utf-8")
    draft.replace(run / f"{record.name}.json")


def read_records(run: Path) -> list[ProcessRecord]:
    """Return the records of this boot, by name."""
    records: list[ProcessRecord] = []
    for path in sorted(run.glob("*.json")):
        with suppress(FileNotFoundError):  # the process has ended since the folder was listed
            records.append(ProcessRecord.model_validate_json(path.read_text(encoding="utf-8")))
    return [record for record in records if record.boot_id == _boot_id()]


def forget(run: Path, name: str) -> None:
    """Remove the record of an ended process."""
    (run / f"{name}.json").unlink(missing_ok=True)


def is_alive(record: ProcessRecord) -> bool:
    """Say whether the very process of the record still runs."""
    stat = _stat(record.pid)
    return (
        stat is not None
        and stat.state != "Z"
        and stat.started_ticks == record.started_ticks
        and record.boot_id == _boot_id()
    )


def end(
    record: ProcessRecord, *, grace_s: float, signal_number: signal.Signals = signal.SIGTERM
) -> None:
    """End the process and all it forked: ask it, wait at most ``grace_s``, then kill by id."""
    if is_alive(record):
        _send(record.pid, signal_number)
        deadline = time.monotonic() + grace_s
        while is_alive(record) and time.monotonic() < deadline:
            time.sleep(POLL_S)
    for pid in session_members(record):
        _send(pid, signal.SIGKILL)


def session_members(record: ProcessRecord) -> list[int]:
    """Return the ids of the processes in the record's session, or none if its id was reused."""
    leader = _stat(record.pid)
    if leader is not None and leader.started_ticks != record.started_ticks:
        return []
    found = []
    for entry in Path("/proc").iterdir():
        stat = _stat(int(entry.name)) if entry.name.isdigit() else None
        if stat is not None and stat.session == record.pid and stat.state != "Z":
            found.append(int(entry.name))
    return found


class _Stat(Frozen):
    state: str
    session: int
    started_ticks: int


def _stat(pid: int) -> _Stat | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold blanks and brackets
    return _Stat(state=fields[0], session=int(fields[3]), started_ticks=int(fields[19]))


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _send(pid: int, signal_number: signal.Signals) -> None:
    try:
        os.kill(pid, signal_number)
    except ProcessLookupError:
        return
