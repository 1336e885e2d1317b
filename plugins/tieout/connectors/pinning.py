"""Certificate pinning for requests: one certificate is trusted, by its SHA-256, no authority."""

from typing import Any

import requests
from requests.adapters import HTTPAdapter
from typing_extensions import override

FINGERPRINT_DIFFERS = "Fingerprints did not match"
"""How urllib3 says that a server shows another certificate than the pinned one."""


class PinnedAdapter(HTTPAdapter):
    """Talks to the holder of one certificate, by whatever way it is reached."""

    def __init__(self, certificate_sha256: str) -> None:
        """Take the SHA-256 of the certificate, in hexadecimal digits."""
        self._certificate_sha256 = certificate_sha256
        super().__init__()

    @override
    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """Send, when the certificate is the right one."""
        # No authority is asked, not even one that the environment names: the certificate decides.
        return super().send(request, *args, **{**kwargs, "verify": False})

    @override
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Compare the certificate of every connection."""
        super().init_poolmanager(*args, assert_fingerprint=self._certificate_sha256, **kwargs)

    @override
    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Compare the certificate behind a proxy, too."""
        kwargs["assert_fingerprint"] = self._certificate_sha256
        return super().proxy_manager_for(proxy, **kwargs)


class NoAdapter(HTTPAdapter):
    """Refuses a way on which no certificate is shown."""

    @override
    def send(
        self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any
    ) -> requests.Response:
        """Send nothing."""
        message = f"{request.url} shows no certificate to compare"
        raise requests.exceptions.InvalidSchema(message)
