"""What no public source confirms of Sage 100, and how each is found out at a real site.

``python -m tieout.connectors.sage100.unconfirmed`` prints the tables of
docs/reference/sage100-unconfirmed.md: the questions below, and every name, key and table that the
catalog marks. The rules are those of domain/sage100, README section 10.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from tieout.connectors.sage100.catalog import TABLES, Table

CHECK = "`tieout connect sage100`"
AGENT = "the agent, at the first use"
SITE = "a rehearsal on the site"


@dataclass(frozen=True)
class Question:
    """One thing nobody knows for sure: what we do meanwhile, who finds it out, and by what."""

    what: str
    meanwhile: str
    found_by: str
    how: str


QUESTIONS = (
    Question(
        "`AR_CashReceipts_bus` and `AR_CashReceiptsDeposit_bus`: classes, keys, flow of a deposit",
        "receipts are written as the posted tables suggest, each in a private batch",
        AGENT,
        "Sage refuses the class or the key by name, nothing is written, the receipt is refused",
    ),
    Question(
        "`oTaxSummary` of orders and invoices: TaxCode$ as its key, SalesTaxAmt as the override",
        "the shop's tax is set so after lines and freight, and read back to the cent",
        AGENT,
        "Sage refuses the column or the code by name; a tax that did not hold is read back",
    ),
    Question(
        "what SO_Invoice_bus brings along of an order: freight, deposit, the lines' quantities",
        "freight and deposit are stated, and every line's quantity is set, 0 where none ships",
        AGENT,
        "the figures read back are those of the command, or the difference is shown",
    ),
    Question(
        "that a credit memo (InvoiceType$ CM) takes positive quantities, and what of one that names"
        " an invoice becomes an open item",
        "quantities are positive; what is left of it is applied by a receipt of zero",
        SITE,
        "enter one in a test company, update its register, look at AR_OpenInvoice",
    ),
    Question(
        "`AR_Invoice_bus`: lines by SalesAcctKey$ and ExtensionAmt, beyond the 4.40 layout",
        "as its table and the layout suggest; no flow writes it",
        AGENT,
        "Sage refuses the column by name, nothing is written",
    ),
    Question(
        "SalesAcctKey$ of a sales order's line, set after the item loaded its own",
        "set where an account rule of the pair names another account, and at no other line",
        AGENT,
        "Sage refuses the column by name; the tie-out names goods that landed elsewhere",
    ),
    Question(
        "`AR_InvoiceHistoryInquiry_svc` with nFind",
        "asked for a number that Sage refuses as used, after a crash; ODBC finds the invoice, too",
        AGENT,
        "the invoice stays in doubt until ODBC shows it, by its Comment",
    ),
    Question(
        "the values of ExplodedKitItem, and that the lines of a kit follow its own",
        "lines with a SalesKitLineKey are never written: Sage sees to them",
        SITE,
        "order a kit in a test company and ship a part of it",
    ),
    Question(
        "that a line of a miscellaneous item (type 5) takes a price below zero, and a cash receipt"
        " an account line below zero",
        "rounding that lowers an order, and an exchange loss, are written so",
        AGENT,
        "Sage refuses the value, nothing is written: the document is a dead letter",
    ),
    Question(
        "columns of AP_InvoiceDetail, AR_InvoiceDetail, PO_ReceiptHeader, PO_ReceiptDetail,"
        " AR_CashReceipts*, IM_Warehouse, AR_Division, SY_Company, SY_Country",
        "those below are assumed; flows read only what `needs.py` lists",
        CHECK,
        "the driver lists the columns of the site (SQLColumns)",
    ),
    Question(
        "order of the primary keys of AP_CheckHistory*, PO_ReceiptHistory*,"
        " IM_ItemTransactionHistory",
        "pages go by the order below, which is right in any case and slow in the wrong one",
        SITE,
        "reading such a table takes far longer than one of its size",
    ),
    Question(
        "`nGetNextPurchaseOrderNo`, `nGetNextVendorNo`",
        "the agent asks for the first; a vendor's number comes with the command",
        AGENT,
        "Sage knows no such method, nothing is written",
    ),
    Question(
        "which machine's clock stamps TimeUpdated, and how wrong it is",
        "every poll reads a day back and more; a repeated row is dropped by its hash",
        SITE,
        "change a customer on a workstation with a wrong clock, read the row",
    ),
    Question(
        "whether hours under 10 in TimeUpdated are padded with a zero",
        "both forms are read, and never compared in SQL",
        CHECK,
        "it reads some customers and counts both forms",
    ),
    Question(
        "whether posting, Visual Integrator and utilities always touch DateUpdated",
        "a sweep compares the values of every row",
        SITE,
        "update a register, look whether the next poll or only the sweep sees it",
    ),
    Question(
        "before or after which version fields became longer",
        "the site's own lengths are shown beside ours",
        CHECK,
        "the driver lists the length of each column",
    ),
    Question(
        "TOP, LIMIT, UNION, subqueries, CASE and outer joins in the driver that Sage ships",
        "no statement needs any of them",
        CHECK,
        "each is tried once, on a small table",
    ),
    Question(
        "meaning of CacheSize and SERVER=NotTheServer in connection strings",
        "they are not used",
        SITE,
        "not needed",
    ),
    Question(
        "whether sessions of the business objects take a user licence, and how fast they are",
        "one session at a time, given up after a minute without work",
        SITE,
        "count users in Sage while the agent writes; the agent's log has the times",
    ),
    Question(
        "calls by reference from pywin32, and nSetKey's answers 1 and 2",
        "as public code in other languages does it",
        AGENT,
        "the first write fails before anything is written",
    ),
    Question(
        "unattended posting by the `_upd` objects",
        "only people update registers",
        SITE,
        "not needed",
    ),
    Question(
        "what a locked fiscal period does to a write",
        "Sage's refusal is the document's dead letter",
        SITE,
        "write an order dated in a closed period of a test company",
    ),
    Question(
        "what a repeated vendor invoice number and an exceeded credit limit do through the objects",
        "a number that the vendor has is refused before Sage is asked; a limit is as Sage says",
        SITE,
        "write both in a test company",
    ),
    Question(
        "whether Sage supports SQL Server's Change Tracking (Premium)",
        "it is not used",
        SITE,
        "not needed",
    ),
)


def reference() -> str:
    """Return the generated part of the document."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "| not confirmed | what Tieout does meanwhile | found out by | how |"
    yield "|---|---|---|---|"
    for one in QUESTIONS:
        yield f"| {one.what} | {one.meanwhile} | {one.found_by} | {one.how} |"
    yield ""
    yield "| table | not confirmed of it |"
    yield "|---|---|"
    for table in TABLES.values():
        doubts = list(_doubts(table))
        if doubts:
            yield f"| {table.name} | {'; '.join(doubts)} |"


def _doubts(table: Table) -> Iterator[str]:
    if not table.is_confirmed:
        yield "that it exists under this name"
    if not table.is_key_confirmed:
        yield f"its key {' + '.join(table.key)}"
    if not table.is_audit_confirmed:
        has = "has" if table.updated or table.created else "lacks"
        yield f"that it {has} audit columns"
    names = [name for name in table.unconfirmed if name != "UDF_TIEOUT_ID"]
    if len(names) == len(table.columns):
        yield "every column"
    elif names:
        yield f"{len(names)} of {len(table.columns)} columns: {', '.join(names)}"
    if "UDF_TIEOUT_ID" in table.columns:
        yield "that the site added UDF_TIEOUT_ID"


if __name__ == "__main__":
    sys.stdout.write(reference())
