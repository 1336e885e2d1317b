"""A few records compared at once, with weights that are assumed: no list is there to learn from."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import log2

from tieout.matching.comparisons import Comparison, Form
from tieout.matching.rarity import chances, rare_columns
from tieout.matching.tables import Block, Forms

COMMON_MAX = 10_000
"""How many pairs may have one block in common."""
WEIGHT_MIN = 4.0
"""Bits; a pair that weighs less has hardly anything in common."""
WEIGHT_MAX = 60.0
"""Bits; beyond it a weight says nothing more, and its power of two stays a number."""
RIVAL_MIN = 0.1
"""How sure another match of the same record is that it is told of."""


@dataclass(frozen=True)
class Chosen:
    """A pair that was chosen, how sure it is, and whether another one is about as likely."""

    left: int
    right: int
    confidence: float
    has_rival: bool


@dataclass(frozen=True)
class Candidates:
    """Two lists, which of their pairs are compared, and by column what chance a value has."""

    forms: Forms
    pairs: Sequence[tuple[int, int]]
    chances: Mapping[str, Mapping[str, float]]


def of_lists(forms: Forms) -> Candidates:
    """Return the pairs of two whole lists that have a block in common."""
    return Candidates(
        forms,
        sorted(set(chain.from_iterable(map(_together, forms.blocks(COMMON_MAX))))),
        {column: chances(forms, column) for column in rare_columns(forms.table.comparisons)},
    )


def nearest(candidates: Candidates, prior: float) -> list[Chosen]:
    """Return for each left record the right one that it is most like, whoever else is like it."""
    by_left: defaultdict[int, list[tuple[float, int]]] = defaultdict(list)
    for left, right, weight in weighed(candidates):
        odds = prior * 2 ** min(weight, WEIGHT_MAX)
        odds = min(odds, candidates.forms.odds_max(left, right))
        by_left[left].append((odds, -right))
    chosen = []
    for left, found in by_left.items():
        found.sort(reverse=True)
        total = 1 + sum(odds for odds, _ in found)
        has_rival = len(found) > 1 and found[1][0] / total >= RIVAL_MIN
        chosen.append(Chosen(left, -found[0][1], found[0][0] / total, has_rival=has_rival))
    return chosen


def weighed(candidates: Candidates) -> list[tuple[int, int, float]]:
    """Return the pairs that are somewhat alike, by the numbers of their records, with weights."""
    forms = candidates.forms
    found = []
    for left, right in candidates.pairs:
        one, other = forms.left[left], forms.right[right]
        weight = sum(
            _weight(comparison, one, other, candidates.chances)
            for comparison in forms.table.comparisons
        )
        if weight >= WEIGHT_MIN:
            found.append((left, right, weight))
    return found


def _weight(
    comparison: Comparison, left: Form, right: Form, by_column: Mapping[str, Mapping[str, float]]
) -> float:
    level = comparison.level(left, right)
    if level is None:
        return 0.0
    chance = level.chance
    if level.rare:
        # Where another column than the rare one decides, the two may differ in it.
        chance = by_column[level.rare].get(left[level.rare] or "", chance)
    return log2(level.same / chance)


def _together(block: Block) -> Iterator[tuple[int, int]]:
    """Yield the pairs that have a value of a block in common."""
    left, right = block
    holders: defaultdict[int, list[int]] = defaultdict(list)
    for number, value in enumerate(right):
        if value is not None:
            holders[value].append(number)
    for number, value in enumerate(left):
        if value is not None:
            for other in holders[value]:
                yield number, other
