"""Names, addresses, numbers of records in a form in which two writings of one thing are equal.

For comparing alone: nothing of it is ever written to a system.
"""

import re
from collections.abc import Mapping
from functools import cache, lru_cache

from anyascii import anyascii

from tieout.mapping.addresses.streets import WORDS
from tieout.mapping.source import read_csv

LEGAL_FORMS = frozenset(
    [
        "ab",
        "ag",
        "bv",
        "co",
        "company",
        "corp",
        "corporation",
        "cv",
        "gmbh",
        "inc",
        "incorporated",
        "kg",
        "kk",
        "lc",
        "limited",
        "llc",
        "llp",
        "lp",
        "ltd",
        "mbh",
        "nv",
        "oy",
        "pc",
        "plc",
        "pllc",
        "proprietary",
        "pte",
        "pty",
        "sa",
        "sarl",
        "sas",
        "spa",
        "srl",
        "unlimited",
    ]
)
LONG_FORMS = ("company", "corporation", "incorporated", "limited", "unlimited")
"""Those of which a name that is cut may keep the beginning."""
CUT_FORM_MIN = 3
SHORT_FORMS: Mapping[str, str] = {
    "acct": "accounting", "acctg": "accounting", "adv": "advertising", "agcy": "agency",
    "amer": "american",
    "assn": "association", "assoc": "associates", "assocs": "associates", "bldg": "building",
    "bldrs": "builders", "bros": "brothers", "cntr": "center", "centre": "center",
    "chem": "chemical", "comm": "communications", "const": "construction", "constr": "construction",
    "ctr": "center", "dept": "department", "dev": "development", "dist": "distribution",
    "distr": "distribution", "distrib": "distribution", "div": "division", "elec": "electric",
    "electr": "electric", "eng": "engineering", "engr": "engineering", "engrg": "engineering",
    "ent": "enterprises", "entpr": "enterprises", "enterp": "enterprises", "eqpt": "equipment",
    "equip": "equipment", "exp": "export", "fin": "financial", "grp": "group", "gp": "group",
    "hldg": "holding", "hldgs": "holdings", "hosp": "hospital", "imp": "import",
    "comml": "commercial", "furn": "furniture", "govt": "government", "hdwe": "hardware",
    "indl": "industrial", "refrig": "refrigeration", "sply": "supplies", "ind": "industries",
    "inds": "industries", "indus": "industries", "ins": "insurance",
    "inst": "institute", "intl": "international", "int": "international", "invest": "investments",
    "lab": "laboratory", "labs": "laboratories", "mach": "machinery", "maint": "maintenance",
    "matl": "material", "mfg": "manufacturing", "mfr": "manufacturing", "mgmt": "management",
    "mgt": "management", "mktg": "marketing", "mkt": "market", "mt": "mount", "mtl": "material",
    "natl": "national", "nat": "national", "no": "north", "ntl": "national", "pharm": "pharmacy",
    "plumb": "plumbing", "prod": "products", "prods": "products", "prop": "properties",
    "props": "properties", "ptnr": "partner", "ptnrs": "partners", "pub": "publishing",
    "rest": "restaurant", "sch": "school", "sci": "science", "serv": "services",
    "service": "services", "servs": "services", "sol": "solutions", "soln": "solutions",
    "solns": "solutions", "solution": "solutions", "st": "saint", "sup": "supplies",
    "supp": "supplies", "supply": "supplies", "svc": "services", "svcs": "services",
    "sys": "systems", "system": "systems", "tech": "technologies", "technology": "technologies",
    "techs": "technologies", "trans": "transport", "transp": "transport", "univ": "university",
    "vet": "veterinary", "whol": "wholesale", "whse": "warehouse", "whsl": "wholesale",
    "whsle": "wholesale",
}  # fmt: skip
"""Words that bookkeepers shorten, and those that stand for one another, by their short form."""
SMALL_WORDS = frozenset({"and", "the", "of"})
"""They come and go in names."""
GENERATIONS: Mapping[str, str] = {
    "jr": "jr", "junior": "jr", "sr": "sr", "senior": "sr", "ii": "ii", "iii": "iii", "iv": "iv",
}  # fmt: skip
"""What tells a father and a son of one name apart."""
BEARINGS = frozenset(
    f"{side}{ending}"
    for side in (
        "north",
        "south",
        "east",
        "west",
        "northeast",
        "northwest",
        "southeast",
        "southwest",
    )
    for ending in ("", "ern", "side")
)
"""What tells the shops of one company in one town apart, unless they are numbered."""
TRADES_AS = re.compile(
    r"\b(?:t\s?/\s?a|d\s?/\s?b\s?/\s?a|dba|d\.b\.a\.?|trading as|doing business as|trades as"
    r"|a\s?/\s?k\s?/\s?a|aka|formerly)\b[:.]?",
    re.IGNORECASE,
)
IN_BRACKETS = re.compile(r"\(([^)]*)\)")
CALLING_CODES: Mapping[str, str] = {
    "AE": "971", "AT": "43", "AU": "61", "BE": "32", "CA": "1", "CH": "41", "CN": "86", "DE": "49",
    "DK": "45", "ES": "34", "FR": "33", "GB": "44", "HK": "852", "IE": "353", "IN": "91",
    "IT": "39", "JP": "81", "MX": "52", "MY": "60", "NL": "31", "NO": "47", "NZ": "64",
    "PH": "63", "SE": "46", "SG": "65", "US": "1", "ZA": "27",
}  # fmt: skip
"""By country, as the ITU assigns them (E.164)."""
PHONE_DIGITS_MIN = 6
PUBLIC_HOSTS = frozenset(
    [
        "aol.com",
        "bigpond.com",
        "btinternet.com",
        "comcast.net",
        "gmail.com",
        "gmx.de",
        "gmx.net",
        "googlemail.com",
        "hotmail.co.uk",
        "hotmail.com",
        "icloud.com",
        "live.com",
        "mac.com",
        "mail.com",
        "me.com",
        "msn.com",
        "outlook.com",
        "proton.me",
        "protonmail.com",
        "qq.com",
        "sbcglobal.net",
        "verizon.net",
        "web.de",
        "xtra.co.nz",
        "yahoo.co.uk",
        "yahoo.com",
        "yahoo.com.hk",
        "ymail.com",
        "163.com",
    ]
)
"""Where everybody may have an address: it says nothing of a company."""
_SPACES = {sign: " " for sign in range(128) if not chr(sign).isalnum()}
"""What is no letter or digit, of the signs that texts have in Latin letters."""
_NO_DIGIT = re.compile(r"[^0-9]+")
_INITIALS = re.compile(r"\b(?:[a-z]\.){2,}")
_EXTENSION = re.compile(r"\s(?:x|ext|extn|extension)[.:]?\s*\d+\s*$", re.IGNORECASE)
_UNIT_WORDS = frozenset(
    {"apt", "ste", "suite", "unit", "rm", "room", "fl", "floor", "level", "bldg"}
)
FORMS_MAX = 65_536


