"""How likely two records that are not one thing have a value in common: of each value its chance.

A value that many have is there by chance in many pairs. Of one that only one record of each list
has, counting says nothing: what is known is how often a single value gets a second holder, which
the list itself shows (I. J. Good, The population frequencies of species, Biometrika 40, 1953).
"""

from collections import Counter

from tieout.matching.comparisons import Comparison
from tieout.matching.tables import Forms

HOLDERS_MIN, HOLDERS_MAX = 0.03, 1.0
"""Of a value that one record has, how many others are expected to have it."""
RECORDS_MIN = 1_000
"""Lists are counted as this long at least: chance is that of all there is, not of a few."""


def rare_columns(comparisons: tuple[Comparison, ...]) -> set[str]:
    """Return the columns of which a rare value weighs more."""
    return {level.rare for one in comparisons for level in one.levels if level.rare}


def chances(forms: Forms, column: str) -> dict[str, float]:
    """Return the chance of each value that a column has in both lists."""
    left, right = (
        Counter(value for form in side if (value := form[column]) is not None)
        for side in (forms.left, forms.right)
    )
    return chances_of(
        left,
        right,
        others=max(second_holders(left), second_holders(right)),
        records=max(left.total(), right.total()),
    )


def chances_of(
    left: Counter[str], right: Counter[str], *, others: float, records: int
) -> dict[str, float]:
    """Return the chance of each value that both sides have, by how many have it."""
    return {
        value: (max(left[value], right[value]) - 1 + others) / max(records, RECORDS_MIN)
        for value in left.keys() & right.keys()
    }


def second_holders(counts: Counter[str] | Counter[int]) -> float:
    """Return how many others have a value, in one more list like this, that one record has."""
    times = Counter(counts.values())
    expected = 2 * times[2] / times[1] if times[1] else HOLDERS_MAX
    return min(max(expected, HOLDERS_MIN), HOLDERS_MAX)
