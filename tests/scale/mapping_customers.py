"""A process that makes Sage 100 customers of contacts one way, and says what it took.

``python mapping_customers.py INCLUDE WAY COUNT`` maps so many contacts to the payloads of
to_sage100/customer. WAY is *ours*: the mapping file, by the mapper that the flows use; *pydantic*:
one model per customer, which checks and writes it; or *pandas*: column by column. With *-plain* the
fields of the address are left out. Each way calls the same functions of Tieout where a text must
fit Sage 100, and each reports what was altered. It prints one JSON object; the payloads' hash says
whether two ways did the same.
"""

import hashlib
import json
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import pandas as pd  # noqa: TID253 - a program of its own
from pydantic import AfterValidator, BaseModel, StringConstraints

from tieout.domain.order import Address, Buyer
from tieout.mapping.functions import FUNCTIONS
from tieout.mapping.mapper import YamlMapper
from tieout.mapping.tables import load_tables
from tieout.mapping.texts import Altered, to_cp1252, within
from tieout.settings import load_pairs

Contact = dict[str, Any]
Payloads = list[dict[str, Any]]
Alterations = list[tuple[str, str, str]]
"""The field, what the text was, and what it is now."""
MAPPING, PAIR, PLAIN_PAIR = "to_sage100/customer", "harbor_and_pine", "lotus_lane"
"""The pair whose own mapping file has no address is the plain one."""
FIXED = {"ARDivisionNo": "00", "TermsCode": "00", "TaxSchedule": "EXEMPT"}
CHUNK = 5000
NAMES = ("Ada Lovelace", "Núñez y Hijos", "Grace Hopper", "Łódź Handel", "Mary Jackson")
STREETS = ("Example Street", "N Main St", "Rue de l'Église", "Ocean Boulevard Apt 12")


def contacts(count: int) -> Iterator[Contact]:
    """Yield contacts: one in three a company, one in two with a telephone, some with accents."""
    for n in range(count):
        name = NAMES[n % len(NAMES)]
        yield {
            "source_id": f"{n}",
            "name": f"{name} {n}",
            "company": f"{name} Trading {n} Inc." if n % 3 == 0 else "",
            "email": f"buyer{n}@example.com",
            "phone": f"+1 614 555 {n % 10000:04}" if n % 2 else "",
            "address": {
                "name": name,
                "line1": f"{n} {STREETS[n % len(STREETS)]}",
                "line2": f"Suite {n % 90}" if n % 4 == 0 else "",
                "city": "Columbus" if n % 7 else "Münster",
                "region_code": "OH",
                "postal_code": f"{43000 + n % 900}",
                "country_code": "US",
            },
        }


class Ours:
    """The mapping file, applied by the mapper."""

    def __init__(self, include: Path, *, is_plain: bool) -> None:
        """Read the mapping files."""
        pair = PLAIN_PAIR if is_plain else PAIR
        mapper = YamlMapper(include, load_pairs(include)[pair])
        self._mapped = partial(mapper.mapped, MAPPING)
        # An address has a form to which it is put as a whole; the other fields take any mapping.
        self._buyer_of = None if is_plain else Buyer.model_validate
        self.altered: list[Any] = []

    def map(self, chunk: list[Contact]) -> Payloads:
        """Return the payloads of some contacts."""
        made, mapped, buyer_of = [], self._mapped, self._buyer_of
        for contact in chunk:
            payload, alterations = mapped(
                {
                    "buyer": contact if buyer_of is None else buyer_of(contact),
                    "division": "00",
                    "terms_code": "00",
                    "tax_schedule": "EXEMPT",
                    "tieout_id": f"SHOP-{contact['source_id']}",
                }
            )
            if alterations:
                self.altered += alterations
            made.append(payload)
        return made


class Addresses:
    """The fields of an address, by the functions that the mapping file names."""

    def __init__(self, include: Path, altered: Alterations) -> None:
        """Read the table of countries; alterations go to ``altered``."""
        self._case = load_pairs(include)[PAIR].policies.address_case
        self._countries = load_tables(include / "mappings")["countries"]
        self._altered = altered

    def fields(self, contact: Contact) -> dict[str, str]:
        """Return what stands in the columns of the address."""
        address = Address.model_validate(contact["address"])
        country = self._countries.look_up(address.country_code, None)
        assert country is not None
        return {
            "ZipCode": self._made("sage100_postal_code", address, length=10),
            **{
                f"AddressLine{n}": self._made("sage100_address_line", address, number=n, length=40)
                for n in (1, 2, 3)
            },
            "City": self._made("sage100_city", address, length=30),
            "State": self._made("sage100_state", address),
            "CountryCode": country,
        }

    def _made(self, function: str, address: Address, **options: int) -> str:
        made = FUNCTIONS[function](address, self._case, **options)
        if isinstance(made, Altered):
            self._altered.append((function, made.original, made.text))
            return made.text
        return str(made)


