"""The lines of an address in the room that a ledger has for them.

Lines stay apart where there is room; where there is not, neighbors share a line, and a long one is
broken at a comma or between words. What needs more room than there is, is refused and never cut.
"""

import re
import textwrap
from collections.abc import Sequence
from functools import lru_cache

from tieout.domain.order import Address
from tieout.domain.pair import AddressCase
from tieout.mapping.addresses.countries import is_code
from tieout.mapping.addresses.delivery import ATTENTION
from tieout.mapping.addresses.standard import Standard, standard, standard_lines
from tieout.mapping.texts import one_line, to_cp1252, to_upper, too_long

ADDRESSES_MAX = 4_096
"""Addresses that one process remembers, since the fields of one are asked for one by one."""
SAGE100_LINES = 3
SAGE100_CITY_LENGTH = 30
SAGE100_STATE_LENGTH = 2
XERO_LINES = 2
PASSES_MAX = 8
"""How often lines are brought into their form until they stay: a broken line is read anew."""
_WRITTEN = ("name", "company", "line1", "line2", "line3", "city", "region_code", "postal_code")


@lru_cache(maxsize=ADDRESSES_MAX)
def sage100_form(address: Address, case: AddressCase) -> tuple[Address, Standard]:
    """Return an address in Sage 100's characters, and its standard form."""
    texts = {name: getattr(address, name) for name in _WRITTEN}
    written = address
    if not "".join(texts.values()).isascii():
        texts = {name: to_cp1252(text) for name, text in texts.items()}
        written = address.model_copy(update=texts)
    return written, standard(written, case)


@lru_cache(maxsize=ADDRESSES_MAX)
def xero_form(address: Address, case: AddressCase) -> Standard:
    """Return the standard form of an address."""
    return standard(address, case)


@lru_cache(maxsize=ADDRESSES_MAX)
def sage100_lines(
    address: Address, case: AddressCase, length: int, *, below: bool
) -> tuple[str, ...]:
    """Return at most three lines of Sage 100.

    ``below``: the company is the name above the address, so the person stands in its lines.

    Raises:
        RejectedError: It needs a fourth line.
    """
    written, form = sage100_form(address, case)
    name = one_line(written.name)
    people = (
        (name,) if below and written.company and f"{ATTENTION}{name}" not in form.attention else ()
    )
    _, _, region = city_and_state(form)
    lines = filter(None, (*form.attention, *people, *form.lines, *region))
    return _settled(tuple(lines), length, SAGE100_LINES, address.country_code, case)


@lru_cache(maxsize=ADDRESSES_MAX)
def xero_lines(address: Address, case: AddressCase, length: int) -> tuple[str, ...]:
    """Return at most two lines of Xero, which has a field of its own for attention.

    Raises:
        RejectedError: It needs a third line.
    """
    form = xero_form(address, case)
    return _settled(form.lines, length, XERO_LINES, address.country_code, case)


def xero_attention(address: Address, case: AddressCase) -> str:
    """Return for whom the mail is; without another name, *Attn* goes without saying."""
    name, above = one_line(address.name), ", ".join(xero_form(address, case).attention)
    who = above.removeprefix(ATTENTION)
    if not name or name.casefold() == who.casefold():
        return who
    return f"{name}, {above}" if above else name


def city_and_state(form: Standard) -> tuple[str, str, tuple[str, ...]]:
    """Return Sage 100's city and state, and a line for a region that neither of them can hold.

    A region of more than two letters follows the city, as Australia's post writes it.
    """
    region = form.region
    if len(region) <= SAGE100_STATE_LENGTH:
        return form.city, to_upper(region), ()
    city = f"{form.city} {region}" if is_code(region) else f"{form.city}, {region}"
    if form.city and len(city) <= SAGE100_CITY_LENGTH:
        return city, "", ()
    return form.city, "", (region,)


def _settled(
    lines: Sequence[str], length: int, count: int, country: str, case: AddressCase
) -> tuple[str, ...]:
    fitted = _fitted(lines, length, count)
    for _ in range(PASSES_MAX):
        attention, others = standard_lines(fitted, country, case)
        before, fitted = fitted, _fitted((*attention, *others), length, count)
        if fitted == before:
            break
    return fitted


def _fitted(lines: Sequence[str], length: int, count: int) -> tuple[str, ...]:
    kept = list(lines)
    while (broken := [piece for line in kept for piece in _broken(line, length)])[count:]:
        shared = [
            (len(pair), number)
            for number in range(len(kept) - 1)
            if len(pair := f"{kept[number]}, {kept[number + 1]}") <= length
        ]
        if not shared:
            broken = textwrap.wrap(", ".join(kept), length, break_on_hyphens=False)
            break
        _, first = min(shared)
        kept[first : first + 2] = [f"{kept[first]}, {kept[first + 1]}"]
    if len(broken) > count:
        message = f"The address does not fit {count} lines of {length} characters."
        raise too_long(message, ", ".join(lines))
    return tuple(broken)


def _broken(line: str, length: int) -> list[str]:
    """Break a line that is too long: at a comma if two pieces then fit, else between words."""
    if len(line) <= length:
        return [line]
    for comma in reversed(list(re.finditer(r",\s+", line))):
        before, after = line[: comma.start()], line[comma.end() :]
        if len(before) <= length and len(after) <= length:
            return [before, after]
    return textwrap.wrap(line, length, break_on_hyphens=False)
