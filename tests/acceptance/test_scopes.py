"""The scopes that a pair's flows ask for are enough for them, and none of them is too much."""

import time
from dataclasses import replace

import pytest

from acceptance.orders import TODAY, paid
from acceptance.test_faults import draft_of, new_buyer
from tieout.connectors.xero.connector import XeroConnector
from tieout.connectors.xero.scopes import scopes_of
from tieout.domain.ledger import Origin
from tieout.domain.pair import FlowName
from tieout.errors import AuthenticationError
from tieout.usecases.capture import capture
from tieout.usecases.flow import Flow
from tieout.usecases.steps import ORDER_STEPS, run_step
from tieout.usecases.tie_out_reading import read_books
from world import HARBOR, SWEEP_FROM, World

SCOPES = scopes_of((FlowName.ORDER_TO_CASH,))
READ = ".read"
PROOF = {
    "accounting.manualjournals.read": "xero manual journals",
    "accounting.reports.trialbalance.read": "xero trial balance",
}
"""What the tie-out alone reads by, and what it calls that."""


def flow_with(world: World, scopes: tuple[str, ...]) -> Flow:
    config = world.tieout.xero_connections.config("xero_harbor_and_pine")
    narrowed = config.model_copy(update={"scopes": scopes})
    xero = XeroConnector(narrowed, clock=world.tieout.clock, sleep=time.sleep)
    return replace(world.tieout.flow(HARBOR), xero=xero)


def run(flow: Flow, *, name: str) -> None:
    interval = (SWEEP_FROM, flow.clock.now())
    batch = capture(flow, interval=interval, origin=Origin.SWEEP, claimed_by=name)
    assert batch is not None
    for step in ORDER_STEPS:
        run_step(flow, step, batch)


def test_a_pair_asks_for_what_its_flows_need(world: World) -> None:
    assert world.tieout.xero_connections.config("xero_harbor_and_pine").scopes == SCOPES


@pytest.mark.parametrize("lacking", [one for one in SCOPES if one not in PROOF])
def test_without_any_one_of_them_the_flow_stops_and_with_all_it_ends(
    world: World, lacking: str
) -> None:
    """Where writing lacks, reading is left: it is the writing that is needed."""
    world.place(paid(draft_of(new_buyer())))
    left = tuple(one for one in SCOPES if one != lacking)
    if not lacking.endswith(READ):
        left = (*left, lacking + READ)
    with pytest.raises(AuthenticationError):
        run(flow_with(world, left), name=lacking)
    for stream in world.tieout.streams.streams(HARBOR):
        if stream.state != "open":
            world.tieout.streams.resume(stream.name, by="test", reason="the scope is back")
    run(flow_with(world, SCOPES), name=lacking)
    conservation = world.tieout.ledger.conservation(HARBOR)
    assert (conservation.pending, conservation.is_conserved) == (0, True)


@pytest.mark.parametrize("lacking", PROOF)
def test_without_what_the_proof_reads_by_the_tie_out_says_what_it_lacks(
    world: World, lacking: str
) -> None:
    xero = flow_with(world, tuple(one for one in SCOPES if one != lacking)).xero
    assert isinstance(xero, XeroConnector)
    sage100 = world.tieout.sage100(HARBOR)
    books = read_books(xero, sage100, xero.own_books, as_of=TODAY, today=TODAY)
    assert [one.name for one in books.sources if one.through is None] == [PROOF[lacking]]
