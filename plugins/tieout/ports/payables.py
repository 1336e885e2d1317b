"""What Sage 100 says of vendors and their bills, for whoever enters or pays one."""

from collections.abc import Mapping

from tieout.domain.base import Frozen
from tieout.domain.records import KnownBill


class SageVendor(Frozen):
    """A vendor as Sage 100 has it active."""

    vendor_no: str
    terms_code: str = ""
    through_receipt: bool = False
    """Whether its bills come in through receipt of invoice alone."""


class SagePayables(Frozen):
    """Vendors by number, the terms that vendors can have, and the vendors' bills by number.

    Bills that wait in entry and those that were ever posted, open or paid.
    """

    vendors: Mapping[str, SageVendor] = {}
    terms_codes: frozenset[str] = frozenset()
    bills: Mapping[str, tuple[KnownBill, ...]] = {}
