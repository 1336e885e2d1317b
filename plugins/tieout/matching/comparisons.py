"""How two records are compared: by levels of likeness, field by field, each said twice.

Once in DuckDB's SQL, where Splink compares by the hundred thousand, and once in Python, which
compares a few and says the reasons. A test holds the two to each other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler, Levenshtein

from tieout.domain.matching import Reason

Form = Mapping[str, str | None]
"""A record in the form in which it is compared: by column, None where it says nothing."""
ALIKE_MIN, RATHER_ALIKE_MIN = 0.92, 0.82
"""Of Jaro-Winkler's similarity, which is 1 for equal texts."""
LONG, SHORT = 10, 6
"""How many signs a name has in which two, or one, may be mistyped."""
MOVED = (0, -1, 1)
"""By how many signs one slip moves where a name is cut."""
CUT_MIN = 10
"""How many signs a name has at least that may be the beginning of another."""


@dataclass(frozen=True)
class Level:
    """One degree of likeness in a comparison; the first that holds counts.

    ``same`` and ``chance`` are how often pairs that are one thing are at this level, and how often
    two others are by chance: what is assumed of short lists, and where Splink begins to learn.
    ``rare`` is the column whose frequency says what chance is: an equal value that few have weighs
    more.
    """

    sql: str
    holds: Callable[[Form, Form], bool]
    same: float
    chance: float
    reason: Reason | None = None
    rare: str = ""
    is_doubtful: bool = False
    """Whether a pair is rather not one thing at this level, whatever else it has in common."""


@dataclass(frozen=True)
class Comparison:
    """One field's levels, the most alike first; a record without ``columns`` says nothing of it."""

    name: str
    columns: tuple[str, ...]
    levels: tuple[Level, ...]

    def level(self, left: Form, right: Form) -> Level | None:
        """Return the level at which two records are, or None where one of them says nothing."""
        if not self.says(left) or not self.says(right):
            return None
        return next(level for level in self.levels if level.holds(left, right))

    def says(self, form: Form) -> bool:
        """Say whether a record says something in any of the columns."""
        return any(form[column] is not None for column in self.columns)

    @property
    def missing_sql(self) -> str:
        """Return when one of two records says nothing."""
        sides = (
            " AND ".join(f'"{column}_{side}" IS NULL' for column in self.columns) for side in "lr"
        )
        return " OR ".join(f"({side})" for side in sides)


def _same(column: str) -> tuple[str, Callable[[Form, Form], bool]]:
    return (
        f'"{column}_l" = "{column}_r"',
        lambda a, b: a[column] is not None and a[column] == b[column],
    )


def _same_across(one: str, other: str) -> tuple[str, Callable[[Form, Form], bool]]:
    """Say whether a column of one is equal to another one of the other."""
    return (
        f'"{one}_l" = "{other}_r"',
        lambda a, b: a[one] is not None and a[one] == b[other],
    )


def _alike(column: str, least: float) -> tuple[str, Callable[[Form, Form], bool]]:
    def holds(a: Form, b: Form) -> bool:
        one, other = a[column], b[column]
        return (
            one is not None
            and other is not None
            and JaroWinkler.similarity(one, other, score_cutoff=least) >= least
        )

    return f'jaro_winkler_similarity("{column}_l", "{column}_r") >= {least}', holds


def _one_sign_apart(column: str) -> tuple[str, Callable[[Form, Form], bool]]:
    def holds(a: Form, b: Form) -> bool:
        one, other = a[column], b[column]
        return (
            one is not None
            and other is not None
            and DamerauLevenshtein.distance(one, other, score_cutoff=1) <= 1
        )

    left, right = f'"{column}_l"', f'"{column}_r"'
    sql = f"{_lengths_differ(left, right)} <= 1 AND damerau_levenshtein({left}, {right}) <= 1"
    return sql, holds


