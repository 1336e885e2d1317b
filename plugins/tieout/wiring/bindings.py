"""The bindings of a pair, as people see, make and end them."""

from tieout.usecases.in_step.binding import Bindings
from tieout.usecases.in_step.entities import entity_of
from tieout.wiring.installation import Tieout


def open_bindings(tieout: Tieout, pair: str, entity: str) -> Bindings:
    """Return the bindings of a kind of record of a pair; nothing is read yet.

    Raises:
        ConfigurationError: There is no such pair, or records of that kind are not kept in step.
    """
    return Bindings(flow=tieout.flow(pair), entity=entity_of(entity))
