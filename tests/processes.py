"""Real processes for tests: start one, wait until it answers, end it by its id."""

import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0


UNTRUSTING = ssl.create_default_context()
"""Talks to any server: certificates of tests are signed by nobody."""
UNTRUSTING.check_hostname = False
UNTRUSTING.verify_mode = ssl.CERT_NONE
PORTS = range(20000, 32000)
"""Below what the kernel hands to outgoing calls, which could take a port before its server does."""
PORTS_APART = 61
TURNS = count(os.getpid() * PORTS_APART)
"""Processes that test side by side begin at different ports."""


def free_port() -> int:
    """Return a loopback port that nobody listens on now, and another at every call."""
    for _try in PORTS:
        port = PORTS[next(TURNS) % len(PORTS)]
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    message = f"every port from {PORTS.start} to {PORTS.stop} is taken"
    raise RuntimeError(message)


@contextmanager
def running(
    arguments: Sequence[str],
    *,
    ready_url: str,
    env: Mapping[str, str] | None = None,
    patience_s: float = START_TIMEOUT_S,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``python <arguments>`` until the block ends; any answer of ``ready_url`` is ready."""
    process = subprocess.Popen([sys.executable, *arguments], env={**os.environ, **(env or {})})
    try:
        _wait_until_ready(process, ready_url, patience_s)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            message = f"{process.args!r} ended with {process.returncode} before it was ready"
            raise RuntimeError(message)
        try:
            urllib.request.urlopen(url, timeout=2, context=UNTRUSTING).close()  # noqa: S310 - loopback only
        except urllib.error.HTTPError as answer:
            answer.close()
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    message = f"{process.args!r} did not answer {url} within {patience_s} s"
    raise TimeoutError(message)
