"""How good matches are: precision, recall, F1, and whether confidence is what it says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tieout.domain.matching import Match

SAME_MIN = 0.5
"""From this confidence on a match counts as made, where each counts."""


@dataclass(frozen=True)
class Score:
    """The counts of what was matched, and of what there was to match."""

    right: int
    wrong: int
    there: int

    @property
    def precision(self) -> float:
        return self.right / max(self.right + self.wrong, 1)

    @property
    def recall(self) -> float:
        return self.right / self.there

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.right + self.wrong + self.there)


def score(matches: Sequence[Match], is_right: Callable[[Match], bool], there: int) -> Score:
    """Return the score of matches."""
    right = sum(map(is_right, matches))
    return Score(right, len(matches) - right, there)


def miscalibration(matches: Sequence[Match], is_right: Callable[[Match], bool]) -> float:
    """Return by how much confidence and the share of right matches differ, weighed over tenths."""
    tenths: dict[int, list[Match]] = {}
    for match in matches:
        tenths.setdefault(min(int(match.confidence * 10), 9), []).append(match)
    gaps = [
        abs(sum(one.confidence for one in tenth) - sum(map(is_right, tenth)))
        for tenth in tenths.values()
    ]
    return sum(gaps) / max(len(matches), 1)
