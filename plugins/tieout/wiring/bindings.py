"""The bindings of a pair, as people see, make and end them."""

from tieout.domain.base import System
from tieout.usecases.in_step.binding import Bindings
from tieout.usecases.in_step.entities import entity_of
from tieout.usecases.in_step.listed import ListedRecords
from tieout.usecases.in_step.orphans import OrphanReport
from tieout.wiring.installation import Tieout


def open_bindings(tieout: Tieout, pair: str, entity: str) -> Bindings:
    """Return the bindings of a kind of record of a pair; nothing is read yet.

    Raises:
        ConfigurationError: There is no such pair, or records of that kind are not kept in step.
    """
    return Bindings(flow=tieout.flow(pair), entity=entity_of(entity))


def open_listed(tieout: Tieout, pair: str, entity: str) -> ListedRecords:
    """Return both ledgers' lists of a kind of record of a pair; nothing is read yet.

    Raises:
        ConfigurationError: There is no such pair, or records of that kind are not kept in step.
    """
    return ListedRecords(
        pair=tieout.pair(pair),
        entity=entity_of(entity),
        ledger=tieout.ledger,
        lists={
            System.XERO: tieout.xero(pair).lists,
            System.SAGE100: tieout.sage100(pair).lists(),
        },
        mapper=tieout.mapper(pair),
    )


def open_orphans(tieout: Tieout, pair: str, entity: str) -> OrphanReport:
    """Return the report on what is in step with nothing; nothing is read yet.

    Raises:
        ConfigurationError: There is no such pair, or records of that kind are not kept in step.
    """
    return OrphanReport(open_bindings(tieout, pair, entity), open_listed(tieout, pair, entity))
