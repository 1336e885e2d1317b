"""Contacts as the simulated organisations hold them, and as requests bring them.

Fields and enumerations of all modules of records are those of the official specification that this
simulator serves; rules are in the modules named after the resources.
"""

from datetime import datetime
from typing import Annotated

from tieout.simulators.xero.wire import Wire, one_of

AddressType = Annotated[str, one_of("POBOX", "STREET")]
PhoneType = Annotated[str, one_of("DEFAULT", "DDI", "MOBILE", "FAX", "OFFICE")]
ContactStatus = Annotated[str, one_of("ACTIVE", "ARCHIVED", "GDPRREQUEST")]
LineAmountDefault = Annotated[str, one_of("INCLUSIVE", "EXCLUSIVE", "NONE")]


class Address(Wire):
    """One of the two address slots of a contact."""

    address_type: AddressType
    address_line1: str | None = None
    address_line2: str | None = None
    address_line3: str | None = None
    address_line4: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None
    attention_to: str | None = None


class Phone(Wire):
    """One of the four phone slots of a contact."""

    phone_type: PhoneType
    phone_number: str | None = None
    phone_area_code: str | None = None
    phone_country_code: str | None = None


class ContactPerson(Wire):
    """A further person at a contact."""

    first_name: str | None = None
    last_name: str | None = None
    email_address: str | None = None
    include_in_emails: bool | None = None


class PaymentTermOf(Wire):
    """When bills or sales fall due."""

    day: int | None = None
    type: str | None = None


class PaymentTerms(Wire):
    """The payment terms of a contact."""

    bills: PaymentTermOf | None = None
    sales: PaymentTermOf | None = None


class Contact(Wire):
    """A contact; in a request, whatever of it was sent."""

    contact_id: str | None = None
    contact_number: str | None = None
    account_number: str | None = None
    contact_status: ContactStatus | None = None
    merged_to_contact_id: str | None = None
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company_number: str | None = None
    email_address: str | None = None
    bank_account_details: str | None = None
    tax_number: str | None = None
    accounts_receivable_tax_type: str | None = None
    accounts_payable_tax_type: str | None = None
    contact_persons: tuple[ContactPerson, ...] = ()
    addresses: tuple[Address, ...] = ()
    phones: tuple[Phone, ...] = ()
    is_supplier: bool | None = None
    is_customer: bool | None = None
    default_currency: str | None = None
    sales_default_account_code: str | None = None
    purchases_default_account_code: str | None = None
    sales_default_line_amount_type: LineAmountDefault | None = None
    payment_terms: PaymentTerms | None = None
    updated: datetime | None = None
