"""The comparison tables: of each kind of record its form, its comparisons, and who is compared."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from tieout.domain.matching import CUSTOMER, ITEM, VENDOR, Profile
from tieout.errors import ConfigurationError
from tieout.matching import words
from tieout.matching.comparisons import (
    ADDRESS,
    BARCODE,
    CODE,
    CUT_MIN,
    DESCRIPTION,
    EMAIL,
    NAME,
    PHONE,
    TAX_ID,
    Comparison,
    Form,
)
from tieout.matching.strangers import strangers

NAME_START = 8
"""How many signs of a name two records have in common that are compared for that."""

DOUBTFUL_ODDS, STRANGERS_ODDS = 2.0, 0.02
"""The best odds of a doubtful pair, at which a person looks, and of strangers, whom nobody need.

As generated lists show: of a hundred strangers two at most are one thing (tests/matching).
"""

Key = str | None
Block = tuple[list[int | None], list[int | None]]
"""Which value of one kind of block each record has, of both lists."""


def _never(_left: Form, _right: Form) -> bool:
    return False


@dataclass(frozen=True)
class Table:
    """How records of one kind are compared.

    ``form`` makes what is compared of a record. Pairs are compared that have one of the ``blocks``
    in common, named texts of a form. ``learned_by`` are columns of which equal ones bring
    pairs together from which Splink learns what the other comparisons are worth.
    """

    form: Callable[[Profile], dict[str, Key]]
    comparisons: tuple[Comparison, ...]
    blocks: Callable[[Form], tuple[Key, ...]]
    learned_by: tuple[str, ...]
    spelled: str = ""
    """The column of whose words the rarest is a block as well."""
    are_strangers: Callable[[Form, Form], bool] = _never
    """Says of two records whether they are hardly one thing, whatever they have in common."""

    @cached_property
    def judging(self) -> tuple[Comparison, ...]:
        """Return the comparisons that may say that a pair is doubtful."""
        return tuple(
            one for one in self.comparisons if any(level.is_doubtful for level in one.levels)
        )


def joined(*parts: Key) -> Key:
    """Return a block of several parts, or nothing where one is missing."""
    return "\x1f".join(filter(None, parts)) if all(parts) else None


def with_letters(word: str, words: Sequence[str]) -> Key:
    """Return a block of a word and the first letters of all words.

    They stay when the other words are shortened or mistyped.
    """
    return joined(word, "".join(sorted(one[0] for one in words)))


def _party(profile: Profile) -> dict[str, Key]:
    said = profile.fields
    own, trading = words.names(said["name"])
    email = words.email(said["email"])
    house, street = words.street(said["line1"])
    if not street and said["line2"]:
        house, street = words.street(said["line2"])
    postal = words.signs(said["postal_code"])
    country = said["country_code"]
    city = words.plain(said["city"])
    form = {
        "name": " ".join(own),
        "name_sorted": " ".join(sorted(own)),
        "name_start": " ".join(own)[:CUT_MIN],
        "first_word": own[0] if len(own) > 1 else "",
        "legal_form": words.legal_form(said["name"]),
        "trade_name": " ".join(trading),
        "marks": " ".join(words.marks([*own, *trading])),
        "bearing": " ".join(sorted(words.BEARINGS.intersection(own))),
        "email": email,
        "email_host": words.company_host(email),
        "phone": words.phone(said["phone"], country),
        "tax_id": words.signs(said["tax_id"]),
        "house": house,
        "street": street,
        "postal": postal[:5] if country in ("US", "") and postal[:5].isdigit() else postal,
        "city": city,
        "place": f"{house} {street} {city}" if street else "",
    }
    return {column: value or None for column, value in form.items()}


def _party_blocks(form: Form) -> tuple[Key, ...]:
    name, trading = form["name"], form["trade_name"]
    first = name.partition(" ")[0] if name else None
    return (
        form["tax_id"],
        form["email"],
        form["phone"],
        form["name_sorted"],
        joined(name and name[:NAME_START], form["city"]),
        joined(name and name[:NAME_START], form["postal"]),
        joined(form["house"], form["street"], form["city"]),
        joined(form["house"], form["postal"]),
        joined(form["email_host"], first),
        form["email_host"],
        trading or name,
        name and name[: 2 * NAME_START],
    )


def _item(profile: Profile) -> dict[str, Key]:
    said = profile.fields
    described = words.plain(said["description"]).split()
    form = {
        "code": words.signs(said["code"]),
        "barcode": words.signs(said["barcode"]).lstrip("0"),
        "description": " ".join(described),
        "description_sorted": " ".join(sorted(described)),
    }
    return {column: value or None for column, value in form.items()}


def _item_blocks(form: Form) -> tuple[Key, ...]:
    described = form["description"]
    return (
        form["code"],
        form["barcode"],
        form["description_sorted"],
        described and described[: 2 * NAME_START],
        form["code"] and form["code"][:NAME_START],
    )


PARTY = Table(
    form=_party,
    comparisons=(NAME, EMAIL, PHONE, TAX_ID, ADDRESS),
    blocks=_party_blocks,
    learned_by=("email", "phone", "name"),
    spelled="name",
    are_strangers=strangers,
)
TABLES = {
    CUSTOMER: PARTY,
    VENDOR: PARTY,
    ITEM: Table(
        form=_item,
        comparisons=(CODE, BARCODE, DESCRIPTION),
        blocks=_item_blocks,
        learned_by=("code", "description"),
        spelled="description",
    ),
}


def table_of(entity: str) -> Table:
    """Return how records of a kind are compared.

    Raises:
        ConfigurationError: They are not.
    """
    if entity not in TABLES:
        raise ConfigurationError(
            f"Records of kind {entity!r} are not matched.",
            remedy=f"Name one of {', '.join(TABLES)}.",
        )
    return TABLES[entity]


class Forms:
    """Two lists in the form in which they are compared, and who of them is."""

    def __init__(self, table: Table, left: Sequence[Profile], right: Sequence[Profile]) -> None:
        """Make the forms of two lists."""
        self.table = table
        self.left_keys = [profile.key for profile in left]
        self.right_keys = [profile.key for profile in right]
        self.left = [table.form(profile) for profile in left]
        self.right = [table.form(profile) for profile in right]

    def odds_max(self, left: int, right: int) -> float:
        """Return how likely two records are one thing at the most, whatever they have in common."""
        one, other = self.left[left], self.right[right]
        if self.table.are_strangers(one, other):
            return STRANGERS_ODDS
        levels = (comparison.level(one, other) for comparison in self.table.judging)
        is_doubtful = any(level is not None and level.is_doubtful for level in levels)
        return DOUBTFUL_ODDS if is_doubtful else math.inf

    def blocks(self, common_max: int) -> Iterator[Block]:
        """Yield each kind of block: what of it both sides have, by the numbers of values.

        A value that more pairs have in common than ``common_max`` brings nobody together.
        """
        made = [[self.table.blocks(form) for form in side] for side in (self.left, self.right)]
        if not all(made):
            return
        columns = [*zip(*(zip(*side, strict=True) for side in made), strict=True)]
        if self.table.spelled:
            columns += zip(*self._rarest(), strict=True)
        for left, right in columns:
            counts, others = Counter(left), Counter(right)
            common = (
                key
                for key, count in counts.items()
                if key is not None and 0 < count * others[key] <= common_max
            )
            numbers = {key: number for number, key in enumerate(common)}
            yield [*map(numbers.get, left)], [*map(numbers.get, right)]

    def _rarest(self) -> list[list[list[Key]]]:
        """Return blocks of the rarest words that both lists have, by side.

        Of the rarest one with the first letters of all, and of the two rarest ones.
        """
        column = self.table.spelled
        split = [
            [(form[column] or "").split() for form in side] for side in (self.left, self.right)
        ]
        left, right = (Counter(word for name in side for word in set(name)) for side in split)
        common = {word: left[word] * right[word] for word in left.keys() & right.keys()}
        blocks: list[list[list[Key]]] = []
        for side in split:
            lettered: list[Key] = []
            two: list[Key] = []
            for name in side:
                ranked = sorted((common[word], word) for word in set(name) if word in common)
                found = sorted(word for _, word in ranked[:2])
                lettered.append(with_letters(ranked[0][1], name) if ranked else None)
                two.append(joined(*found) if len(found) > 1 else None)
            blocks.append([lettered, two])
        return blocks
