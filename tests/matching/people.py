"""Made-up customers as the ledgers say them, in their canonical form and what is compared of it."""

from matching.town_lists import Lists, Written
from tieout.domain.customer import Customer
from tieout.domain.matching import Match, Profile, party_profile
from tieout.domain.order import Address


def customer(key: str, one: Written) -> Customer:
    """Return the canonical customer of an entry."""
    return Customer(
        external_id=key,
        name=one.name,
        email=one.email,
        phone=one.phone,
        is_active=True,
        address=Address(
            line1=one.street,
            city=one.city,
            region_code=one.state,
            postal_code=one.zip_code,
            country_code="US" if one.street else "",
        ),
    )


class Profiles:
    """Both lists as profiles, and who is who."""

    def __init__(self, lists: Lists) -> None:
        self.left = _profiles("x", lists.xero)
        self.right = _profiles("s", lists.sage100)
        sides = (("x", lists.xero), ("s", lists.sage100))
        self._who = {f"{side}{n}": one.who for side, ones in sides for n, one in enumerate(ones)}

    def is_right(self, match: Match) -> bool:
        """Say whether a match is of one customer."""
        return self._who[match.left] == self._who[match.right]


def _profiles(side: str, ones: list[Written]) -> list[Profile]:
    return [party_profile(customer(f"{side}{n}", one)) for n, one in enumerate(ones)]