def plain(text: str) -> str:
    """Return a text in lower case, in Latin letters, words and numbers alone."""
    lower = (text if text.isascii() else anyascii(text)).lower()
    if "." in lower:
        lower = _INITIALS.sub(lambda found: found[0].replace(".", ""), lower)
    lower = lower.replace("&", " and ").replace("+", " and ").replace("'", "")
    return " ".join(lower.translate(_SPACES).split())


def name_words(text: str) -> list[str]:
    """Return the words of a name without its legal form, shortened ones written out."""
    kept = [word for word in plain(text).split() if word not in SMALL_WORDS]
    while len(kept) > 1 and _is_legal_form(kept[-1]):
        kept.pop()
    return [SHORT_FORMS.get(word, word) for word in kept]


def legal_form(text: str) -> str:
    """Return the legal form that a name ends with, as it is written, or nothing."""
    *before, last = plain(text).split() or [""]
    return last if before and _is_legal_form(last) else ""


def _is_legal_form(word: str) -> bool:
    """Say whether a word is a legal form, or what a name's cut left of one."""
    is_cut = len(word) >= CUT_FORM_MIN and any(form.startswith(word) for form in LONG_FORMS)
    return is_cut or word in LEGAL_FORMS


def names(text: str) -> tuple[list[str], list[str]]:
    """Return the words of a name, and of the one that it trades as besides, or nothing."""
    first, *others = TRADES_AS.split(text, maxsplit=1)
    if not others and "(" in text:
        bracketed = IN_BRACKETS.search(text)
        if bracketed is not None:
            first, others = IN_BRACKETS.sub(" ", text), [bracketed[1]]
    other = name_words(others[0]) if others else []
    return name_words(first) or other, other


