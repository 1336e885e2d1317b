"""customer.create, through AR_Customer_bus."""

from collections.abc import Iterator

from sage100_agent.boi import KeyState, Task
from sage100_agent.documents import Document, fields_of
from sage100_agent.errors import NumberTakenError
from sage100_agent.writers.base import Announce, Stored, Work

TASK = Task("A/R", "AR_Customer_ui", "AR_Customer_bus")
MARK = "UDF_TIEOUT_ID"
DIVISION_LENGTH = 2


class CustomerWriter:
    """New customers; an existing one is never changed."""

    def reserve(self, work: Work) -> dict[str, str]:
        """Take the number the command names, or the next one."""
        header = work.document.header
        number = header.get("CustomerNo", "")
        if not number:
            customers = work.session.open(TASK, work.today, work.warnings)
            customers.set_key_part("ARDivisionNo$", header["ARDivisionNo"])
            number = customers.next_number("nGetNextCustomerNo")
        return {"ARDivisionNo": header["ARDivisionNo"], "CustomerNo": number}

    def find(self, work: Work, key: dict[str, str]) -> Stored | None:
        """Look the number up; the customer is ours when it carries our id."""
        customers = work.session.open(TASK, work.today, work.warnings)
        if customers.set_key(_boi(key)) is KeyState.NEW:
            return None
        ours = self.mark(work.document)
        if not ours or customers.text(f"{MARK}$") != ours:
            message = f"Customer {key['ARDivisionNo']}-{key['CustomerNo']} is somebody else's."
            raise NumberTakenError(message)
        values = {"CustomerName": customers.text("CustomerName$")}
        return Stored(key=key, document_no=key["CustomerNo"], values=values)

    def write(self, work: Work, key: dict[str, str], *, announce: Announce) -> str:
        """Create the customer."""
        customers = work.session.open(TASK, work.today, work.warnings)
        if customers.set_key(_boi(key)) is not KeyState.NEW:
            message = f"Customer {key['ARDivisionNo']}-{key['CustomerNo']} exists already."
            raise NumberTakenError(message)
        values = {name: v for name, v in work.document.header.items() if name not in key}
        customers.set_values(values, fields_of("customer.create", "header"))
        announce()
        customers.write()
        return key["CustomerNo"]

    def mark(self, document: Document) -> str:
        """Return our id, which a customer carries where the site has a field for it."""
        return document.header.get(MARK, "")

    def own_key(self, document: Document) -> dict[str, str]:
        """Return nothing: the number is Sage's."""
        del document
        return {}

    def marked(self, work: Work) -> Iterator[tuple[str, dict[str, str]]]:
        """Return the customers that carry an id of ours."""
        customers = work.session.open(TASK, work.today, work.warnings)
        for key, mark in customers.listing("ARDivisionNo$+CustomerNo$", f"{MARK}$"):
            if mark:
                division, number = key[:DIVISION_LENGTH], key[DIVISION_LENGTH:]
                yield mark, {"ARDivisionNo": division, "CustomerNo": number}


def _boi(key: dict[str, str]) -> dict[str, str]:
    return {f"{name}$": value for name, value in key.items()}
