"""The matcher: whole lists by Splink, short ones and single records by rapidfuzz."""

from collections.abc import Iterable, Sequence

from typing_extensions import override

from tieout.domain.matching import CONTRARY, Match, Profile, Reason
from tieout.matching import few
from tieout.matching.known import Known
from tieout.matching.tables import Forms, Table, table_of
from tieout.ports.matcher import Matcher

LEARNING_MIN = 2_000
"""How long both lists are at least that Splink can learn from."""
NEW_PRIOR = 1e-3
"""How likely a known record is, before it is looked at, the one that a new record repeats."""


class ProbabilityMatcher(Matcher):
    """Compares by the comparison table of the kind of record.

    Known records are read once: asked again with the same list, only what changed in it is.
    """

    def __init__(self) -> None:
        """Know nobody yet."""
        self._known: dict[str, Known] = {}

    @override
    def best(self, entity: str, left: Sequence[Profile], right: Sequence[Profile]) -> list[Match]:
        return best_of(table_of(entity), left, right)

    @override
    def alike(self, entity: str, new: Sequence[Profile], known: Sequence[Profile]) -> list[Match]:
        table = table_of(entity)
        there = self._known.setdefault(entity, Known(table))
        there.renew(known)
        candidates = there.beside(new)
        return _matches(candidates.forms, few.nearest(candidates, NEW_PRIOR))


def best_of(table: Table, left: Sequence[Profile], right: Sequence[Profile]) -> list[Match]:
    """Return the matches of two whole lists by a comparison table."""
    if not left or not right:
        return []
    # Both take a second to import, and are asked for by people alone.
    from tieout.matching import choosing  # noqa: PLC0415

    forms = Forms(table, left, right)
    if min(len(left), len(right)) >= LEARNING_MIN:
        from tieout.matching import bulk  # noqa: PLC0415

        weighed = bulk.weighed(forms)
    else:
        weighed = choosing.as_weighed(few.weighed(few.of_lists(forms)))
    most = choosing.column(map(forms.odds_max, weighed.left, weighed.right))
    return _matches(forms, choosing.best(weighed, len(left), len(right), odds_max=most))


def _matches(forms: Forms, chosen: Iterable[few.Chosen]) -> list[Match]:
    return [
        Match(
            left=forms.left_keys[one.left],
            right=forms.right_keys[one.right],
            confidence=one.confidence,
            reasons=_reasons(forms, one),
        )
        for one in chosen
    ]


def _reasons(forms: Forms, chosen: few.Chosen) -> tuple[Reason, ...]:
    """Return what speaks for a match, then what speaks against it."""
    left, right = forms.left[chosen.left], forms.right[chosen.right]
    levels = (comparison.level(left, right) for comparison in forms.table.comparisons)
    said = [level.reason for level in levels if level is not None and level.reason is not None]
    rival = [Reason.SEVERAL_ALIKE] if chosen.has_rival else []
    return (*sorted(said, key=CONTRARY.__contains__), *rival)
