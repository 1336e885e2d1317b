"""One message while it streams in: its size, hash and signatures, and what record it speaks of.

The signature is over the raw bytes, so nothing here decodes before it was checked.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Sequence

BODY_BYTES_MAX = 1_048_576
"""Largest body that is stored, in bytes (1 MiB); of a larger one only size and hash are kept."""
BODY_BYTES_HARD_MAX = 16_777_216
"""Largest body that is read at all, in bytes (16 MiB)."""
ID_DIGITS_MAX = 20

_NUMERIC = re.compile(rf"[0-9]{{1,{ID_DIGITS_MAX}}}")
_GID = re.compile(rf"gid://shopify/[A-Za-z]+/([0-9]{{1,{ID_DIGITS_MAX}}})")


class ReceivedBody:
    """A body as it arrives; memory stays under BODY_BYTES_MAX and one chunk."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        """Sign with each of the secrets while reading."""
        self.size = 0
        self._signatures = [hmac.new(secret, digestmod=hashlib.sha256) for secret in secrets]
        self._hash = hashlib.sha256()
        self._chunks: list[bytes] = []

    def add(self, chunk: bytes) -> bool:
        """Take the next bytes; False when the body is over the hard limit."""
        self.size += len(chunk)
        if self.size > BODY_BYTES_HARD_MAX:
            return False
        for signature in self._signatures:
            signature.update(chunk)
        self._hash.update(chunk)
        if self.size <= BODY_BYTES_MAX:
            self._chunks.append(chunk)
        else:
            self._chunks.clear()
        return True

    @property
    def sha256(self) -> str:
        """Return the hash of everything read."""
        return self._hash.hexdigest()

    def kept(self) -> bytes | None:
        """Return the body, or None when it was too large to keep."""
        return b"".join(self._chunks) if self.size <= BODY_BYTES_MAX else None

    def is_signed(self, signature: str) -> bool:
        """Say whether the base64 signature is by one of the secrets, in constant time."""
        return self.signer(signature) is not None

    def signer(self, signature: str) -> int | None:
        """Return which of the secrets the base64 signature is by, compared in constant time.

        Compared as text: the last character of base64 has bits that decoding ignores.
        """
        given = signature.encode("utf-8", "surrogatepass")
        matches = [
            hmac.compare_digest(base64.b64encode(ours.digest()), given) for ours in self._signatures
        ]
        return matches.index(True) if any(matches) else None


def resource_id(body: bytes | None) -> str:
    """Return the numeric id of the record that a message speaks of, or '' when it says none.

    A message about a part of an order (a transaction, a refund, a fulfilment, an edit) names its
    order, because the order is what is read from the API then. It never fails: a body that cannot
    be read waits in the inbox for a person.
    """
    try:
        message = json.loads(body or b"", parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(message, dict):
        return ""
    if isinstance(message.get("order_edit"), dict):
        message = message["order_edit"]
    ids = (_numeric(message.get(name)) for name in ("order_id", "id", "admin_graphql_api_id"))
    return next((found for found in ids if found), "")


def _numeric(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if 0 <= value < 10**ID_DIGITS_MAX else ""
    if not isinstance(value, str):
        return ""
    if _NUMERIC.fullmatch(value):
        return value
    gid = _GID.fullmatch(value.partition("?")[0])
    return gid.group(1) if gid else ""
