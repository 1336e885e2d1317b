"""A planning ledger answers every call of the port itself: what it forgot would be written."""

from typing import Protocol

from tieout.ports.in_step import AgreedRecords
from tieout.ports.ledger import Ledger
from tieout.ports.streams import Streams
from tieout.ports.systems import Sage100, Shop, Xero
from tieout.ports.targets import Target
from tieout.usecases.planning.ledger import PlanningLedger
from tieout.usecases.planning.streams import PlanningStreams
from tieout.usecases.planning.systems import PlanningSage100, PlanningShop, PlanningXero
from tieout.usecases.planning.targets import PlanningTarget

STAND_INS: tuple[tuple[type, type], ...] = (
    (Ledger, PlanningLedger),
    (AgreedRecords, PlanningLedger),
    (Target, PlanningTarget),
    (Xero, PlanningXero),
    (Sage100, PlanningSage100),
    (Shop, PlanningShop),
    (Streams, PlanningStreams),
)


def methods(port: type) -> set[str]:
    return {name for name, value in vars(port).items() if name[0] != "_" and callable(value)}


def own(stand_in: type, port: type) -> set[str]:
    """Return what a stand-in defines itself or inherits from another stand-in."""
    classes = [one for one in stand_in.__mro__ if one not in (port, Protocol, object)]
    return {name for one in classes for name in vars(one)}


def test_a_plan_leaves_no_method_of_a_port_to_chance() -> None:
    missing = {
        stand_in.__name__: sorted(methods(port) - own(stand_in, port))
        for port, stand_in in STAND_INS
    }

    assert missing == {stand_in.__name__: [] for _port, stand_in in STAND_INS}