def _any(
    *levels: tuple[str, Callable[[Form, Form], bool]],
) -> tuple[str, Callable[[Form, Form], bool]]:
    return (
        " OR ".join(f"({sql})" for sql, _ in levels),
        lambda a, b: any(holds(a, b) for _, holds in levels),
    )


def _all(
    *levels: tuple[str, Callable[[Form, Form], bool]],
) -> tuple[str, Callable[[Form, Form], bool]]:
    return (
        " AND ".join(f"({sql})" for sql, _ in levels),
        lambda a, b: all(holds(a, b) for _, holds in levels),
    )


def _lengths_differ(left: str, right: str) -> str:
    """Return by how many signs two texts differ at least, which is quicker to say than by which."""
    return f"abs(length({left}) - length({right}))"


def _few_signs_apart(column: str) -> tuple[str, Callable[[Form, Form], bool]]:
    """Say whether two names are the same but for typing: one sign of six, two of ten.

    Two only in two words: two signs of one word make another word of it (Bay, Clay).
    """

    def holds(a: Form, b: Form) -> bool:
        one, other = a[column], b[column]
        if one is None or other is None:
            return False
        words, others = one.split(), other.split()
        in_one_word = len({*words} & {*others}) > min(len(words), len(others)) - 2
        most = _slips(min(len(one), len(other)), in_one_word=in_one_word)
        return DamerauLevenshtein.distance(one, other, score_cutoff=most) <= most

    left, right = f'"{column}_l"', f'"{column}_r"'
    shorter = f"least(length({left}), length({right}))"
    one, other = (f"string_split({side}, ' ')" for side in (left, right))
    in_two = f"len(list_intersect({one}, {other})) <= least(len({one}), len({other})) - 2"
    most = (
        f"CASE WHEN {shorter} >= {LONG} AND {in_two} THEN 2 WHEN {shorter} >= {SHORT} THEN 1"
        " ELSE 0 END"
    )
    sql = f"{_lengths_differ(left, right)} <= 2 AND damerau_levenshtein({left}, {right}) <= {most}"
    return sql, holds


def _slips(length: int, *, in_one_word: bool) -> int:
    return 2 if length >= LONG and not in_one_word else int(length >= SHORT)


def _same_digits(column: str) -> tuple[str, Callable[[Form, Form], bool]]:
    """Say whether two texts have the same digits: another digit is rather another one's number."""

    def holds(a: Form, b: Form) -> bool:
        one, other = (
            [sign for sign in form[column] or "" if "0" <= sign <= "9"] for form in (a, b)
        )
        return one == other

    left, right = (f"regexp_replace(\"{column}_{side}\", '[^0-9]', '', 'g')" for side in "lr")
    return f"{left} = {right}", holds


def _told_apart(one: str, other: str) -> tuple[str, Callable[[Form, Form], bool]]:
    """Say whether two records differ in ``one``, of which none is one as well, or in ``other``."""

    def holds(a: Form, b: Form) -> bool:
        bearings = a[other], b[other]
        return a[one] != b[one] or (None not in bearings and bearings[0] != bearings[1])

    return (
        f'coalesce("{one}_l", \'\') <> coalesce("{one}_r", \'\') OR ("{other}_l" <> "{other}_r")',
        holds,
    )


def _near(column: str) -> tuple[str, Callable[[Form, Form], bool]]:
    """Say whether at most a quarter of two texts is different."""

    def holds(a: Form, b: Form) -> bool:
        one, other = a[column], b[column]
        if one is None or other is None:
            return False
        most = max(len(one), len(other)) // 4
        return Levenshtein.distance(one, other, score_cutoff=most) <= most

    left, right = f'"{column}_l"', f'"{column}_r"'
    most = f"greatest(length({left}), length({right})) // 4"
    sql = f"{_lengths_differ(left, right)} <= {most} AND levenshtein({left}, {right}) <= {most}"
    return sql, holds


