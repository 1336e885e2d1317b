"""Which records of two lists are the same thing: what is compared, what came of it, and of what.

Pure words; how alike two records are is the matcher's to say (ports/matcher.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from tieout.domain.customer import Customer
from tieout.domain.records import Item, Vendor

CUSTOMER = "customer"
VENDOR = "vendor"
ITEM = "item"
"""The kinds of records that are matched; each has a comparison table of its own."""
CERTAIN_MIN = 0.99
"""From this confidence on a match with a reason beside its name is linked without a person."""
LIKELY_MIN = 0.05
"""From this confidence on a person is asked; below it a record counts as new."""


class Reason(StrEnum):
    """In which field two records are alike, or speak against each other."""

    SAME_TAX_ID = "same_tax_id"
    SAME_EMAIL = "same_email"
    ALIKE_EMAIL = "alike_email"
    SAME_EMAIL_HOST = "same_email_host"
    SAME_PHONE = "same_phone"
    ALIKE_PHONE = "alike_phone"
    SAME_NAME = "same_name"
    SAME_WORDS = "same_words"
    NAME_CUT = "name_cut"
    TRADING_NAME = "trading_name"
    ALIKE_NAME = "alike_name"
    MORE_WORDS = "more_words"
    RATHER_ALIKE_NAME = "rather_alike_name"
    SAME_FIRST_WORD = "same_first_word"
    TOLD_APART = "told_apart"
    SAME_ADDRESS = "same_address"
    ALIKE_ADDRESS = "alike_address"
    SAME_STREET = "same_street"
    SAME_POSTAL_CODE = "same_postal_code"
    SAME_CITY = "same_city"
    SAME_CODE = "same_code"
    ALIKE_CODE = "alike_code"
    SAME_BARCODE = "same_barcode"
    SAME_DESCRIPTION = "same_description"
    ALIKE_DESCRIPTION = "alike_description"
    OTHER_NAME = "other_name"
    OTHER_EMAIL = "other_email"
    OTHER_PHONE = "other_phone"
    OTHER_TAX_ID = "other_tax_id"
    OTHER_ADDRESS = "other_address"
    OTHER_CODE = "other_code"
    OTHER_BARCODE = "other_barcode"
    OTHER_DESCRIPTION = "other_description"
    SEVERAL_ALIKE = "several_alike"


WORDS: dict[Reason, str] = {
    Reason.SAME_TAX_ID: "same tax number",
    Reason.SAME_EMAIL: "same e-mail address",
    Reason.ALIKE_EMAIL: "e-mail addresses one sign apart",
    Reason.SAME_EMAIL_HOST: "e-mail addresses at the same company",
    Reason.SAME_PHONE: "same phone number",
    Reason.ALIKE_PHONE: "phone numbers one digit apart",
    Reason.SAME_NAME: "same name, but for legal form and abbreviations",
    Reason.SAME_WORDS: "same words in the name, in another order",
    Reason.NAME_CUT: "one name is the beginning of the other",
    Reason.TRADING_NAME: "the trading name of one is the name of the other",
    Reason.ALIKE_NAME: "names a sign or two apart",
    Reason.MORE_WORDS: "one name has the words of the other, and more",
    Reason.RATHER_ALIKE_NAME: "names somewhat alike",
    Reason.SAME_FIRST_WORD: "but of the names only the first word is the same",
    Reason.TOLD_APART: "but a number, Jr or Sr, or a direction tells the names apart",
    Reason.SAME_ADDRESS: "same street address",
    Reason.ALIKE_ADDRESS: "street addresses written alike",
    Reason.SAME_STREET: "same street, another house number",
    Reason.SAME_POSTAL_CODE: "same postal code",
    Reason.SAME_CITY: "same city",
    Reason.SAME_CODE: "same code",
    Reason.ALIKE_CODE: "codes written alike",
    Reason.SAME_BARCODE: "same barcode",
    Reason.SAME_DESCRIPTION: "same description",
    Reason.ALIKE_DESCRIPTION: "descriptions written alike",
    Reason.OTHER_NAME: "but another name",
    Reason.OTHER_EMAIL: "but another e-mail address",
    Reason.OTHER_PHONE: "but another phone number",
    Reason.OTHER_TAX_ID: "but another tax number",
    Reason.OTHER_ADDRESS: "but another address",
    Reason.OTHER_CODE: "but another code",
    Reason.OTHER_BARCODE: "but another barcode",
    Reason.OTHER_DESCRIPTION: "but another description",
    Reason.SEVERAL_ALIKE: "but another record is about as much alike",
}
"""What each reason says to a bookkeeper."""

IDENTIFYING = frozenset(
    {
        Reason.SAME_TAX_ID,
        Reason.SAME_EMAIL,
        Reason.SAME_PHONE,
        Reason.SAME_ADDRESS,
        Reason.ALIKE_ADDRESS,
        Reason.SAME_CODE,
        Reason.SAME_BARCODE,
    }
)
"""Reasons of which a link made without a person has at least one: never a name alone."""
SUPPORTING = frozenset(
    {
        Reason.ALIKE_EMAIL,
        Reason.SAME_EMAIL_HOST,
        Reason.ALIKE_PHONE,
        Reason.SAME_STREET,
        Reason.SAME_POSTAL_CODE,
        Reason.ALIKE_CODE,
    }
)
"""Or one of these, where nothing speaks against it."""
NAMING = frozenset(
    {
        Reason.SAME_NAME,
        Reason.SAME_WORDS,
        Reason.NAME_CUT,
        Reason.TRADING_NAME,
        Reason.ALIKE_NAME,
        Reason.MORE_WORDS,
        Reason.SAME_DESCRIPTION,
        Reason.ALIKE_DESCRIPTION,
    }
)
"""Reasons of which such a link has one as well: what is called otherwise, a person looks at."""
CONTRARY = frozenset(reason for reason in Reason if WORDS[reason].startswith("but "))
"""Reasons against a match; they are told last."""


class MatchClass(StrEnum):
    """What a record of one list is in the other; ``ignore`` is a person's word alone."""

    CERTAIN = "certain"
    LIKELY = "likely"
    NEW = "new"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Profile:
    """What of one record is compared, by field, as its source wrote it; made by the thousand."""

    key: str
    """The record's id in its system."""
    fields: dict[str, str] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Match:
    """Two records that are alike: how sure it is that they are one thing, and why.

    ``confidence`` is a probability: of matches with 0.9 about nine in ten are right.
    """

    left: str
    right: str
    confidence: float
    reasons: tuple[Reason, ...]

    @property
    def match_class(self) -> MatchClass:
        """Return what becomes of it without a person's word."""
        said = frozenset(self.reasons)
        is_backed = said & IDENTIFYING or (said & SUPPORTING and not said & CONTRARY)
        if self.confidence >= CERTAIN_MIN and said & NAMING and is_backed:
            return MatchClass.CERTAIN
        return MatchClass.LIKELY if self.confidence >= LIKELY_MIN else MatchClass.NEW


def told(reasons: Iterable[Reason]) -> str:
    """Return reasons in a bookkeeper's words."""
    return "; ".join(WORDS[reason] for reason in reasons)


def party_profile(party: Customer | Vendor) -> Profile:
    """Return what of a customer or vendor is compared."""
    address = party.address
    custom = party.custom if isinstance(party, Customer) else {}
    return Profile(
        key=party.external_id if isinstance(party, Customer) else party.source_id,
        fields={
            "name": party.name,
            "email": party.email,
            "phone": party.phone,
            "tax_id": custom.get("tax_id", ""),
            "line1": address.line1,
            "line2": address.line2,
            "city": address.city,
            "postal_code": address.postal_code,
            "country_code": address.country_code,
        },
    )


def item_profile(item: Item, *, barcode: str = "") -> Profile:
    """Return what of an item is compared."""
    fields = {"code": item.number, "description": item.description, "barcode": barcode}
    return Profile(key=item.source_id, fields=fields)


def profile_of(record: Customer | Vendor | Item) -> Profile:
    """Return what of a record of any kind is compared."""
    return item_profile(record) if isinstance(record, Item) else party_profile(record)
