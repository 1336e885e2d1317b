"""The first match of a pair, with its ledgers' lists behind it."""

from tieout.matching.matcher import ProbabilityMatcher
from tieout.usecases.first_match import FirstMatch
from tieout.wiring.bindings import open_listed
from tieout.wiring.installation import Tieout


def open_first_match(tieout: Tieout, pair: str, entity: str) -> FirstMatch:
    """Return the first match of a kind of record of a pair; nothing is read yet.

    Raises:
        ConfigurationError: There is no such pair, or records of that kind are not kept in step.
    """
    listed = open_listed(tieout, pair, entity)
    return FirstMatch(
        pair=listed.pair,
        entity=listed.entity,
        ledger=listed.ledger,
        lists=listed.lists,
        mapper=listed.mapper,
        matcher=ProbabilityMatcher(),
    )