def _more_words(first: str, second: str) -> tuple[str, Callable[[Form, Form], bool]]:
    """Say whether one text has all words of the other, which has two at least."""

    def holds(a: Form, b: Form) -> bool:
        one, other = (a[first] or "").split(), (b[second] or "").split()
        shorter, longer = sorted((one, other), key=len)
        return len(shorter) > 1 and set(shorter) <= set(longer)

    one, other = (f"string_split(\"{side}\", ' ')" for side in (f"{first}_l", f"{second}_r"))
    has_all = (
        f"(len({shorter}) > 1 AND len({shorter}) <= len({longer})"
        f" AND list_has_all({longer}, {shorter}))"
        for shorter, longer in ((one, other), (other, one))
    )
    return " OR ".join(has_all), holds


def _begins(one: str, other: str) -> tuple[str, Callable[[Form, Form], bool]]:
    """Say whether a column of one and one of the other are the same up to where one ends.

    But for one slip after the first sign and before the last; a sign left out or added moves where
    the longer one is cut. The shorter one has CUT_MIN signs at least.
    """

    def holds(a: Form, b: Form) -> bool:
        first, second = a[one], b[other]
        if first is None or second is None:
            return False
        short, long = (first, second) if len(first) <= len(second) else (second, first)
        if len(short) < CUT_MIN or short[0] != long[0]:
            return False
        return any(
            long[cut - 1 : cut] == short[-1]
            and DamerauLevenshtein.distance(short, long[:cut], score_cutoff=1) <= 1
            for cut in (len(short) + moved for moved in MOVED)
        )

    left, right = f'"{one}_l"', f'"{other}_r"'
    is_left = f"length({left}) <= length({right})"
    short = f"CASE WHEN {is_left} THEN {left} ELSE {right} END"
    long = f"CASE WHEN {is_left} THEN {right} ELSE {left} END"
    length = f"least(length({left}), length({right}))"
    cuts = " OR ".join(
        f"(left({long}, {length} + {moved})[{length} + {moved}] = right({short}, 1)"
        f" AND damerau_levenshtein({short}, left({long}, {length} + {moved})) <= 1)"
        for moved in MOVED
    )
    return f"{length} >= {CUT_MIN} AND left({left}, 1) = left({right}, 1) AND ({cuts})", holds


def _always(_left: Form, _right: Form) -> bool:
    return True


def _else(same: float, chance: float, reason: Reason | None = None) -> Level:
    return Level("ELSE", _always, same, chance, reason)


def text(name: str, same: Reason | None = None, alike: Reason | None = None) -> Comparison:
    """Return the comparison of a text that people write in more than one way."""
    return Comparison(
        name,
        (name,),
        (
            Level(*_same(name), 0.7, 0.001, same, rare=name),
            Level(*_alike(name, ALIKE_MIN), 0.15, 0.002, alike),
            Level(*_alike(name, RATHER_ALIKE_MIN), 0.06, 0.01),
            _else(0.09, 0.987),
        ),
    )


def number(
    name: str,
    same: Reason | None = None,
    alike: Reason | None = None,
    other: Reason | None = None,
) -> Comparison:
    """Return the comparison of a number or code, in which one sign may be mistyped."""
    return Comparison(
        name,
        (name,),
        (
            Level(*_same(name), 0.85, 0.0005, same, rare=name),
            Level(*_one_sign_apart(name), 0.04, 0.0003, alike),
            _else(0.11, 0.9992, other),
        ),
    )


