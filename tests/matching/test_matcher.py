"""Short lists: who is whom, how sure that is, and why."""

import re
from itertools import product
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from matching.people import Profiles
from matching.scoring import miscalibration, score
from matching.town_lists import lists
from matching.trade_lists import trade_lists
from tieout.domain.matching import (
    CUSTOMER,
    IDENTIFYING,
    ITEM,
    WORDS,
    MatchClass,
    Profile,
    Reason,
    told,
)
from tieout.errors import ConfigurationError
from tieout.matching.matcher import ProbabilityMatcher
from tieout.matching.tables import TABLES, Forms

MATCHER = ProbabilityMatcher()
EMPTY = dict.fromkeys(
    ("name", "email", "phone", "tax_id", "line1", "line2", "city", "postal_code", "country_code"),
    "",
)


def who(key: str, **fields: str) -> Profile:
    return Profile(key, {**EMPTY, **fields})


SMITH = {
    "name": "David Smith",
    "email": "david@smith.org",
    "phone": "617 555 0101",
    "line1": "1 Elm St",
    "city": "Salem",
    "country_code": "US",
}


def test_one_person_written_otherwise_is_certain_and_says_why() -> None:
    other = {
        "name": "SMITH, DAVID",
        "phone": "(617) 555-0101",
        "line1": "1 ELM STREET",
        "city": "SALEM",
        "country_code": "US",
    }

    (match,) = MATCHER.best(CUSTOMER, [who("x1", **SMITH)], [who("s1", **other)])

    assert match.match_class is MatchClass.CERTAIN
    assert match.reasons == (Reason.SAME_WORDS, Reason.SAME_PHONE, Reason.SAME_ADDRESS)
    assert told(match.reasons).startswith("same words in the name, in another order; same phone")


def test_a_name_alone_is_never_certain() -> None:
    left, right = (who(key, name="Zebulon Quark") for key in ("x1", "s1"))

    (match,) = MATCHER.best(CUSTOMER, [left], [right])

    assert match.match_class is MatchClass.LIKELY


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Dunmore Office Supplies LLC", "DUNMORE OFFICE SUPPLIE"),
        ("Dunmore Plumbing Corporation", "DUNMORE PLUMBING CORPORA"),
        ("Dunmore Wholesale", "Dunmore Whsle"),
        ("Ann Lee Holdings LLC t/a KMT Toys Ltd", "KMT TOYS LIMITED"),
        ("Ann Lee Holdings LLC t/a The Cedar Trucking Co.", "TH CEDAR TRUCKING"),
    ],
)
def test_a_name_cut_or_shortened_is_the_name(name: str, other: str) -> None:
    one, same = who("x1", **{**SMITH, "name": name}), who("s1", **{**SMITH, "name": other})

    (match,) = MATCHER.best(CUSTOMER, [one], [same])

    assert match.match_class is MatchClass.CERTAIN


SHOP = {**SMITH, "name": "River Signs LLC", "email": "shop3@riversigns.com"}
ELSEWHERE = {"line1": "99 Oak Ave", "city": "Lynn", "phone": "508 555 0199"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (  # of one owner, named as two
            {**SMITH, "name": "Pacific Farms LLC", "email": "farms@pacific.com"},
            {**SMITH, "name": "Pacific Sporting Goods LLC", "email": "goods@pacific.com"},
        ),
        (  # two of one name
            SMITH,
            {**SMITH, **ELSEWHERE, "email": "dsmith99@proton.me"},
        ),
        (SMITH, {**SMITH, **ELSEWHERE, "email": ""}),
        # two shops of one company
        (SHOP, {**SHOP, "phone": "", "line1": "", "city": "", "email": "shop1@riversigns.com"}),
        (SHOP, {**SHOP, **ELSEWHERE, "phone": "", "email": ""}),
    ],
)
def test_of_strangers_nobody_is_asked(one: dict[str, str], other: dict[str, str]) -> None:
    (match,) = MATCHER.best(CUSTOMER, [who("x1", **one)], [who("s1", **other)])

    assert match.match_class is MatchClass.NEW


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # one mailbox of two names; a person and, perhaps, the company of that person
        ({**SMITH, "name": "Pacific Farms LLC"}, {**SMITH, "name": "Pacific Sporting Goods LLC"}),
        (SMITH, {**SMITH, "name": "Northern Coffee Ltd", "email": ""}),
        # initials, words run together
        ({**SMITH, "name": "Pacific Timber Works LLC", "email": ""}, {**SMITH, "name": "PTW LLC"}),
        ({**SMITH, "name": "Oak Leaf LLC", "email": ""}, {**SMITH, "name": "Oakleaf Ltd"}),
        # another address, and nothing else that differs
        (SMITH, {**SMITH, **ELSEWHERE, "phone": "", "email": ""}),
        (SMITH, {**SMITH, **ELSEWHERE, "phone": ""}),
        (SHOP, {**SHOP, "line1": "99 Oak Ave"}),
    ],
)
def test_of_who_may_be_one_thing_a_person_is_asked_at_least(
    one: dict[str, str], other: dict[str, str]
) -> None:
    (match,) = MATCHER.best(CUSTOMER, [who("x1", **one)], [who("s1", **other)])

    assert match.match_class is not MatchClass.NEW


