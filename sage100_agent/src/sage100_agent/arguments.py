"""The command line, and the files that it names.

Whoever reads this reads how the agent is told of a site; sage100_agent/README.md says it in words.
"""

import argparse
from pathlib import Path
from urllib.parse import urlsplit

from sage100_agent.boi import Login
from sage100_agent.maintenance import window
from sage100_agent.reading import Connect, odbc
from sage100_agent.worker import Limits

LOOPBACK = "127.0.0.1"


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the checked arguments."""
    parser = argparse.ArgumentParser(
        prog="sage100_agent",
        description="Write Tieout's documents into Sage 100, each once.",
        epilog="An argument of @FILE stands for the lines of FILE, an argument each.",
        fromfile_prefix_chars="@",
    )
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
        "--seats", type=int, choices=range(1, 10), default=1, metavar="N", help="sessions at a time"
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
    parser.add_argument("--log", type=Path, help="a file, kept small; without it, the error output")
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
        return read_text(Path(text[1:]))
    return text


def read_text(path: Path) -> str:
    """Return what a file says, without the space around it."""
    return path.read_text(encoding="utf-8").strip()
