"""How fast a simulated installation gets its orders done, and in which order it wrote versions."""

from collections.abc import Iterable, Iterator, Mapping

from simulation.installation import SWEEP_EVERY_S, Installation
from simulation.shop import PAIR
from simulation.systems import Written
from tieout.domain.base import DocumentId, System
from tieout.ledger.wakeups import REMIND_S
from tieout.usecases.flow import SHOP_ORDER

LOOK_EVERY_S = 10.0
ROUNDS_MAX = 120
DONE = "document.done"


def settle(installation: Installation) -> None:
    """Let everything come to rest."""
    simulation = installation.simulation
    for _round in range(ROUNDS_MAX):
        if installation.is_quiet:
            return
        simulation.run(simulation.passed_s + SWEEP_EVERY_S / 3)


class Pace:
    """When each order was done for the first time, seen every few virtual seconds."""

    def __init__(self, installation: Installation) -> None:
        self.done_s: dict[str, float] = {}
        self._installation = installation
        self._heard = 0
        self._look()

    def _look(self) -> None:
        simulation, ledger = self._installation.simulation, self._installation.ledger
        for event in ledger.audit[self._heard :]:
            if event.action == DONE:
                source_id = ledger.source_id(DocumentId(int(event.subject.partition("/")[2])))
                self.done_s.setdefault(source_id, simulation.passed_s)
        self._heard = len(ledger.audit)
        simulation.after(LOOK_EVERY_S, self._look)

    def took_s(self, since_s: float) -> float:
        """Return how long after a moment the last order was done."""
        return max(self.done_s.values()) - since_s


def remind(installation: Installation) -> None:
    """Start a run while something waits that nobody takes up, as the trigger of the inbox does."""
    if installation.ledger.waits(PAIR, SHOP_ORDER, source=System.SHOPIFY):
        installation.start(None)
    installation.simulation.after(REMIND_S, lambda: remind(installation))


def went_back(written: Iterable[Written], source_ids: Mapping[int, str]) -> Iterator[str]:
    """Name every write of an order's version to where a newer one had been written before.

    ``source_ids`` says of which order each document is a version; later documents are newer.
    """
    newest: dict[tuple[str, str], int] = {}
    for one in written:
        place = (one.entity, source_ids[one.document_id])
        if one.document_id < newest.get(place, 0):
            yield f"{one.entity} of order {place[1]}: {newest[place]}, and then {one.document_id}"
        newest[place] = max(one.document_id, newest.get(place, 0))
