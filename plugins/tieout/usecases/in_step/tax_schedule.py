"""Which tax schedule a customer from Xero gets: by where the customer is, as people decided.

Ship-to decides the schedule of each document; a customer's own is what people's documents begin
with. Nobody is made exempt by default: exempt needs a certificate, which people look at (domain
``accounting``, section 2).
"""

from tieout.domain.customer import Customer
from tieout.domain.pair import Pair
from tieout.errors import RejectedError
from tieout.mapping.addresses.standard import standard


def new_customers_tax_schedule(pair: Pair, customer: Customer) -> str:
    """Return the schedule of the customer's region, else its country's, else the pair's for others.

    Raises:
        RejectedError: The pair says nothing for such an address.
    """
    country = customer.address.country_code.upper()
    region = standard(customer.address, "as_written").region.upper()
    place = "-".join(part for part in (country, region) if part)
    decided = pair.new_in_sage100
    for named in (place, country):
        if named in decided.tax_schedules:
            return decided.tax_schedules[named]
    if decided.tax_schedule:
        return decided.tax_schedule
    raise RejectedError(
        f"Nothing says which tax schedule a new customer in {place or 'no country'} gets in Sage "
        "100.",
        remedy=(
            f"Add it to new_in_sage100 of {pair.pair} in include/pairs.yaml (tax_schedules for "
            "single regions and countries, tax_schedule for all others), or give the contact an "
            "address; then replay."
        ),
        cause="tax_schedule_undecided",
        field="address",
        value=place,
    )
