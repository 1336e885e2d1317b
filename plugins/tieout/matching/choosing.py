"""From how much each pair's likeness weighs to how sure a match is, and who is matched with whom.

A record of one list is one of the other list at the most. So what speaks for another pair of the
same record speaks against this one: two that are equally alike have at best even chances each.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tieout.matching.few import RIVAL_MIN, WEIGHT_MAX, Chosen

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

ROUNDS = 8
"""How often the share of matches is worked out anew from how sure they are."""
TURNS = 6
"""How often, in a round, records tell one another how free they are."""
SHARE_FIRST, SHARE_MAX = 0.5, 0.95
"""The share of the shorter list that is assumed to be in the other one: at first, and at most."""


@dataclass(frozen=True)
class Weighed:
    """Pairs by the numbers of their records, and how much their likeness weighs, in bits."""

    left: Numbers
    right: Numbers
    weight: Floats


def best(pairs: Weighed, left_count: int, right_count: int, *, odds_max: Floats) -> list[Chosen]:
    """Return the pairs of two whole lists, each record in one at the most, the surest first.

    ``odds_max`` says how likely each pair is at the most, however much it weighs.
    """
    if not len(pairs.weight):
        return []
    odds = np.exp2(np.clip(pairs.weight, -WEIGHT_MAX, WEIGHT_MAX))
    most = SHARE_MAX * min(left_count, right_count)
    expected = SHARE_FIRST * min(left_count, right_count)
    confidence = odds
    for _ in range(ROUNDS):
        # The more records have found theirs, the fewer are left that a pair may be by chance.
        free = (1 - expected / left_count) * (1 - expected / right_count)
        prior = expected / (left_count * right_count * free)
        scaled = np.minimum(odds * prior, odds_max)
        confidence = _exclusive(pairs, scaled, left_count, right_count)
        expected = min(max(float(confidence.sum()), SHARE_FIRST), most)
    return _one_to_one(pairs, confidence)


def _exclusive(pairs: Weighed, odds: Floats, left_count: int, right_count: int) -> Floats:
    """Return how sure each pair is when a record is in one pair at the most.

    By belief propagation: along each pair its records tell one another how free they are of all
    other pairs, until they do not change their minds any more.
    """
    free_left = free_right = np.ones_like(odds)
    for _ in range(TURNS):
        claims = odds * free_right
        claimed = np.bincount(pairs.left, claims, left_count)[pairs.left]
        free_left = 1 / (1 + np.maximum(claimed - claims, 0))
        claims = odds * free_left
        claimed = np.bincount(pairs.right, claims, right_count)[pairs.right]
        free_right = 1 / (1 + np.maximum(claimed - claims, 0))
    sure = odds * free_left * free_right
    return sure / (1 + sure)


def _one_to_one(pairs: Weighed, confidence: Floats) -> list[Chosen]:
    """Take pairs as they are sure, passing over those of which a record is taken."""
    order = np.lexsort((pairs.right, pairs.left, -pairs.weight, -confidence))
    chosen: dict[tuple[int, int], float] = {}
    taken: tuple[set[int], set[int]] = (set(), set())
    rivals: tuple[set[int], set[int]] = (set(), set())
    columns = (pairs.left[order], pairs.right[order], confidence[order])
    for left, right, sure in zip(*(column.tolist() for column in columns), strict=True):
        if left in taken[0] or right in taken[1]:
            if sure >= RIVAL_MIN:
                rivals[0].add(left)
                rivals[1].add(right)
            continue
        taken[0].add(left)
        taken[1].add(right)
        chosen[left, right] = sure
    return [
        Chosen(left, right, sure, has_rival=left in rivals[0] or right in rivals[1])
        for (left, right), sure in chosen.items()
    ]


def as_weighed(pairs: list[tuple[int, int, float]]) -> Weighed:
    """Return pairs with their weights as columns."""
    left, right, weight = zip(*pairs, strict=True) if pairs else ((), (), ())
    return Weighed(
        left=np.array(left, np.int64),
        right=np.array(right, np.int64),
        weight=np.array(weight, np.float64),
    )


def column(said: Iterable[float]) -> Floats:
    """Return what is said of each pair as a column."""
    return np.fromiter(said, np.float64)
