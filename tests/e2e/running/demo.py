"""The demo run as a person runs it, measured meanwhile, and what it prints."""

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from installation import Installation
from tieout.stack import processes

PAIR = "harbor_and_pine"
LOOK_S = 2.0


@dataclass(frozen=True)
class DemoRun:
    """A run of the demo, how long it took, and the most memory that the stack held meanwhile."""

    returncode: int
    stdout: str
    stderr: str
    seconds: float
    memory_bytes: int


def run_demo(installation: Installation) -> DemoRun:
    """Run it to its end."""
    began, most = time.monotonic(), 0
    with installation.begin("demo") as process:
        while True:
            try:
                stdout, stderr = process.communicate(timeout=LOOK_S)
            except subprocess.TimeoutExpired:
                most = max(most, memory_bytes(installation.home))
                continue
            return DemoRun(process.returncode, stdout, stderr, time.monotonic() - began, most)


def line_of(output: str, name: str) -> list[str]:
    """Return the words of what the demo says of one order."""
    (line,) = (line for line in output.splitlines() if line.split()[:2] == [PAIR, name])
    return line.split()


def memory_bytes(home: Path) -> int:
    """Add up what the recorded processes, the supervisor's included, and their trees hold."""
    try:
        roots = {record.pid for record in processes.read_records(home / "run")}
    except ValueError:  # a record that is being written right now
        return 0
    return sum(_pss_bytes(pid) for pid in _with_descendants(roots))


def _with_descendants(roots: set[int]) -> set[int]:
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text(encoding="utf-8", errors="replace")
            except OSError:  # it has ended meanwhile
                continue
            parent = int(stat.rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(folder.name))
    found, waiting = set[int](), list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children.get(pid, [])
    return found


def _pss_bytes(pid: int) -> int:
    """Return a process's memory, of what it shares its share only."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:  # it has ended meanwhile
        return 0
    return 1024 * sum(
        int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")
    )
