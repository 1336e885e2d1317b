"""The first match of a pair, with its ledgers' lists behind it."""

from tieout.domain.base import System
from tieout.matching.matcher import ProbabilityMatcher
from tieout.usecases.first_match import FirstMatch
from tieout.usecases.in_step.entities import entity_of
from tieout.wiring.installation import Tieout


def open_first_match(tieout: Tieout, pair: str, entity: str) -> FirstMatch:
    """Return the first match of a kind of record of a pair; nothing is read yet.

    Raises:
        ConfigurationError: There is no such pair, or records of that kind are not kept in step.
    """
    return FirstMatch(
        pair=tieout.pair(pair),
        entity=entity_of(entity),
        ledger=tieout.ledger,
        lists={
            System.XERO: tieout.xero(pair).lists,
            System.SAGE100: tieout.sage100(pair).lists(),
        },
        mapper=tieout.mapper(pair),
        matcher=ProbabilityMatcher(),
    )
