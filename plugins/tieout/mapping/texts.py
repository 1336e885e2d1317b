"""Texts as the ledgers can hold them: characters and lengths. Knows no field and no record."""

import unicodedata
from typing import NamedTuple

from anyascii import anyascii

from tieout.errors import RejectedError

SAGE100_SEPARATOR = "\u0160"
"""Byte 138 in cp1252, which Sage 100 uses as its field separator."""


class Altered(NamedTuple):
    """A text that had to be changed to fit its target; ``original`` is what it was."""

    text: str
    original: str


def one_line(text: str) -> str:
    """Make line ends and controls blanks, drop invisible signs, and keep single blanks only."""
    if text.isprintable():
        return " ".join(text.split())
    visible = {"Cc": " ", "Cf": ""}
    signs = (visible.get(unicodedata.category(sign), sign) for sign in text)
    return " ".join("".join(signs).split())


def to_cp1252(text: str) -> str:
    """Write a text in Sage 100's character set (cp1252 without Š), letter by letter if needed."""
    if text.isascii():
        return " ".join(text.split()) if text.isprintable() else one_line(text)
    composed = one_line(unicodedata.normalize("NFC", text))
    try:
        composed.encode("cp1252")
    except UnicodeEncodeError:
        return one_line("".join(_sign(sign) for sign in composed))
    return composed.replace(SAGE100_SEPARATOR, "S")


def to_upper(text: str) -> str:
    """Write a text in capitals, but for a letter whose capital Sage 100 lacks, such as µ or š."""
    return text.upper() if text.isascii() else "".join(map(_upper, text))


def _upper(sign: str) -> str:
    upper = sign.upper()
    is_lost = to_cp1252(sign) == sign and to_cp1252(upper) != upper
    return sign if is_lost or len(upper) > 1 else upper


def _sign(sign: str) -> str:
    if sign == SAGE100_SEPARATOR:
        return "S"
    try:
        sign.encode("cp1252")
    except UnicodeEncodeError:
        return anyascii(sign)
    return sign


def within(text: str, length: int, *, system: str = "Sage 100") -> str:
    """Return a text that is no longer than its field.

    Raises:
        RejectedError: It is longer.
    """
    if len(text) > length:
        message = f"{system} takes {length} characters here; {text!r} has {len(text)}."
        raise too_long(message, text)
    return text


def too_long(message: str, value: str) -> RejectedError:
    """Return the refusal of a text that its target has no room for."""
    remedy = "Shorten it where the record comes from, and replay."
    return RejectedError(message, remedy=remedy, cause="too_long", value=value)
