"""Warnings are data: what the table says of a message is what the agent does about it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agent.calls import Agent, running_agent, sales_order
from agent.test_writing import orders, select
from sage100_agent.errors import RefusedError
from sage100_agent.messages import Messages, Policy, Rule, When, ours, read_rules

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/reference/sage100-messages.md"
PO = "This customer PO number already exists on one or more sales orders or invoices."


def rule(when: When, text: str) -> Rule:
    return Messages().rule(when, text)


@pytest.mark.parametrize(
    ("text", "policy", "cause"),
    [
        (PO, Policy.REJECT, "number_taken"),
        (f"CustomerPONo$: {PO}", Policy.REJECT, "number_taken"),
        ("The amount posted is more than what is open of the invoice.", Policy.REJECT, None),
        ("The amount paid is greater than the invoice balance.", Policy.HOLD, "held"),
        ("The invoice number has been used for this vendor before.", Policy.REJECT, None),
        ("This order exceeds the customer's credit limit.", Policy.HOLD, "held"),
        ("Customer is on CREDIT HOLD", Policy.HOLD, "held"),
        ("The customer is inactive.", Policy.HOLD, "held"),
        ("The date is in a closed fiscal period.", Policy.HOLD, "held"),
        ("The date is not within the current period.", Policy.ACCEPT, ""),
        ("The quantity available is less than the quantity ordered.", Policy.ACCEPT, ""),
        ("Something nobody has told us of.", Policy.ACCEPT, ""),
    ],
)
def test_a_warning_has_a_policy(text: str, policy: Policy, cause: str | None) -> None:
    found = rule(When.WARNING, text)
    assert found.policy is policy
    assert cause in {None, found.cause}


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("The record is in use by another workstation.", Policy.RETRY),
        ("Record locked", Policy.RETRY),
        ("The lockbox code is invalid.", Policy.REJECT),
        ("The Item LAMP is not on file.", Policy.REJECT),
        ("The Invoice 0001 has already been used; see history.", Policy.REJECT),
        ("Whatever", Policy.REJECT),
    ],
)
def test_a_refusal_has_a_policy(text: str, policy: Policy) -> None:
    assert rule(When.FAILURE, text).policy is policy


def test_the_table_ends_with_a_row_for_anything_of_each_kind() -> None:
    for when in When:
        rows = [one for one in ours() if one.when is when]
        assert [one.pattern for one in rows].index("") == len(rows) - 1
        assert all(one.meaning and one.source for one in rows)
        assert all(one.remedy and one.cause for one in rows if one.policy in {"hold", "reject"})


def test_every_row_before_the_last_can_be_met() -> None:
    for at, one in enumerate(ours()):
        earlier = [other for other in ours()[:at] if other.when is one.when]
        assert all(other.pattern for other in earlier)


def test_judging_passes_what_is_accepted_and_names_what_is_not() -> None:
    messages = Messages()
    messages.judge(["Something nobody has told us of."])
    with pytest.raises(RefusedError, match="over the credit limit") as refused:
        messages.judge(["fine", "CustomerNo$: over the credit limit"])
    assert refused.value.cause == "held"


@pytest.mark.parametrize(
    "row",
    [
        {"when": "warning", "pattern": "x"},
        {"when": "warning", "pattern": "x", "policy": "retry"},
        {"when": "failure", "pattern": "x", "policy": "accept"},
        {"when": "warning", "pattern": "(", "policy": "accept"},
        {"when": "warning", "pattern": "x", "policy": "accept", "surprise": 1},
        {"when": "never", "pattern": "x", "policy": "accept"},
    ],
)
def test_a_row_that_is_none_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_rules(json.dumps([row]))


def repeated(agent: Agent) -> tuple[dict[str, Any], dict[str, Any]]:
    agent.post(sales_order("po-one", CustomerPONo="HP-78"))
    first = agent.post(sales_order("po-two", CustomerPONo="HP-78"))[1]
    return first, agent.post(sales_order("po-two", CustomerPONo="HP-78"))[1]


def test_a_warning_that_is_rejected_writes_nothing_and_keeps_sages_words(agent: Agent) -> None:
    answer, _again = repeated(agent)
    assert (answer["status"], answer["error"]["cause"]) == ("refused", "number_taken")
    assert PO in answer["error"]["message"]
    assert orders(agent.home, "po-two") == 0


@pytest.mark.parametrize(
    ("policy", "status", "held"), [("accept", "entered", 1), ("hold", "refused", 0)]
)
def test_a_site_may_decide_otherwise(
    home: Path, tmp_path: Path, policy: str, status: str, held: int
) -> None:
    rows = [{"when": "warning", "pattern": "already exists on one or more", "policy": policy}]
    path = tmp_path / "messages.json"
    path.write_text(json.dumps(rows))
    with running_agent(home, tmp_path, "--messages", str(path)) as agent:
        answer, again = repeated(agent)
    assert answer["status"] == again["status"] == status
    assert orders(home, "po-two") == held
    if policy == "accept":
        assert any(PO in warning for warning in answer["warnings"])
        assert again == answer
    else:
        assert answer["error"]["cause"] == "held"
        assert select(home, "select count(*) from SO_SalesOrderHeader")[0][0] >= 1


def test_the_page_is_the_table() -> None:
    tool = ROOT / "sage100_agent/tools/messages_page.py"
    env = {"PYTHONPATH": str(ROOT / "sage100_agent/src")}
    made = subprocess.run([sys.executable, tool], check=True, capture_output=True, env=env)
    assert PAGE.read_text("utf-8") == made.stdout.decode()
