"""Bank details in what Xero answers: a fingerprint takes their place before anything reads them.

That they changed, and how they end, is all that anybody here needs to know; so they come into no
ledger, log or dead letter. The fingerprint takes some milliseconds to make, so that trying out all
account numbers takes years.
"""

import hashlib
import json
import re
from dataclasses import replace
from functools import lru_cache

from tieout.connectors.http import Answer

ENDING_LENGTH = 3
TELLING_LENGTH_MIN = 8
"""Of fewer letters and digits not even the last ones are told."""
_MARK = b"BankAccount"
_SAID = re.compile(rb'("(?:BankAccountDetails|BankAccountNumber)"\s*:\s*)("(?:[^"\\]|\\.)+")')
_SALT = b"tieout bank details"
_COST = 2**12


def without_bank_details(answer: Answer) -> Answer:
    """Return an answer with fingerprints in place of bank details, whatever it is of."""
    if _MARK not in answer.body or "json" not in answer.headers.get("Content-Type", "json"):
        return answer
    return replace(answer, body=_SAID.sub(_replaced, answer.body))


def _replaced(found: re.Match[bytes]) -> bytes:
    try:
        details = str(json.loads(found[2]))
    except ValueError:
        details = found[2].decode("utf-8", "replace")
    return found[1] + json.dumps(fingerprint(details)).encode()


@lru_cache(maxsize=4096)
def fingerprint(details: str) -> str:
    """Return a text that is another one for other details; '' for none.

    Capitals, spaces and punctuation do not count.
    """
    plain = "".join(letter for letter in details.casefold() if letter.isalnum())
    if not plain:
        return ""
    digest = hashlib.scrypt(plain.encode(), salt=_SALT, n=_COST, r=8, p=1, dklen=12).hex()
    ending = f" ending in {plain[-ENDING_LENGTH:]}" if len(plain) >= TELLING_LENGTH_MIN else ""
    return f"{digest}{ending}"
