"""Boxes, bags and rural routes, and lines for somebody's attention, written one way each.

Sources: USPS Publication 28, sections 24 (rural routes), 25 (highway contract routes), 26
(military), 28 (boxes); the guidelines of Canada Post, Australia Post, NZ Post and Royal Mail.
"""

import re
from collections.abc import Mapping, Sequence

NUMBERED = r"\s*(?:#|no\.?(?=\s)|number(?=\s))?\s*"
"""What people write between *Box* and its number."""
IDENTIFIER = r"(?P<id>[0-9][\w-]*|[A-Z](?![\w'/-]))"
"""A box's number or its one letter."""
BOX = r"box\b\.?" + NUMBERED
ROUTE = NUMBERED + r"(?P<route>[0-9]+[A-Z]?)[\s,]+"
POST_OFFICE = r"\b(?:p\s*[./]?\s*o\b[./]?|post\s+office)\s*"

Rewrite = tuple[re.Pattern[str], str]


def _rewrite(written: str, pattern: str) -> Rewrite:
    return re.compile(pattern, re.IGNORECASE), written


PO_BOX = _rewrite(
    r"PO Box \g<id>",
    rf"(?:{POST_OFFICE}{BOX}|\bp\.?o\.?b\.?{NUMBERED}){IDENTIFIER}",
)
US = (
    PO_BOX,
    # 28: what a post office calls drawer, bin or lock box is a PO box.
    _rewrite(
        r"PO Box \g<id>",
        rf"(?:^(?:{POST_OFFICE})?|{POST_OFFICE})(?:drawer|lock\s?box|bin|caller(?:\s+service)?)\b"
        rf"{NUMBERED}{IDENTIFIER}",
    ),
    _rewrite(
        r"RR \g<route> Box \g<id>",
        r"^(?:r\.?\s?r\.?|r\.?f\.?d\.?|rd|rural\s+(?:route|rte\.?|rt\.?))"
        rf"{ROUTE}{BOX}{IDENTIFIER}",
    ),
    _rewrite(r"RR \g<id>", rf"^rural\s+(?:route|rte\.?|rt\.?){NUMBERED}(?P<id>[0-9]+[A-Z]?)\b"),
    _rewrite(
        r"HC \g<route> Box \g<id>",
        r"^(?:h\.?\s?c\.?(?:\s?r\.?)?|highway\s+contract(?:\s+route)?|star\s+(?:route|rte\.?))"
        rf"{ROUTE}{BOX}{IDENTIFIER}",
    ),
    _rewrite(r"PSC \g<route> Box \g<id>", rf"^psc{ROUTE}{BOX}{IDENTIFIER}"),
    _rewrite(r"CMR \g<route> Box \g<id>", rf"^cmr{ROUTE}{BOX}{IDENTIFIER}"),
    _rewrite(r"Unit \g<route> Box \g<id>", rf"^unit{ROUTE}{BOX}{IDENTIFIER}"),
)
CA = (
    _rewrite(r"CP \g<id>", rf"\b(?:c\.\s?p\.|cp(?=\s)|case\s+postale){NUMBERED}{IDENTIFIER}"),
    PO_BOX,
    _rewrite(
        r"\g<box> Stn \g<id>",
        r"(?P<box>\bPO Box [\w-]+),?\s+(?:station|stn\.?|sta\.?)\s+(?P<id>[\w-]+)",
    ),
    _rewrite(
        r"\g<box> Succ \g<id>",
        r"(?P<box>\bCP [\w-]+),?\s+(?:succursale|succ\.?)\s+(?P<id>[\w-]+)",
    ),
    _rewrite(r"RR \g<id>", rf"\b(?:r\.\s?r\.?|rr|rural\s+route){NUMBERED}(?P<id>[0-9]+)\b"),
)
AU = (
    _rewrite(r"GPO Box \g<id>", rf"\b(?:g\.?p\.?o\.?|general\s+post\s+office)\s*{BOX}{IDENTIFIER}"),
    PO_BOX,
    _rewrite(r"Locked Bag \g<id>", rf"\blocked\s+(?:mail\s+)?bag\b{NUMBERED}{IDENTIFIER}"),
    _rewrite(r"Private Bag \g<id>", rf"\bprivate\s+(?:mail\s+)?bag\b{NUMBERED}{IDENTIFIER}"),
    _rewrite(
        r"RMB \g<id>",
        rf"\b(?:r\.\s?m\.\s?b\.?|rmb|roadside\s+mail\s+box){NUMBERED}{IDENTIFIER}",
    ),
)
NZ = (
    PO_BOX,
    _rewrite(r"Private Bag \g<id>", rf"\bprivate\s+bag\b{NUMBERED}{IDENTIFIER}"),
    _rewrite(r"RD \g<id>", rf"\b(?:r\.\s?d\.?|rd|rural\s+delivery){NUMBERED}(?P<id>[0-9]+)\b"),
)
REWRITES: Mapping[str, Sequence[Rewrite]] = {
    "US": US,
    "CA": CA,
    "AU": AU,
    "NZ": NZ,
    "GB": (PO_BOX,),
}

_HINT = re.compile(
    r"box|bag|drawer|bin\b|caller|p\.?o\.?b|postale|c\.?\s?p\b|r\.?\s?[rd]|rural|r\.?f\.?d|h\.?\s?c"
    r"|star|r\.?\s?m\.?\s?b|highway|psc|cmr|succ|roadside",
    re.IGNORECASE,
)
"""What stands in every line that a rewrite is for: most lines have none of it."""
_ATTENTION = re.compile(
    r"(?:attn\b\.?|attention\b|att\s?:|f\.?a\.?o\b\.?|for\s+the\s+attention\s+of\b)[\s:.-]*(?P<who>.+)",
    re.IGNORECASE,
)
_CARE_OF = re.compile(r"(?:c\s?/\s?(?:o\b|-)|care\s+of\b|℅)[\s:.-]*(?P<who>.+)", re.IGNORECASE)
ATTENTION = "Attn: "
CARE_OF = "c/o "


def delivered(line: str, country: str) -> str:
    """Return a line whose box, bag or rural route is written as the country's post writes it."""
    if not _HINT.search(line):
        return line
    for pattern, written in REWRITES.get(country, ()):
        line = pattern.sub(written, line)
    return line


def attention(line: str) -> str:
    """Return a line that names for whom the mail is in one form, '' when it is another line."""
    if line[0] not in "AaCcFf℅":
        return ""
    if match := _ATTENTION.fullmatch(line):
        return ATTENTION + match["who"]
    if match := _CARE_OF.fullmatch(line):
        return CARE_OF + match["who"]
    return ""
