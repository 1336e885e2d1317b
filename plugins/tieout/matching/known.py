"""Known records that new ones are compared with: read once, then only what changed of them.

Of each is kept by which of its values another record may be found. The values are kept as hashes
alone: two that differ and have one hash bring a pair together that is then compared like any other.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from tieout.domain.matching import Profile
from tieout.matching.comparisons import Form
from tieout.matching.few import Candidates
from tieout.matching.rarity import chances_of, rare_columns, second_holders
from tieout.matching.tables import Forms, Key, Table, with_letters

NO_VALUE = 0
"""Stands where a record says nothing."""
HOLDERS_MAX = 500
"""How many known records may have a value in common that brings new ones to them."""


@dataclass(frozen=True)
class _Counted:
    """Of a column: how many more a single value is expected to have, and how many say it."""

    others: float
    records: int


class Known:
    """The known records of one kind, and how many of them have a value."""

    def __init__(self, table: Table) -> None:
        """Know nobody yet."""
        self._table = table
        self._rare = sorted(rare_columns(table.comparisons))
        self._profiles: dict[str, Profile] = {}
        self._values: dict[str, tuple[int, ...]] = {}
        self._counted = dict.fromkeys(self._rare, _Counted(0.0, 0))

    def renew(self, known: Sequence[Profile]) -> None:
        """Read what was added or changed since, and forget what is not there any more."""
        before, self._profiles = self._profiles, {one.key: one for one in known}
        gone = before.keys() - self._profiles.keys()
        changed = [one for key, one in self._profiles.items() if before.get(key) != one]
        for key in gone:
            del self._values[key]
        for one in changed:
            self._values[one.key] = self._hashed(self._table.form(one))
        if gone or changed:
            for place, column in enumerate(self._rare):
                counts = Counter(values[place] for values in self._values.values())
                del counts[NO_VALUE]
                self._counted[column] = _Counted(second_holders(counts), counts.total())

    def beside(self, new: Sequence[Profile]) -> Candidates:
        """Return new records, and beside each the known ones that it may be."""
        asked: defaultdict[int, list[int]] = defaultdict(list)
        for number, one in enumerate(new):
            for value in {*self._hashed(self._table.form(one))} - {NO_VALUE}:
                asked[value].append(number)
        holders: defaultdict[int, list[str]] = defaultdict(list)
        for key, values in self._values.items():
            if not asked.keys().isdisjoint(values):
                for value in asked.keys() & values:
                    holders[value].append(key)
        bringing = {value: keys for value, keys in holders.items() if len(keys) <= HOLDERS_MAX}
        found = sorted({key for keys in bringing.values() for key in keys})
        places = {key: place for place, key in enumerate(found)}
        forms = Forms(self._table, new, [self._profiles[key] for key in found])
        return Candidates(
            forms,
            sorted(
                {
                    (number, places[key])
                    for value, keys in bringing.items()
                    for number in asked[value]
                    for key in keys
                }
            ),
            {column: self._chances(column, forms, holders) for column in self._rare},
        )

    def _chances(
        self, column: str, forms: Forms, holders: Mapping[int, Sequence[str]]
    ) -> dict[str, float]:
        """Return the chance of the values that new records have of a column."""
        said = Counter(value for form in forms.left if (value := form[column]) is not None)
        there = {value: len(holders.get(hash((column, value)), ())) for value in said}
        counted = self._counted[column]
        return chances_of(
            said,
            Counter({value: count for value, count in there.items() if count}),
            others=counted.others,
            records=counted.records,
        )

    def _hashed(self, form: Form) -> tuple[int, ...]:
        """Return the hashes of a record's values, the rare columns' first."""
        said: list[tuple[str | int, Key]] = [(column, form[column]) for column in self._rare]
        said += enumerate(self._table.blocks(form))
        words = (form.get(self._table.spelled) or "").split()
        said += [("letters", with_letters(word, words)) for word in set(words)]
        said += [("words", " ".join(two)) for two in combinations(sorted(set(words)), 2)]
        return tuple(NO_VALUE if value is None else hash((name, value)) for name, value in said)
