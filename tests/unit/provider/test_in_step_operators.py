"""Customers are kept in step on an event too: what wakes their flow, and for which pairs."""

from types import SimpleNamespace
from typing import Any

import pytest

from tieout.domain.pair import FlowName
from tieout.ledger.wakeups import Waking
from tieout.provider import operators
from tieout.provider.in_step_operators import ListInStepPairsOperator
from tieout.provider.runtime import EVENT_RUN
from tieout.provider.triggers import CONTACTS, VENDORS


def test_an_event_of_a_contact_is_looked_at_for_every_pair_that_keeps_customers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert (Waking(CONTACTS), Waking(VENDORS)) == (Waking.CONTACTS, Waking.VENDORS)
    on, off = (SimpleNamespace(flows=flows) for flows in ((FlowName.CUSTOMER_SYNC,), ()))
    monkeypatch.setattr(
        operators, "open_runtime", lambda: SimpleNamespace(pairs={"a": on, "b": off})
    )
    operator = ListInStepPairsOperator(task_id="list_pairs", flow=FlowName.CUSTOMER_SYNC)
    context: Any = {"dag_run": SimpleNamespace(run_type=EVENT_RUN)}
    assert operator.execute(context) == ["a"]
