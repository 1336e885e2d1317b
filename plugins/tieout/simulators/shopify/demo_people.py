"""Shapes of the demo's buyers: customers and addresses in REST form.

The people themselves are in ``demo_buyers``, the shops' first customers in ``company``.
"""

from tieout.simulators.company import Customer
from tieout.simulators.shopify.shapes import Json, gid
from tieout.simulators.shopify.site import address_body

CUSTOMER_BASE, COMPANY_BASE = 7_300_000_000_000, 3_100_000_000


def person(number: int, first: str, last: str, email: str, address: Json) -> Json:
    """Return a new customer of the shop with one address."""
    customer = CUSTOMER_BASE + number
    return {
        "id": customer,
        "admin_graphql_api_id": gid("Customer", customer),
        "first_name": first,
        "last_name": last,
        "state": "disabled",
        "note": None,
        "verified_email": True,
        "tax_exempt": False,
        "email": email,
        "phone": None,
        "default_address": {**address, "id": customer, "customer_id": customer, "default": True},
    }


def known_person(customer: Customer) -> Json:
    """Return a customer that the shop has had from the start."""
    address = address_body(customer)
    number = customer.shop_customer_id
    return {
        **person(0, customer.first_name, customer.last_name, customer.email, address),
        "id": number,
        "admin_graphql_api_id": gid("Customer", number),
        "default_address": {**address, "id": number, "customer_id": number, "default": True},
    }


def address(  # noqa: PLR0913 - an address has that many parts
    first: str,
    last: str,
    *,
    street: str,
    city: str,
    zip_code: str,
    region: str,
    country: str = "US",
    company: str | None = None,
    phone: str | None = None,
    second: str | None = None,
) -> Json:
    """Return an address in REST shape."""
    return {
        "first_name": first,
        "last_name": last,
        "name": f"{first} {last}".strip(),
        "company": company,
        "address1": street,
        "address2": second,
        "city": city,
        "province": None,
        "province_code": region or None,
        "zip": zip_code or None,
        "country": None,
        "country_code": country,
        "phone": phone,
        "latitude": None,
        "longitude": None,
    }
