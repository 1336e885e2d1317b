"""``python -m sage100_agent``: read the arguments, start the workers, serve until told to stop.

The entry point, and therefore the only place that reads the wall clock, files with secrets, and the
command line.
"""

import argparse
import logging
import signal
from datetime import date, datetime
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette

from sage100_agent.app import Gate, create_app
from sage100_agent.boi import Login
from sage100_agent.com import load_com
from sage100_agent.journal import Journal
from sage100_agent.maintenance import Maintenance, window
from sage100_agent.messages import Messages, read_rules
from sage100_agent.outbound import Outbound, RelayAddress
from sage100_agent.reading import Connect, Readings, odbc
from sage100_agent.worker import CompanyWorker, Limits, Site

LOOPBACK = "127.0.0.1"
KEY_BYTES_MIN = 16
SWITCH_NAME = "maintenance"
"""A file of this name beside the journal means: leave Sage alone until it is gone."""


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the checked arguments."""
    parser = argparse.ArgumentParser(prog="sage100_agent", description=__doc__)
    parser.add_argument("--host", default=LOOPBACK, help="address to listen on")
    parser.add_argument("--port", type=int, help="inbound mode: the port to listen on")
    parser.add_argument(
        "--relay-url", default="", help="outbound mode: Tieout's relay, where we ask for requests"
    )
    parser.add_argument(
        "--relay-certificate-sha256",
        default="",
        help="the certificate that the relay must show; without it, one of a trusted authority",
    )
    parser.add_argument("--journal", type=Path, required=True, help="SQLite file, kept for ever")
    parser.add_argument(
        "--com", default="pywin32", help="pywin32, or module:function of a double (default pywin32)"
    )
    parser.add_argument("--home", required=True, help=r"path of MAS90\Home, given to Init")
    parser.add_argument(
        "--company",
        action="append",
        required=True,
        metavar="CODE:USER:PASSWORD",
        help="once per company; a PASSWORD of @FILE is read from FILE",
    )
    parser.add_argument("--key-file", type=Path, required=True, help="shared signing key")
    parser.add_argument(
        "--dsn",
        action="append",
        default=[],
        metavar="CODE:CONNECTION",
        help="ODBC string to read a company by for Tieout; a CONNECTION of @FILE is read from FILE",
    )
    parser.add_argument(
        "--odbc-encoding", default="cp1252", help="of ProvideX's 8-bit text (default cp1252)"
    )
    parser.add_argument(
        "--maintenance",
        action="append",
        type=window,
        default=[],
        metavar="HH:MM-HH:MM",
        help="leave Sage alone every day from and until, by this server's clock",
    )
    parser.add_argument(
        "--messages", type=Path, help="JSON file: what this site does about Sage's messages"
    )
    parser.add_argument("--tls-certificate", type=Path)
    parser.add_argument("--tls-key", type=Path)
    parser.add_argument("--settle-after-s", type=float, default=Limits.settle_after_s)
    parsed = parser.parse_args(arguments)
    if parsed.host != LOOPBACK and not (parsed.tls_certificate and parsed.tls_key):
        parser.error("listening beyond loopback needs --tls-certificate and --tls-key")
    if bool(parsed.port) == bool(parsed.relay_url):
        parser.error("give --port to listen, or --relay-url to open no port: one of them")
    relay = urlsplit(parsed.relay_url)
    if relay.scheme == "http" and relay.hostname != LOOPBACK:
        parser.error("a relay beyond loopback is reached by https")
    return parsed


def login(argument: str) -> Login:
    """Read ``CODE:USER:PASSWORD``."""
    company, user, password = argument.split(":", 2)
    return Login(company.upper(), user, _said(password))


def sources(arguments: list[str], encoding: str) -> dict[str, Connect]:
    """Read each ``CODE:CONNECTION`` into the way to connect to that company."""
    parted = (argument.partition(":") for argument in arguments)
    return {company.upper(): odbc(_said(text), encoding) for company, _colon, text in parted}


def _said(text: str) -> str:
    """Return what an argument says, or what the file that it names says."""
    if text.startswith("@"):
        return _read(Path(text[1:]))
    return text


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip()


def now() -> datetime:
    """Return the time on this server, which is the time Sage itself goes by."""
    return datetime.now().astimezone()  # noqa: TID251 - the entry point owns the clock


def today() -> date:
    """Return the date on this server."""
    return now().date()


def listen(parsed: argparse.Namespace, app: Starlette) -> None:
    """Serve a port until told to stop."""
    uvicorn.run(
        app,
        host=parsed.host,
        port=parsed.port,
        log_level="warning",
        ssl_certfile=parsed.tls_certificate,
        ssl_keyfile=parsed.tls_key,
    )


def ask(parsed: argparse.Namespace, app: Starlette, key: bytes, *, pollers: int) -> None:
    """Ask the relay until told to stop."""
    pin = parsed.relay_certificate_sha256.replace(":", "").replace(" ", "").lower()
    outbound = Outbound(app, RelayAddress(parsed.relay_url, pin), key, pollers)
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, lambda *_given: outbound.stop())
    outbound.run()


def main(arguments: list[str] | None = None) -> None:
    """Serve until told to stop."""
    parsed = parse_arguments(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    key = parsed.key_file.read_bytes().strip()
    if len(key) < KEY_BYTES_MIN:
        message = f"{parsed.key_file} must hold at least {KEY_BYTES_MIN} characters"
        raise SystemExit(message)
    journal = Journal(parsed.journal)
    limits = Limits(settle_after_s=parsed.settle_after_s)
    switch = parsed.journal.with_name(SWITCH_NAME)
    maintenance = Maintenance(tuple(parsed.maintenance), switch)

    def closed_for_s() -> float | None:
        return maintenance.remaining_s(now())

    messages = Messages(read_rules(_read(parsed.messages)) if parsed.messages else ())
    com = load_com(parsed.com, parsed.home)
    workers = {}
    for argument in parsed.company:
        site = Site(com, parsed.home, login(argument), today, limits, messages, closed_for_s)
        workers[site.login.company] = CompanyWorker(site, journal)
    readings = Readings(sources(parsed.dsn, parsed.odbc_encoding))
    for worker in workers.values():
        worker.start()
    app = create_app(Gate(key, journal, workers, readings, closed_for_s=closed_for_s))
    try:
        if parsed.relay_url:
            ask(parsed, app, key, pollers=len(workers) + 1)
        else:
            listen(parsed, app)
    finally:
        for worker in workers.values():
            worker.stop()
        journal.close()


if __name__ == "__main__":
    main()
