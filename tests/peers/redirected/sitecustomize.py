"""Lead a peer's requests to a simulator instead of Xero, below everything the peer does itself.

Python imports this module when it starts with this folder on ``PYTHONPATH``. The hosts of Xero are
hard-wired in tap-xero, the token address inside a function; so the address is exchanged where
``requests`` hands a finished request to its transport. The peer's own code runs as installed, and
what it sends is what Xero would get but for scheme and host. Requests to other hosts are refused.
"""

import os
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

VENDOR_HOSTS = ("api.xero.com", "identity.xero.com")
_SIMULATOR = os.environ["PEER_SIMULATOR"]
_send = HTTPAdapter.send


def _redirected(
    adapter: HTTPAdapter, request: requests.PreparedRequest, *args: Any, **options: Any
) -> requests.Response:
    url = urlsplit(request.url or "")
    if url.scheme != "https" or url.hostname not in VENDOR_HOSTS:
        message = f"no simulator stands for {url.scheme}://{url.hostname}"
        raise requests.exceptions.ConnectionError(message)
    request.url = _SIMULATOR + url._replace(scheme="", netloc="").geturl()
    return _send(adapter, request, *args, **options)


HTTPAdapter.send = _redirected  # type: ignore[assignment, method-assign]
