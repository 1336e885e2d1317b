"""Plans of records in step: what they list, and what is applied of them, or refused."""

import pytest

from tieout.domain.in_step.merge import Reason
from tieout.domain.plan import Action, Ending
from tieout.errors import FatalError
from tieout.stack.plan_reports import plan_text
from tieout.usecases.in_step.answers import answer
from tieout.usecases.planning.apply import apply_plan
from tieout.usecases.planning.plan import make_plan
from two_ledgers import PAIR, SAGE100, XERO, TwoLedgers

FLOW = "customer_sync"


@pytest.fixture
def town() -> TwoLedgers:
    """Acme in both ledgers, in step until people changed its e-mail here and its name in both."""
    town = TwoLedgers()
    town.contact = town.add_contact("Acme", EmailAddress="a@acme.com")
    town.settle()
    (town.customer,) = town.sage100.nodes
    town.edit(XERO, town.contact, Name="Acme One", EmailAddress="x@acme.com")
    town.edit(SAGE100, town.customer, CustomerName="Acme Two")
    town.add_contact("Other")
    town.tell()
    town.xero.writes.clear()
    town.sage100.writes.clear()
    return town


def test_a_plan_lists_creates_updates_and_conflicts_with_both_values_and_calls(town):
    plan = make_plan(town.flow, FLOW)

    actions = sorted(write.action for document in plan.documents for write in document.writes)
    assert actions == [Action.CREATE, Action.UPDATE]
    (conflict,) = [one for document in plan.documents for one in document.conflicts]
    assert (conflict.field, conflict.reason, conflict.winner) == ("name", Reason.BOTH_CHANGED, None)
    assert (conflict.values.xero, conflict.values.sage100) == ("Acme One", "Acme Two")
    assert {one.system: one.writes > 0 for one in plan.calls}[SAGE100]
    text = plan_text(plan)
    assert "EmailAddress: a@acme.com -> x@acme.com" in text
    assert "conflicts: 1, of which 1 wait for a person" in text
    assert "sage100: Acme Two" in text
    assert not town.writes
    assert not town.ledger.conflicts(PAIR.pair)


def test_what_did_not_move_is_applied_as_planned_and_once(town):
    plan = make_plan(town.flow, FLOW)

    applied = apply_plan(town.flow, plan)

    posted = plan.ending(Ending.POST)
    assert (applied.done, applied.unfinished) == (len(posted), 0)
    assert applied.is_as_planned, applied.deviations
    kinds = sorted(kind for kind, _ in town.sage100.writes)
    assert (kinds, town.xero.writes) == (["customer", "customer_update"], [])
    assert town.sage100.nodes[town.customer]["EmailAddress"] == "x@acme.com"
    assert [one.field for one in town.ledger.conflicts(PAIR.pair)] == ["name"]

    again = apply_plan(town.flow, plan)
    assert (again.done, town.writes) == (applied.done, 2)
    assert make_plan(town.flow, FLOW).count(Action.CREATE, Action.UPDATE) == 0


@pytest.mark.parametrize("is_told", [False, True])
@pytest.mark.parametrize(
    ("system", "members"),
    [(XERO, {"EmailAddress": "y@acme.com"}), (SAGE100, {"EmailAddress": "z@acme.com"})],
)
def test_what_moved_in_either_ledger_is_refused_and_named(town, system, members, is_told):
    plan = make_plan(town.flow, FLOW)
    town.edit(system, {XERO: town.contact, SAGE100: town.customer}[system], **members)
    if is_told:
        town.tell()

    with pytest.raises(FatalError) as refused:
        apply_plan(town.flow, plan)

    assert "Nothing was applied" in refused.value.message
    assert plan.plan_hash[:12] in refused.value.message
    assert not town.writes
    assert apply_plan(town.flow, make_plan(town.flow, FLOW)).is_as_planned


def test_an_answer_given_meanwhile_is_another_plan(town):
    town.sync(told=False)
    town.edit(XERO, town.contact, EmailAddress="y@acme.com")
    town.tell()
    plan = make_plan(town.flow, FLOW)
    (waiting,) = town.ledger.conflicts(PAIR.pair)
    answer(town.ledger, waiting.conflict_id, SAGE100, why="the deed")

    with pytest.raises(FatalError) as refused:
        apply_plan(town.flow, plan)

    assert "Nothing was applied" in refused.value.message