class Pydantic:
    """A model of a customer, as one writes it by hand."""

    def __init__(self, include: Path, *, is_plain: bool) -> None:
        """Make the model."""
        self.altered: Alterations = []
        self._addresses = None if is_plain else Addresses(include, self.altered)
        altered = self.altered

        def text(field: str, length: int) -> Any:
            def fit(given: str) -> str:
                written = to_cp1252(given)
                if written != given:
                    altered.append((field, given, written))
                return written

            return Annotated[str, AfterValidator(fit), StringConstraints(max_length=length)]

        class Customer(BaseModel):
            ARDivisionNo: str = FIXED["ARDivisionNo"]
            CustomerName: text("CustomerName", 50)  # type: ignore[valid-type]
            TelephoneNo: text("TelephoneNo", 20) | None = None  # type: ignore[valid-type]
            EmailAddress: text("EmailAddress", 250) | None = None  # type: ignore[valid-type]
            TermsCode: str = FIXED["TermsCode"]
            TaxSchedule: str = FIXED["TaxSchedule"]
            UDF_TIEOUT_ID: str

        self._model = Customer

    def map(self, chunk: list[Contact]) -> Payloads:
        """Return the payloads of some contacts."""
        made = []
        for contact in chunk:
            customer = self._model.model_validate(
                {
                    "CustomerName": contact["company"] or contact["name"],
                    "TelephoneNo": contact["phone"] or None,
                    "EmailAddress": contact["email"] or None,
                    "UDF_TIEOUT_ID": f"SHOP-{contact['source_id']}",
                }
            )
            header = customer.model_dump(exclude_none=True)
            if self._addresses:
                header |= self._addresses.fields(contact)
            made.append({"header": header})
        return made


class Pandas:
    """A frame of contacts, made a frame of customers column by column."""

    def __init__(self, include: Path, *, is_plain: bool) -> None:
        """Take what addresses need."""
        self.altered: Alterations = []
        self._addresses = None if is_plain else Addresses(include, self.altered)

    def _text(self, column: "pd.Series[str]", length: int) -> "pd.Series[str]":
        written = column.map(to_cp1252)
        changed = written != column
        pairs = zip(column[changed], written[changed], strict=True)
        self.altered += [(str(column.name), given, text) for given, text in pairs]
        for text in written[written.str.len() > length]:
            within(text, length)
        return written

    def map(self, chunk: list[Contact]) -> Payloads:
        """Return the payloads of some contacts."""
        given = pd.DataFrame.from_records(
            chunk, columns=["source_id", "name", "company", "email", "phone"]
        )
        customers = pd.DataFrame(
            {
                "CustomerName": self._text(
                    given["company"].where(given["company"] != "", given["name"]), 50
                ),
                "TelephoneNo": self._text(given["phone"], 20),
                "EmailAddress": self._text(given["email"], 250),
                "UDF_TIEOUT_ID": "SHOP-" + given["source_id"],
                **FIXED,
            }
        )
        made = [
            {"header": {str(name): value for name, value in header.items() if value != ""}}
            for header in customers.to_dict("records")
        ]
        if self._addresses:
            for payload, contact in zip(made, chunk, strict=True):
                payload["header"] |= self._addresses.fields(contact)
        return made


WAYS: dict[str, Any] = {"ours": Ours, "pydantic": Pydantic, "pandas": Pandas}


def memory_bytes_max() -> int:
    """Return the most memory that this process held (proc(5))."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    (line,) = (one for one in lines if one.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def main(include: str, way: str, count: str) -> None:
    """Map, and print what it took. Time is the processor's, whatever else the machine does."""
    name, _, plain = way.partition("-")
    mapper = WAYS[name](Path(include), is_plain=bool(plain))
    waiting = contacts(int(count))
    digest, mapped, seconds = hashlib.sha256(), 0, 0.0
    while chunk := [contact for _, contact in zip(range(CHUNK), waiting, strict=False)]:
        started = time.process_time()
        made = mapper.map(chunk)
        seconds += time.process_time() - started
        mapped += len(made)
        for payload in made:
            digest.update(json.dumps(payload, sort_keys=True).encode())
    took = {
        "customers": mapped,
        "altered": len(mapper.altered),
        "seconds": seconds,
        "rss_bytes_max": memory_bytes_max(),
        "hash": digest.hexdigest(),
    }
    print(json.dumps(took))  # noqa: T201 - printing is what this program does


if __name__ == "__main__":
    main(*sys.argv[1:])