def test_what_is_called_otherwise_is_never_certain_whatever_else_agrees() -> None:
    sister = who("s1", **{**SMITH, "name": "Northern Coffee Ltd"})

    (match,) = MATCHER.best(CUSTOMER, [who("x1", **SMITH)], [sister])

    assert match.match_class is MatchClass.LIKELY
    assert Reason.OTHER_NAME in match.reasons


def test_of_two_alike_neither_is_certain_and_that_is_said() -> None:
    twins = [who("s1", **SMITH), who("s2", **SMITH)]

    (match,) = MATCHER.best(CUSTOMER, [who("x1", **SMITH)], twins)

    assert match.confidence <= 0.5
    assert match.reasons[-1] is Reason.SEVERAL_ALIKE


def test_several_david_smiths_are_told_apart() -> None:
    others = [
        {**SMITH, "email": f"d{n}@example.net", "phone": f"617 555 02{n}0", "line1": f"{n} Oak Rd"}
        for n in range(1, 6)
    ]
    left = [who("x0", **SMITH), *(who(f"x{n}", **one) for n, one in enumerate(others, 1))]
    right = [who("s0", **SMITH), *(who(f"s{n}", **one) for n, one in enumerate(others, 1))]

    matches = MATCHER.best(CUSTOMER, left, right)

    assert {(one.left[1:], one.right[1:]) for one in matches} == {
        (str(n), str(n)) for n in range(6)
    }
    assert {one.match_class for one in matches} == {MatchClass.CERTAIN}


def test_a_new_record_finds_whom_it_repeats_though_another_one_does_too() -> None:
    new = [who("n1", **SMITH), who("n2", **SMITH)]
    known = [who("k1", **SMITH), who("k2", **{**EMPTY, "name": "Ada Lovelace"})]

    assert [(one.left, one.right) for one in MATCHER.alike(CUSTOMER, new, known)] == [
        ("n1", "k1"),
        ("n2", "k1"),
    ]


def test_known_records_that_changed_or_went_are_read_again() -> None:
    people = Profiles(lists(4, each=60, same=60))
    new, known = people.left[:8], people.right
    changed = [who("s0", **SMITH), *known[1:-1]]
    matcher = ProbabilityMatcher()
    matcher.alike(CUSTOMER, new, known)

    again = matcher.alike(CUSTOMER, [*new, who("n1", **SMITH)], changed)

    assert again == ProbabilityMatcher().alike(CUSTOMER, [*new, who("n1", **SMITH)], changed)
    assert ("n1", "s0") in {(one.left, one.right) for one in again}


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("John Marlow Jr", "MARLOW, JOHN SR"),
        ("John Marlow", "John Marlow III"),
        ("Harbor Bakery #1", "Harbor Bakery #2"),
        ("Harbor Bakery North", "Harbor Bakery South"),
        ("Marlow Fabrication", "Marlow Sanitation"),
        ("Harbor Bakery - Bay", "Harbor Bakery - Clay"),
    ],
)
def test_who_is_told_apart_by_a_word_is_never_certain(name: str, other: str) -> None:
    father, son = who("x1", **{**SMITH, "name": name}), who("s1", **{**SMITH, "name": other})

    assert MatchClass.CERTAIN not in {
        one.match_class for one in MATCHER.best(CUSTOMER, [father], [son])
    }


def test_numbered_mailboxes_of_one_company_are_those_of_its_shops() -> None:
    left = who("x1", name="Harbor Bakery Ltd", email="shop5@harborbakery.com")
    right = who("s1", name="Harbor Bakery Ltd", email="shop6@harborbakery.com")

    (match,) = MATCHER.best(CUSTOMER, [left], [right])

    assert match.match_class is not MatchClass.CERTAIN
    assert match.reasons == (Reason.SAME_NAME, Reason.OTHER_EMAIL)