NAME = Comparison(
    "name",
    ("name",),
    (
        Level(*_told_apart("marks", "bearing"), 0.01, 0.05, Reason.TOLD_APART, is_doubtful=True),
        Level(*_same("name"), 0.62, 0.0003, Reason.SAME_NAME, rare="name"),
        Level(*_same("name_sorted"), 0.08, 0.00005, Reason.SAME_WORDS, rare="name_sorted"),
        Level(
            *_any(
                _same_across("name", "trade_name"),
                _same_across("trade_name", "name"),
                _begins("name", "trade_name"),
                _begins("trade_name", "name"),
            ),
            0.04,
            0.00005,
            Reason.TRADING_NAME,
        ),
        Level(*_begins("name", "name"), 0.1, 0.0002, Reason.NAME_CUT, rare="name_start"),
        Level(
            *_any(_few_signs_apart("name"), _few_signs_apart("name_sorted")),
            0.06,
            0.0001,
            Reason.ALIKE_NAME,
        ),
        Level(
            *_any(
                _more_words("name", "name"),
                _more_words("name", "trade_name"),
                _more_words("trade_name", "name"),
            ),
            0.04,
            0.0003,
            Reason.MORE_WORDS,
        ),
        Level(*_any(_near("name"), _near("name_sorted")), 0.03, 0.001, Reason.RATHER_ALIKE_NAME),
        # Companies of one owner share phone, address and host, and often the first word.
        Level(*_same("first_word"), 0.01, 0.003, Reason.SAME_FIRST_WORD, is_doubtful=True),
        Level("ELSE", _always, 0.01, 0.9947, Reason.OTHER_NAME, is_doubtful=True),
    ),
)
EMAIL = Comparison(
    "email",
    ("email",),
    (
        Level(*_same("email"), 0.75, 0.0001, Reason.SAME_EMAIL, rare="email"),
        Level(
            *_all(_one_sign_apart("email"), _same_digits("email")),
            0.04,
            0.00005,
            Reason.ALIKE_EMAIL,
        ),
        # Numbered mailboxes of one company are those of its shops.
        Level(
            *_all(_same("email_host"), _same_digits("email")),
            0.08,
            0.0005,
            Reason.SAME_EMAIL_HOST,
            rare="email_host",
        ),
        _else(0.13, 0.999, Reason.OTHER_EMAIL),
    ),
)
ADDRESS = Comparison(
    "address",
    ("street",),
    (
        Level(
            *_all(_same("house"), _same("street"), _any(_same("postal"), _same("city"))),
            0.55,
            0.0002,
            Reason.SAME_ADDRESS,
            rare="place",
        ),
        Level(
            *_all(
                _same("house"),
                _alike("street", RATHER_ALIKE_MIN),
                _any(_same("postal"), _same("city")),
            ),
            0.12,
            0.0001,
            Reason.ALIKE_ADDRESS,
        ),
        Level(*_all(_same("street"), _same("city")), 0.03, 0.0005, Reason.SAME_STREET),
        Level(*_same("postal"), 0.08, 0.005, Reason.SAME_POSTAL_CODE),
        Level(*_same("city"), 0.07, 0.02, Reason.SAME_CITY),
        _else(0.15, 0.97, Reason.OTHER_ADDRESS),
    ),
)
PHONE = number("phone", Reason.SAME_PHONE, Reason.ALIKE_PHONE, Reason.OTHER_PHONE)
TAX_ID = number("tax_id", Reason.SAME_TAX_ID, None, Reason.OTHER_TAX_ID)
CODE = Comparison(
    "code",
    ("code",),
    (
        Level(*_same("code"), 0.85, 0.0005, Reason.SAME_CODE, rare="code"),
        Level(
            *_all(_one_sign_apart("code"), _same_digits("code")), 0.04, 0.0003, Reason.ALIKE_CODE
        ),
        _else(0.11, 0.9992, Reason.OTHER_CODE),
    ),
)
BARCODE = number("barcode", Reason.SAME_BARCODE, None, Reason.OTHER_BARCODE)
DESCRIPTION = Comparison(
    "description",
    ("description",),
    (
        Level(*_same("description"), 0.6, 0.0005, Reason.SAME_DESCRIPTION, rare="description"),
        Level(*_same("description_sorted"), 0.08, 0.0001, Reason.SAME_DESCRIPTION),
        Level(*_alike("description", ALIKE_MIN), 0.15, 0.002, Reason.ALIKE_DESCRIPTION),
        Level(*_alike("description", RATHER_ALIKE_MIN), 0.07, 0.01),
        _else(0.1, 0.9875, Reason.OTHER_DESCRIPTION),
    ),
)
