"""Every field that a flow moves stands in a mapping file, and every mapping file is used."""

import pytest

from tieout.mapping.mapper import DIRECTIONS
from tieout.usecases.catalog import WRITE_KINDS
from tieout.usecases.flow import SHOP_ORDER
from tieout.usecases.steps import STEPS
from unit.mapping.conftest import ROOT

MAPPINGS = ROOT / "include" / "mappings"


@pytest.mark.parametrize("step", [step for step in STEPS if step != SHOP_ORDER])
def test_whatever_a_step_writes_is_mapped_by_a_file(step):
    written = [kind for kind in WRITE_KINDS if kind.entity == step]

    assert [(MAPPINGS / f"{kind.mapping}.yaml").is_file() for kind in written] == [True]


def test_no_mapping_file_lies_about_unused():
    files = {
        f"{direction}/{path.stem}"
        for direction in DIRECTIONS
        for path in (MAPPINGS / direction).glob("*.yaml")
    }

    assert files == {kind.mapping for kind in WRITE_KINDS if kind.mapping}
