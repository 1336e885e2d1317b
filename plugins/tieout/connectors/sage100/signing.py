"""How requests to and from the agent are signed: HMAC over timestamp, method, path and body.

The agent has the same lines of its own (sage100_agent/README.md), since it is another program.
"""

import hashlib
import hmac
import re

AGE_MAX_S = 300
TIMESTAMP_HEADER = "X-Tieout-Timestamp"
SIGNATURE_HEADER = "X-Tieout-Signature"


def signed_headers(
    key: bytes, *, method: str, path: str, body: bytes, now_s: float
) -> dict[str, str]:
    """Return the headers that sign a request."""
    timestamp = str(int(now_s))
    signature = _signature(key, timestamp, method, path, body)
    return {TIMESTAMP_HEADER: timestamp, SIGNATURE_HEADER: signature}


def is_authentic(  # noqa: PLR0913 - the parts of one request
    key: bytes, timestamp: str, given: str, *, method: str, path: str, body: bytes, now_s: float
) -> bool:
    """Say whether a request was signed with the key not longer than ``AGE_MAX_S`` ago."""
    if not re.fullmatch(r"[0-9]{1,12}", timestamp) or abs(now_s - int(timestamp)) > AGE_MAX_S:
        return False
    expected = _signature(key, timestamp, method, path, body)
    return hmac.compare_digest(expected.encode(), given.encode())


def _signature(key: bytes, timestamp: str, method: str, path: str, body: bytes) -> str:
    signed = f"{timestamp}.{method}.{path}.".encode() + body
    return hmac.new(key, signed, hashlib.sha256).hexdigest()
