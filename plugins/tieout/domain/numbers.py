"""Numbers of documents as people write them."""

import re


def bare(number: str) -> str:
    """Return a number without what people write differently.

    Upper case; no blanks, punctuation or leading zeros (docs/reference/accounting.md, procure to
    pay): a vendor's 0012, 12 and "No. 12" are told apart by their letters alone.
    """
    return re.sub(r"[^0-9A-Z]", "", number.upper()).lstrip("0")
