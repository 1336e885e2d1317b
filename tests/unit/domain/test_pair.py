import pytest
from pydantic import ValidationError

from tieout.domain.pair import Account, AccountKind


def test_a_mirrored_account_is_on_both_sides():
    account = Account(role="sales", xero="200", sage100="400-00")

    assert account.kind is AccountKind.MIRRORED


@pytest.mark.parametrize("sides", [{"xero": "200"}, {"sage100": "400-00"}, {}])
def test_a_mirrored_account_on_one_side_is_refused(sides):
    with pytest.raises(ValidationError, match="'sales' is mirrored"):
        Account(role="sales", **sides)


def test_a_local_account_on_both_sides_is_refused():
    with pytest.raises(ValidationError, match="'inventory' is local"):
        Account(
            role="inventory", kind="local", xero="630", sage100="130-00", reason="stock lives there"
        )


def test_a_local_account_says_why():
    with pytest.raises(ValidationError, match="say why in 'reason'"):
        Account(role="inventory", kind="local", sage100="130-00")
