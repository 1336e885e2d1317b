"""Runs of tap-xero 2.6.0, an Xero client of others, against a simulator.

`make peers` installs it in an environment of its own. Its executable runs as installed, with only
the hosts exchanged (``redirected/sitecustomize.py``), and its messages go to a file, as to the
target that a user would put behind it.
"""

import itertools
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from simulators.xero.client import HPS, Json, granted, web_app

PEER: Final = Path(sys.prefix) / "peers" / "tap-xero" / "bin" / "tap-xero"
REDIRECTED: Final = Path(__file__).parent / "redirected"
SCOPE: Final = " ".join(
    [
        "offline_access",
        *(
            f"accounting.{name}.read"
            for name in (
                *("banktransactions", "contacts", "invoices", "manualjournals"),
                *("payments", "settings"),
            )
        ),
    ]
)
START_DATE: Final = "2020-01-01T00:00:00Z"
RUN_LIMIT_S: Final = 600.0
_MEMORY_POLL_S: Final = 0.02


@dataclass(frozen=True)
class Run:
    """What one run of the tap wrote, how long its process lived, and the most memory it held."""

    output: Path
    log: str
    seconds: float
    rss_bytes_max: int

    def messages(self) -> Iterator[Json]:
        with self.output.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)

    def records(self) -> dict[str, list[Json]]:
        """Return the records of each stream, in the order in which they came."""
        streams: dict[str, list[Json]] = {}
        for message in self.messages():
            if message["type"] == "SCHEMA":
                streams.setdefault(message["stream"], [])
            elif message["type"] == "RECORD":
                streams[message["stream"]].append(message["record"])
        return streams

    def counts(self) -> Counter[str]:
        """Return how many records each stream has, without keeping any."""
        return Counter(m["stream"] for m in self.messages() if m["type"] == "RECORD")

    @property
    def records_per_s(self) -> float:
        """Return how many records came in a second, the start of the process included."""
        return self.counts().total() / self.seconds

    def state(self) -> Json:
        """Return the last state, from which the next run goes on."""
        *_, last = (message["value"] for message in self.messages() if message["type"] == "STATE")
        state: Json = last
        return state


@dataclass
class TapXero:
    """The tap, set up for one organisation of a simulator, with its configuration in a folder."""

    base: str
    folder: Path
    tenant_id: str = HPS
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not PEER.exists():
            message = f"{PEER} is missing: make peers"
            raise FileNotFoundError(message)
        self.folder.mkdir(parents=True, exist_ok=True)
        app = web_app(self.base)
        self._write(
            "config",
            {
                "start_date": START_DATE,
                "client_id": app.client_id,
                "client_secret": app.secret,
                "tenant_id": self.tenant_id,
                "refresh_token": granted(app, scope=SCOPE)["refresh_token"],
                **self.options,
            },
        )
        self._numbers = itertools.count(1)

    @property
    def config(self) -> Json:
        """Return its configuration, which it rewrites when its refresh token is replaced."""
        config: Json = json.loads((self.folder / "config.json").read_text(encoding="utf-8"))
        return config

    @cached_property
    def catalog(self) -> Json:
        """Return what it discovers that it can read."""
        catalog: Json = json.loads(self._run("--discover").output.read_text(encoding="utf-8"))
        return catalog

    def sync(self, streams: Collection[str], state: Mapping[str, Any] | None = None) -> Run:
        """Read the streams in full, or what has changed since ``state``."""
        for stream in self.catalog["streams"]:
            whole = next(entry for entry in stream["metadata"] if entry["breadcrumb"] == [])
            whole["metadata"]["selected"] = stream["tap_stream_id"] in streams
        arguments = ["--catalog", self._write("catalog", self.catalog)]
        if state:
            arguments += ["--state", self._write("state", state)]
        return self._run(*arguments)

    def _write(self, name: str, content: Mapping[str, Any]) -> str:
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return str(path)

    def _run(self, *arguments: str) -> Run:
        number = next(self._numbers)
        output, log = (self.folder / f"{number}.{kind}" for kind in ("jsonl", "log"))
        command = [str(PEER), "--config", str(self.folder / "config.json"), *arguments]
        # Nothing of our environment: a proxy set for it would come between.
        environment = {"PYTHONPATH": str(REDIRECTED), "PEER_SIMULATOR": self.base}
        with output.open("wb") as stdout, log.open("wb") as stderr:
            started = time.perf_counter()
            with subprocess.Popen(
                command, stdout=stdout, stderr=stderr, cwd=self.folder, env=environment
            ) as process:
                rss_bytes_max = _watched(process)
            seconds = time.perf_counter() - started
        run = Run(output, log.read_text(encoding="utf-8"), seconds, rss_bytes_max)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command, stderr=run.log)
        return run


def sync(
    base: str, folder: Path, streams: Collection[str], state: Mapping[str, Any] | None = None
) -> Run:
    """Read streams of a simulator's first organisation with a tap of its own."""
    return TapXero(base, folder).sync(streams, state)


def _watched(process: subprocess.Popen[bytes]) -> int:
    """Wait for the end of a process and return the most bytes of memory that it held.

    Its own high-water mark: what ``wait4`` says of a child counts the parent it was forked from.
    """
    status = Path(f"/proc/{process.pid}/status")
    rss_kb_max = 0
    deadline = time.monotonic() + RUN_LIMIT_S
    while process.poll() is None:
        if time.monotonic() > deadline:
            process.kill()
        marks = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        rss_kb_max = max([rss_kb_max, *(int(mark.split()[1]) for mark in marks)])
        time.sleep(_MEMORY_POLL_S)
    return rss_kb_max * 1024
