"""The files of include/in_step: read as they are meant, and refused by file, line and place."""

import shutil

import pytest

from tieout.domain.in_step.policy import Direction, Fate, Owner
from tieout.errors import ConfigurationError
from tieout.mapping.in_step import load_policies
from tieout.mapping.master_data import FORMS, MOVED
from unit.mapping.conftest import ROOT

GOOD = "direction: to_xero\narchived: leave\nfields:\n  phone: {owner: xero}\n"


@pytest.fixture
def include(tmp_path):
    shutil.copytree(ROOT / "include" / "in_step", tmp_path / "in_step")
    return tmp_path


def test_the_shipped_policy_asks_before_a_name_is_overwritten(include):
    customer = load_policies(include, "harbor_and_pine")["customer"]

    assert customer.direction is Direction.BOTH
    assert customer.fields["name"].owner is Owner.ASK
    assert customer.restored is Fate.ASK


@pytest.mark.parametrize("entity", MOVED)
def test_of_every_kind_a_policy_is_shipped_that_names_what_both_ledgers_say(include, entity):
    policy = load_policies(include, "harbor_and_pine")[entity]

    assert policy.fields.keys() <= MOVED[entity] <= FORMS[entity].model_fields.keys()
    assert policy.direction is Direction.BOTH


@pytest.mark.parametrize(
    ("entity", "field"),
    [("item", "cost"), ("item", "sales"), ("vendor", "terms_code"), ("vendor", "has_tax_id")],
)
def test_what_is_one_ledgers_own_is_no_field_of_a_policy(include, entity, field):
    path = include / "in_step" / f"{entity}.yaml"
    path.write_text(GOOD.replace("phone", field), "utf-8")

    with pytest.raises(ConfigurationError, match=f"has no field '{field}' that is kept in step"):
        load_policies(include, "harbor_and_pine")


@pytest.mark.parametrize(
    ("entity", "field"), [("customer", "phone"), ("item", "price"), ("vendor", "phone")]
)
def test_a_pair_may_have_its_own(include, entity, field):
    own = include / "in_step" / "pairs" / "lotus_lane" / f"{entity}.yaml"
    own.parent.mkdir(parents=True)
    own.write_text(GOOD.replace("phone", field), "utf-8")

    ours, others = (load_policies(include, pair) for pair in ("lotus_lane", "harbor_and_pine"))

    assert ours[entity].direction is Direction.TO_XERO
    assert list(ours[entity].fields) == [field]
    assert others[entity].direction is Direction.BOTH
    assert {name: ours[name] for name in MOVED if name != entity} == {
        name: others[name] for name in MOVED if name != entity
    }


@pytest.mark.parametrize("entity", MOVED)
def test_a_pairs_own_file_that_is_wrong_is_told_by_its_place(include, entity):
    own = include / "in_step" / "pairs" / "lotus_lane" / f"{entity}.yaml"
    own.parent.mkdir(parents=True)
    own.write_text(GOOD.replace("to_xero", "sideways"), "utf-8")

    with pytest.raises(ConfigurationError, match=f"pairs/lotus_lane/{entity}.yaml"):
        load_policies(include, "lotus_lane")


def test_an_installation_without_such_files_keeps_nothing_in_step(tmp_path):
    assert load_policies(tmp_path, "harbor_and_pine") == {}


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (GOOD.replace("xero}", "shop}"), 4, "'shop' is not one of"),
        (GOOD.replace("phone", "fone"), 4, "Did you mean 'phone'?"),
        (GOOD.replace("phone", "credit_limit"), 4, "has no field 'credit_limit'"),
        (GOOD.replace("phone", "is_active"), 4, "has no field 'is_active'"),
        (GOOD.replace("archived: leave", "archive: leave"), 2, "Did you mean 'archived'?"),
        (GOOD.replace("direction: to_xero\n", ""), 1, "'direction' is a required property"),
    ],
)
def test_what_is_wrong_is_told_by_file_and_line(include, text, line, said):
    path = include / "in_step" / "customer.yaml"
    path.write_text(text, "utf-8")

    with pytest.raises(ConfigurationError) as raised:
        load_policies(include, "harbor_and_pine")

    assert str(raised.value).startswith(f"{path}, line {line}")
    assert said in str(raised.value)


def test_a_file_of_no_entity_is_refused(include):
    (include / "in_step" / "custommer.yaml").write_text(GOOD, "utf-8")

    with pytest.raises(ConfigurationError, match="there is no entity 'custommer'"):
        load_policies(include, "harbor_and_pine")
