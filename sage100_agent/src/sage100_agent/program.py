"""The running agent: put together from its arguments, started, and stopped from another thread.

The only place that reads the wall clock. What runs it is ``__main__`` or, as a service, windows.py.
"""

import argparse
import logging
import signal
import threading
from datetime import date, datetime
from logging.handlers import RotatingFileHandler

import uvicorn

from sage100_agent import PROTOCOL, VERSION
from sage100_agent.app import Gate, create_app
from sage100_agent.arguments import login, read_text, sources
from sage100_agent.com import load_com
from sage100_agent.journal import Journal
from sage100_agent.maintenance import Maintenance
from sage100_agent.messages import Messages, read_rules
from sage100_agent.outbound import Outbound, RelayAddress
from sage100_agent.reading import Readings
from sage100_agent.seats import Seats
from sage100_agent.worker import CompanyWorker, Limits, Site

LOG = logging.getLogger("sage100_agent")
LOG_FORM = "%(asctime)s %(levelname)s %(name)s %(message)s"
LOG_BYTES_MAX = 10_000_000
LOG_FILES_MAX = 5
KEY_BYTES_MIN = 16
SWITCH_NAME = "maintenance"
"""A file of this name beside the journal means: leave Sage alone until it is gone."""


def now() -> datetime:
    """Return the time on this server, which is the time Sage itself goes by."""
    return datetime.now().astimezone()  # noqa: TID251 - the agent's only clock


def today() -> date:
    """Return the date on this server."""
    return now().date()


class Program:
    """One agent."""

    def __init__(self, given: argparse.Namespace) -> None:
        """Put the parts together; nothing runs yet.

        Raises:
            SystemExit: The key is too short to be one.
        """
        key = given.key_file.read_bytes().strip()
        if len(key) < KEY_BYTES_MIN:
            message = f"{given.key_file} must hold at least {KEY_BYTES_MIN} characters"
            raise SystemExit(message)
        switch = given.journal.with_name(SWITCH_NAME)
        self._maintenance = Maintenance(tuple(given.maintenance), switch)
        self._journal = Journal(given.journal)
        self._workers = self._companies(given)
        readings = Readings(sources(given.dsn, given.odbc_encoding))
        gate = Gate(key, self._journal, self._workers, readings, closed_for_s=self._closed_for_s)
        self._face = _asking(given, gate) if given.relay_url else _Listening(given, gate)

    def run(self) -> None:
        """Serve until told to stop; then finish the commands at hand and log off."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_given: self.stop())
        LOG.info("version %s, protocol %d, for %s", VERSION, PROTOCOL, ", ".join(self._workers))
        for worker in self._workers.values():
            worker.start()
        try:
            self._face.run()
        finally:
            for worker in self._workers.values():
                worker.stop()
            self._journal.close()
            LOG.info("stopped")

    def stop(self) -> None:
        """Let ``run`` return; from any thread."""
        self._face.stop()

    def _companies(self, given: argparse.Namespace) -> dict[str, CompanyWorker]:
        messages = Messages(read_rules(read_text(given.messages)) if given.messages else ())
        com = load_com(given.com, given.home)
        limits = Limits(settle_after_s=given.settle_after_s)
        seats = Seats(given.seats)
        workers = {}
        for argument in given.company:
            one = login(argument)
            site = Site(com, given.home, one, today, limits, messages, seats, self._closed_for_s)
            workers[one.company] = CompanyWorker(site, self._journal)
        return workers

    def _closed_for_s(self) -> float | None:
        return self._maintenance.remaining_s(now())


class _Listening:
    """Inbound mode: a port."""

    def __init__(self, given: argparse.Namespace, gate: Gate) -> None:
        self._server = uvicorn.Server(
            uvicorn.Config(
                create_app(gate),
                host=given.host,
                port=given.port,
                log_level="warning",
                log_config=None,
                ssl_certfile=given.tls_certificate,
                ssl_keyfile=given.tls_key,
            )
        )

    def run(self) -> None:
        self._server.run()

    def stop(self) -> None:
        self._server.should_exit = True


def _asking(given: argparse.Namespace, gate: Gate) -> Outbound:
    """Return outbound mode: no port, but a relay that is asked."""
    pin = given.relay_certificate_sha256.replace(":", "").replace(" ", "").lower()
    address = RelayAddress(given.relay_url, pin)
    return Outbound(create_app(gate), address, gate.key, len(gate.workers) + 1)


def log_to(given: argparse.Namespace) -> None:
    """Say where the log goes. It names commands, never what is in a record."""
    handler: logging.Handler = logging.StreamHandler()
    if given.log is not None:
        handler = RotatingFileHandler(
            given.log, maxBytes=LOG_BYTES_MAX, backupCount=LOG_FILES_MAX, encoding="utf-8"
        )
    logging.basicConfig(level=logging.INFO, format=LOG_FORM, handlers=[handler])
