"""Where a consent's answer arrives, at ``http://localhost:PORT/callback``, while somebody waits.

Listens on the loopback interface only. It shows one of three fixed texts and nothing of what came.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from typing_extensions import override

from tieout.errors import ConfigurationError

HOST = "127.0.0.1"
PATH = "/callback"
REQUEST_TIMEOUT_S = 10.0
"""How long a visitor may take to say what it wants."""
_PAGE = '<!doctype html><html lang="en"><title>Tieout</title><p>{}</p></html>'
_TAKEN = _PAGE.format("Thank you. Go back to where you ran the command; this page can be closed.")
_REFUSED = _PAGE.format("This answer does not belong to a request that is open. Nothing was done.")
_UNKNOWN = _PAGE.format("There is nothing here.")


def redirect_uri(port: int) -> str:
    """Return the address to register: Xero takes ``localhost`` by that name only."""
    return f"http://localhost:{port}{PATH}"


@contextmanager
def listening(
    port: int, take: Callable[[Mapping[str, str]], bool]
) -> Iterator[Callable[[float], bool]]:
    """Give every answer to ``take`` until the block ends; yields how to wait until one was taken.

    Raises:
        ConfigurationError: Something else listens on the port.
    """
    taken = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        timeout = REQUEST_TIMEOUT_S

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            if address.path != PATH:
                self._show(HTTPStatus.NOT_FOUND, _UNKNOWN)
            elif take(dict(parse_qsl(address.query))):
                self._show(HTTPStatus.OK, _TAKEN)
                taken.set()
            else:
                self._show(HTTPStatus.BAD_REQUEST, _REFUSED)

        def _show(self, status: HTTPStatus, page: str) -> None:
            content = page.encode()
            self.send_response(status)
            for name, value in _headers(len(content)).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the address holds a code."""

    try:
        server = ThreadingHTTPServer((HOST, port), Handler)
    except OSError as error:
        raise ConfigurationError(
            f"Port {port}, where the answer would arrive, is taken ({error.strerror}).",
            remedy="Choose another with --port, and register its address for the app too.",
        ) from error
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield taken.wait
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _headers(length: int) -> dict[str, str]:
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Length": str(length),
        "Content-Security-Policy": "default-src 'none'",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",  # the address of this page holds a code
        "Connection": "close",
    }