@pytest.mark.parametrize(
    ("name", "cut"),
    [
        ("Weston & Miller Communications", "WESTON & MILLER COMMUNICAT"),
        ("Weston & Miller Comunications", "WESTON & MILLER COMMUNICAT"),
        ("Great Quality Industrial Supply LLC", "GREAT QUALITY INDL SUPPLY"),
    ],
)
def test_who_is_cut_mistyped_or_shortened_is_certain(name: str, cut: str) -> None:
    left, right = who("x1", **{**SMITH, "name": name}), who("s1", **{**SMITH, "name": cut})

    (match,) = MATCHER.best(CUSTOMER, [left], [right])

    assert match.match_class is MatchClass.CERTAIN


def test_items_are_matched_by_code_barcode_and_description() -> None:
    fields = {"code": "LAMP-01", "barcode": "0012345678905", "description": "Brass lamp, small"}
    other = {"code": "LAMP01", "barcode": "", "description": "BRASS LAMP SMALL"}

    (match,) = MATCHER.best(ITEM, [Profile("x", fields)], [Profile("s", other)])

    assert match.match_class is MatchClass.CERTAIN
    assert match.reasons == (Reason.SAME_CODE, Reason.SAME_DESCRIPTION)


def test_empty_lists_and_empty_records_match_nobody() -> None:
    assert MATCHER.best(CUSTOMER, [], [who("s1", **SMITH)]) == []
    assert MATCHER.best(CUSTOMER, [who("x1")], [who("s1")]) == []


def test_another_kind_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="invoice"):
        MATCHER.best("invoice", [], [])


def test_every_reason_has_words() -> None:
    assert set(WORDS) == set(Reason)
    assert set(Reason) >= IDENTIFYING


def test_short_lists_of_a_town_are_matched_without_a_wrong_link() -> None:
    made = lists(11, each=120, same=90)
    people = Profiles(made)

    matches = MATCHER.best(CUSTOMER, people.left, people.right)
    certain = [one for one in matches if one.match_class is MatchClass.CERTAIN]

    assert score(certain, people.is_right, 90).wrong == 0
    assert score(matches, people.is_right, 90).recall > 0.95
    assert miscalibration(matches, people.is_right) < 0.05


def _as_item(one: Profile) -> Profile:
    said = one.fields
    fields = {"code": "phone", "barcode": "postal_code", "description": "name"}
    return Profile(one.key, {field: said[taken] for field, taken in fields.items()})


@pytest.mark.parametrize("entity", [CUSTOMER, ITEM])
def test_both_tellings_of_every_level_are_the_same(entity: str) -> None:
    people, others = (
        Profiles(lists(5, each=15, same=12)),
        Profiles(trade_lists(5, each=15, same=12)),
    )
    left, right = people.left + others.left, people.right + others.right
    if entity == ITEM:
        left, right = ([_as_item(one) for one in side] for side in (left, right))
    forms = Forms(TABLES[entity], left, right)
    pairs = list(product(range(len(left)), range(len(right))))
    with duckdb.connect() as database:
        for comparison in forms.table.comparisons:
            cases = " ".join(
                f"WHEN {level.sql} THEN {number}"
                for number, level in enumerate(comparison.levels)
                if level.sql != "ELSE"
            )
            nothing, last = comparison.missing_sql, len(comparison.levels) - 1
            sql = f"CASE WHEN {nothing} THEN -1 {cases} ELSE {last} END"
            sides = (("l", forms.left, 0), ("r", forms.right, 1))
            columns = {
                f"{column}_{side}": pa.array(
                    [ones[pair[at]][column] for pair in pairs], pa.string()
                )
                for side, ones, at in sides
                for column in forms.left[0]
            }
            database.register("pairs", pa.table({"n": range(len(pairs)), **columns}))
            found = database.execute(f"SELECT {sql} FROM pairs ORDER BY n").fetchall()  # noqa: S608
            said = [
                -1 if level is None else comparison.levels.index(level)
                for level in (
                    comparison.level(forms.left[one], forms.right[other]) for one, other in pairs
                )
            ]
            assert [level for (level,) in found] == said, comparison.name


def test_the_reference_has_every_reason_in_its_words() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/matching.md").read_text("utf-8")

    told_there = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", page, re.MULTILINE)

    assert dict(told_there) == {str(reason): words for reason, words in WORDS.items()}
