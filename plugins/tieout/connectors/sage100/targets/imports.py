"""Kinds that a site has its own Visual Integrator jobs import, instead of the agent writing them.

What is handed over counts as entered: it is in a file, and in one file only. Whether Sage took it
is followed like the rest: a document that is in a file and not in a table stands as entered.
"""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from typing_extensions import override

from tieout.connectors.sage100 import standings as registers
from tieout.connectors.sage100.import_files import LAYOUTS, ImportFolder, Record
from tieout.connectors.sage100.targets.base import AgentTarget, Company, header_of
from tieout.connectors.sage100.targets.cash_receipts import CashReceiptTarget
from tieout.connectors.sage100.targets.payables import (
    BILL,
    CHECK,
    ApInvoiceTarget,
    ManualCheckTarget,
)
from tieout.domain.base import DeliveryId, Json
from tieout.domain.books import SageState, Standing
from tieout.domain.ledger import Delivery, Landed, Outcome, Refused
from tieout.errors import OutcomeUnknownError, RejectedError

RECORDS_PER_FILE_MAX = 200
NO_DEPOSIT = "import"
"""Stands for the deposit number of a receipt, which the import job gives."""


class ImportTarget(AgentTarget):
    """What goes by file; ``named_by`` are the columns that make a document's external id."""

    batch_max = RECORDS_PER_FILE_MAX
    guard = "the import folder: a document is claimed by one file for ever"
    looks_up_first = True
    named_by: tuple[str, ...] = ()

    @override
    def find(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Landed]:
        """Return what the tables show as ours, and what waits in a file."""
        found = {}
        for delivery in deliveries:
            landed = self._by_mark(delivery.payload) or self._handed_over(delivery.payload)
            if landed is not None:
                found[delivery.delivery_id] = landed
        return found

    @override
    def calls(self, count: int) -> int:
        """Count the look-ups; a file is no call."""
        return count * self.queries_to_find

    @override
    def send(self, deliveries: Sequence[Delivery]) -> Mapping[DeliveryId, Outcome]:
        """Hand over in one file whatever Sage would take as it is; refuse the rest."""
        outcomes: dict[DeliveryId, Outcome] = {}
        records: list[Record] = []
        for delivery in deliveries:
            try:
                records.append(self._record(delivery.payload))
            except RejectedError as error:
                outcomes[delivery.delivery_id] = Refused(
                    cause=error.cause, message=error.message, remedy=error.remedy
                )
        self._folder.hand_over(LAYOUTS[self.entity], records)
        for delivery in deliveries:
            if delivery.delivery_id not in outcomes:
                landed = self._handed_over(delivery.payload)
                if landed is None:
                    raise OutcomeUnknownError(
                        f"The {self.entity} is in no import file, though it was written into one.",
                        remedy="It is looked up by the next attempt; check the import folder.",
                    )
                outcomes[delivery.delivery_id] = landed
        return outcomes

    @property
    def _folder(self) -> ImportFolder:
        return ImportFolder(Path(self._company.config.import_folder))

    def _record(self, payload: Json) -> Record:
        document = self._document(payload)
        header, lines = header_of(document), document.get("lines")
        stated = [
            {name: str(value) for name, value in line.items()}
            for line in (lines if isinstance(lines, list) else [])
            if isinstance(line, dict)
        ]
        amount = LAYOUTS[self.entity].check(header, stated)
        return Record(f"{self.entity} {self._name(header)}", header, stated, amount)

    def _name(self, header: Mapping[str, str]) -> str:
        return "/".join(header.get(name, NO_DEPOSIT) for name in self.named_by)

    def _handed_over(self, payload: Json) -> Landed | None:
        name = self._name(header_of(payload))
        found = self._folder.find(f"{self.entity} {name}")
        if found is None:
            return None
        manifest, state = found
        return Landed(
            external_id=name,
            external_no=name.rpartition("/")[2],
            figures={"amount": manifest.amounts[f"{self.entity} {name}"]},
            note=f"{state}: {manifest.file}.csv",
        )


class ImportedCashReceiptTarget(ImportTarget, CashReceiptTarget):
    """Cash receipts by file; the job gives the deposit its number."""

    named_by = ("DepositNo", "CheckNo")


class ImportedApInvoiceTarget(ImportTarget, ApInvoiceTarget):
    """Bills by file."""

    named_by = BILL


class ImportedManualCheckTarget(ImportTarget, ManualCheckTarget):
    """Manual checks by file."""

    named_by = CHECK


IMPORTED: dict[str, type[AgentTarget]] = {
    target.entity: target
    for target in (ImportedCashReceiptTarget, ImportedApInvoiceTarget, ImportedManualCheckTarget)
}


def standings(company: Company, entity: str, external_ids: Collection[str]) -> dict[str, Standing]:
    """Return where documents that went by file stand; what no table shows yet is entered."""
    shown = _shown(company, entity, external_ids)
    by_tables = registers.standings(company.reader, entity, shown.values())
    found = {mine: by_tables[name] for mine, name in shown.items() if name in by_tables}
    folder = ImportFolder(Path(company.config.import_folder))
    for name in set(external_ids) - found.keys():
        handed = folder.find(f"{entity} {name}")
        if handed is not None:
            amount = Decimal(handed[0].amounts[f"{entity} {name}"])
            found[name] = Standing(state=SageState.ENTERED, amount=amount)
    return found


def file_names(entity: str, names: Collection[str]) -> set[str]:
    """Return the external ids that documents of the tables have where they went by file."""
    if entity != CashReceiptTarget.entity:
        return set()
    return {f"{NO_DEPOSIT}/{name.partition('/')[2]}" for name in names}


def _shown(company: Company, entity: str, external_ids: Collection[str]) -> dict[str, str]:
    """Return what each document is called in the tables, where that is known."""
    if entity != CashReceiptTarget.entity:
        return {name: name for name in external_ids}
    checks = sorted({name.partition("/")[2] for name in external_ids})
    by_check = {
        row.text("CheckNo"): f"{row.text('DepositNo')}/{row.text('CheckNo')}"
        for table in ("AR_CashReceiptsHeader", "AR_CashReceiptsHistory")
        for row in company.reader.rows(table, "DepositNo CheckNo", among={"CheckNo": checks})
    }
    names = {}
    for name in external_ids:
        deposit, _, check = name.partition("/")
        known = by_check.get(check) if deposit == NO_DEPOSIT else name
        if known:
            names[name] = known
    return names
