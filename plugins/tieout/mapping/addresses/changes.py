"""Changes of an address that Sage 100 already holds.

An address is one value: it is changed with all its columns or not at all, each beside what it held
by the last agreed form. The agent compares before it writes, so a column that a person edited
refuses the whole change, and no address is put together out of two.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tieout.domain.order import Address
from tieout.domain.pair import AddressCase
from tieout.mapping.addresses.fields import (
    sage100_address_line,
    sage100_city,
    sage100_postal_code,
    sage100_state,
)
from tieout.mapping.texts import Altered


@dataclass(frozen=True)
class Columns:
    """The columns of one address of a table."""

    lines: tuple[str, str, str]
    city: str
    state: str
    postal_code: str
    country: str

    @property
    def names(self) -> tuple[str, ...]:
        """Return all of them."""
        return (*self.lines, self.city, self.state, self.postal_code, self.country)


CUSTOMER = Columns(
    ("AddressLine1", "AddressLine2", "AddressLine3"), "City", "State", "ZipCode", "CountryCode"
)
SHIP_TO = Columns(
    ("ShipToAddress1", "ShipToAddress2", "ShipToAddress3"),
    "ShipToCity",
    "ShipToState",
    "ShipToZipCode",
    "ShipToCountryCode",
)


@dataclass(frozen=True)
class AddressChange:
    """What the columns of an address shall hold, and what they hold by the last agreed form."""

    header: Mapping[str, str]
    expected: Mapping[str, str]


def address_change(
    columns: Columns,
    wanted: Mapping[str, str],
    agreed: Mapping[str, str],
    *,
    country_code: str,
    case: AddressCase,
    lengths: tuple[int, int, int],
) -> AddressChange | None:
    """Return the change from the last agreed form to what is wanted; None when it says the same.

    An agreed address that only lacks today's form, such as *Street* for *St*, says the same: a rule
    that changes rewrites no address. ``lengths`` are those of a line, the city and the postal code.
    """
    header, held = (
        {name: values.get(name, "") for name in columns.names} for values in (wanted, agreed)
    )
    if {**held, **_in_form(columns, held, country_code, case, lengths)} == header:
        return None
    return AddressChange(header=header, expected=held)


def _in_form(
    columns: Columns,
    held: Mapping[str, str],
    country_code: str,
    case: AddressCase,
    lengths: tuple[int, int, int],
) -> dict[str, str]:
    line1, line2, line3 = (held[name] for name in columns.lines)
    address = Address(
        line1=line1,
        line2=line2,
        line3=line3,
        city=held[columns.city],
        region_code=held[columns.state],
        postal_code=held[columns.postal_code],
        country_code=country_code,
    )
    line, city, postal_code = lengths
    made = {
        columns.city: sage100_city(address, case, length=city),
        columns.state: sage100_state(address, case),
        columns.postal_code: sage100_postal_code(address, case, length=postal_code),
    }
    for number, name in enumerate(columns.lines, start=1):
        made[name] = sage100_address_line(address, case, number=number, length=line)
    return {
        name: value.text if isinstance(value, Altered) else value for name, value in made.items()
    }
