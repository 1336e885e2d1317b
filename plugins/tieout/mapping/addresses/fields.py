"""The named functions for addresses: one for each field that a ledger has, all of the same address.

``case`` is the pair's policy ``address_case``. What stands in a field otherwise than its source
wrote it is returned as ``Altered``.
"""

from tieout.domain.order import Address
from tieout.domain.pair import AddressCase
from tieout.mapping.addresses import places
from tieout.mapping.texts import Altered, within


def sage100_address_line(
    address: Address,
    case: AddressCase,
    *,
    number: int,
    length: int,
    below_company: bool = False,
) -> str | Altered:
    """Give line 1, 2 or 3 of an address, which together hold all its parts, nothing lost or cut.

    Lines for somebody's attention come first. With ``below_company`` the person stands in the lines
    when the address has a company, whose name is above it. A region of more than two letters that
    the city has no room for takes a line. Refused when a fourth line is needed.
    """
    lines = places.sage100_lines(address, case, length, below=below_company)
    return _line(lines, number, address)


def sage100_city(address: Address, case: AddressCase, *, length: int) -> str | Altered:
    """Give the city, with a region of more than two letters after it: Sydney NSW."""
    _, form = places.sage100_form(address, case)
    city, _, _ = places.city_and_state(form)
    return _said(within(city, length), address.city)


def sage100_state(address: Address, case: AddressCase) -> str | Altered:
    """Give a state of two letters.

    A longer region stands with the city; one that the country's post does not write, nowhere.
    """
    _, form = places.sage100_form(address, case)
    _, state, _ = places.city_and_state(form)
    return _said(state, address.region_code) if state or not form.region else ""


def sage100_postal_code(address: Address, case: AddressCase, *, length: int) -> str | Altered:
    """Give the postal code as its country writes it: 43215-1234, K1A 0B1, SW1A 1AA."""
    _, form = places.sage100_form(address, case)
    return _said(within(form.postal_code, length), address.postal_code)


def xero_address_line(
    address: Address, case: AddressCase, *, number: int, length: int = 500
) -> str | Altered:
    """Give line 1 or 2 of an address; lines for somebody's attention are in xero_attention."""
    return _line(places.xero_lines(address, case, length), number, address)


def xero_attention(address: Address, case: AddressCase, *, length: int = 255) -> str | Altered:
    """Give for whom the mail is: the person, and what the address says of attention or care of."""
    attention = places.xero_attention(address, case)
    return _said(within(attention, length, system="Xero"), address.name)


def xero_city(address: Address, case: AddressCase, *, length: int = 255) -> str | Altered:
    """Give the city."""
    city = places.xero_form(address, case).city
    return _said(within(city, length, system="Xero"), address.city)


def xero_region(address: Address, case: AddressCase, *, length: int = 255) -> str | Altered:
    """Give the region, by its code where the country has codes; '' where no post writes it."""
    region = places.xero_form(address, case).region
    return _said(within(region, length, system="Xero"), address.region_code)


def xero_postal_code(address: Address, case: AddressCase, *, length: int = 50) -> str | Altered:
    """Give the postal code as its country writes it."""
    postal_code = places.xero_form(address, case).postal_code
    return _said(within(postal_code, length, system="Xero"), address.postal_code)


def _line(lines: tuple[str, ...], number: int, address: Address) -> str | Altered:
    if number > len(lines):
        return ""
    original = [line for line in (address.line1, address.line2, address.line3) if line]
    line = lines[number - 1]
    return line if line in (*original, address.name) else Altered(line, ", ".join(original))


def _said(text: str, original: str) -> str | Altered:
    return text if text == original else Altered(text=text, original=original)
