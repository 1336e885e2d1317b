"""Every kind of document that people post in Sage 100 has its row: where it is before and after."""

from tieout.connectors.sage100.catalog import TABLES
from tieout.connectors.sage100.standings import REGISTERS
from tieout.usecases.catalog import WRITE_KINDS, Posting


def test_every_kind_with_a_register_of_its_own_has_a_row_and_no_other() -> None:
    posted = {kind.entity for kind in WRITE_KINDS if kind.posting is Posting.ON_UPDATE}
    assert REGISTERS.keys() == posted


def test_the_columns_of_every_row_are_sages() -> None:
    for register in REGISTERS.values():
        entry, history = TABLES[register.entry], TABLES[register.history]
        named = {*register.number, *register.posted_as, register.dated, register.posted_amount}
        assert named - {""} <= history.columns.keys()
        assert "DateUpdated" in history.columns
        asked = {*register.number, *register.entered_as, register.entered_amount}
        assert asked - {""} <= entry.columns.keys()
