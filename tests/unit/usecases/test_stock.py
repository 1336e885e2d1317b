"""What may be sold by the pair's policy: kept back, offered together, and never twice."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from fakes import FakeSage100
from tieout.domain.pair import Pair, ToSell
from tieout.ports.systems import StockLevel
from tieout.usecases.stock import to_sell
from unit.usecases.test_steps import PAIR, make_flow

LAMP = "LAMP-01"


def sellable(levels: dict[str, int], **policy: Any) -> dict[str, Decimal]:
    """Return what may be sold of the lamp by warehouse, of what Sage 100 has available."""
    flow = make_flow()
    assert isinstance(flow.sage100, FakeSage100)
    for warehouse, available in levels.items():
        flow.sage100.held_stock.append(
            StockLevel(
                item_code=LAMP,
                warehouse_code=warehouse,
                on_hand=Decimal(available),
                committed=Decimal(0),
                available=Decimal(available),
            )
        )
    pair = PAIR.model_copy(update={"to_sell": ToSell.model_validate(policy)})
    found = to_sell(replace(flow, pair=pair), {LAMP})
    return {warehouse: quantity for (_item, warehouse), quantity in found.items()}


def test_each_location_offers_its_own_warehouse_and_others_are_offered_nowhere() -> None:
    assert sellable({"000": 5, "001": -2, "777": 9}) == {"000": 5, "001": 0}


def test_pieces_are_kept_back_at_each_location() -> None:
    assert sellable({"000": 5, "001": 1}, keep_back=2) == {"000": 3, "001": 0}
    assert sellable({"000": 5}, keep_back=2, keep_back_of={LAMP: 4, "X": 9}) == {"000": 1}


def test_a_location_offers_what_another_warehouse_has_less_what_that_one_owes() -> None:
    together = {"000": ["777", "778"]}
    assert sellable({"000": 5, "777": 9, "778": -3}, also_from=together) == {"000": 11}
    assert sellable({"777": 9}, also_from=together) == {"000": 9}


@pytest.mark.parametrize(
    ("also_from", "complaint"),
    [
        ({"000": ["001"]}, "001, which is offered at another location already"),
        ({"000": ["777"], "001": ["777"]}, "777, which is offered at another location already"),
        ({"777": ["778"]}, "777, which is no location of a shop"),
    ],
)
def test_no_warehouse_is_offered_twice(also_from: dict[str, list[str]], complaint: str) -> None:
    said = {**PAIR.model_dump(), "to_sell": {"also_from": also_from}}
    with pytest.raises(ValidationError, match=complaint):
        Pair.model_validate(said)
