"""Who may command: the HMAC over timestamp, method, path and body, under a key both sides hold.

A signed request can be replayed within the window; that is harmless, because a command id is
written once (journal.py). Transport secrecy belongs to TLS.
"""

import hashlib
import hmac
import re

AGE_MAX_S = 300


def signature(key: bytes, timestamp: str, method: str, path: str, body: bytes) -> str:
    """Return the hex signature of a request."""
    signed = f"{timestamp}.{method}.{path}.".encode() + body
    return hmac.new(key, signed, hashlib.sha256).hexdigest()


def is_authentic(  # noqa: PLR0913 - the parts of one request
    key: bytes, timestamp: str, given: str, *, method: str, path: str, body: bytes, now_s: float
) -> bool:
    """Say whether a request was signed with the key not longer than ``AGE_MAX_S`` ago."""
    if not re.fullmatch(r"[0-9]{1,12}", timestamp) or abs(now_s - int(timestamp)) > AGE_MAX_S:
        return False
    expected = signature(key, timestamp, method, path, body)
    return hmac.compare_digest(expected.encode(), given.encode())