def marks(name: list[str]) -> list[str]:
    """Return the numbers and generations in a name: who differs in them alone is another one."""
    return sorted(
        {GENERATIONS.get(word, word) for word in name if word in GENERATIONS or not word.isalpha()}
    )


def email(text: str) -> str:
    """Return the first address of a text in lower case, without a tag such as ``+shop``."""
    first = re.split(r"[;,\s]", text.strip().lower(), maxsplit=1)[0]
    local, at, host = first.partition("@")
    return f"{local.partition('+')[0]}@{host}" if at and local and "." in host else ""


def company_host(address: str) -> str:
    """Return the host of an e-mail address, or nothing where everybody may have one."""
    host = address.partition("@")[2]
    return "" if host in PUBLIC_HOSTS else host


def phone(text: str, country: str) -> str:
    """Return a number's digits without its country's code, trunk zero and extension."""
    said = _EXTENSION.sub("", text)
    digits = _NO_DIGIT.sub("", said)
    code = CALLING_CODES.get(country.upper(), "")
    is_international = said.lstrip(" (").startswith("+") or digits.startswith("00")
    digits = digits.removeprefix("00")
    if is_international:
        code = next((one for one in _codes() if digits.startswith(one)), code)
        digits = digits.removeprefix(code)
    elif not code and len(digits) == _WITH_ONE and digits.startswith("1"):
        # No area code of North America begins with 1, and no country said where the number is.
        digits = digits.removeprefix("1")
    elif code and digits.startswith(code) and len(digits) > _LOCAL_DIGITS.get(code, 10):
        digits = digits.removeprefix(code)
    digits = digits.lstrip("0")
    return digits if len(digits) >= PHONE_DIGITS_MIN else ""


_WITH_ONE = 11
_LOCAL_DIGITS: Mapping[str, int] = {"852": 8, "65": 8, "61": 9, "64": 9}


@cache
def _codes() -> tuple[str, ...]:
    return tuple(sorted(set(CALLING_CODES.values()), key=len, reverse=True))


def signs(text: str) -> str:
    """Return letters and digits alone, in lower case, as of a tax number, code or barcode."""
    return plain(text).replace(" ", "")


@lru_cache(maxsize=FORMS_MAX)
def street(line: str) -> tuple[str, str]:
    """Return the house number and the street of a line, its words shortened as the post does."""
    words = plain(line).split()
    short = _street_words()
    house = ""
    kept: list[str] = []
    skips = False
    for word in words:
        form = short.get(word, word)
        if skips:
            skips = False
        elif form in _UNIT_WORDS and kept:
            skips = True
        elif not house and form[:1].isdigit():
            house = form
        else:
            kept.append(form)
    return house, " ".join(kept)


@cache
def _street_words() -> Mapping[str, str]:
    rows = read_csv(WORDS, ("country", "part", "word", "short"))
    rows.sort(key=lambda row: row["country"] == "US")
    return {row["word"]: row["short"].casefold() for row in rows}
