"""Sales tax as Sage 100 computes it: by schedule, per document, freight included.

A document has one line per tax code of its schedule. What the tax should be is not decided here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tieout.simulators.sage100.fields import rounded
from tieout.simulators.sage100.store import CompanyFile, Row

ZERO = Decimal(0)


@dataclass(frozen=True)
class TaxLine:
    """The tax of one code on one document; ``rate`` is in percent."""

    code: str
    rate: Decimal
    taxable: Decimal
    non_taxable: Decimal
    freight: Decimal
    amount: Decimal
    is_overridden: bool = False

    def as_row(self, **key: str) -> Row:
        """Return the line as a row of a tax summary table."""
        return Row(
            **key,
            TaxCode=self.code,
            TaxRate=self.rate,
            TaxableAmt=self.taxable,
            NonTaxableAmt=self.non_taxable,
            TaxableFreightAmt=self.freight,
            SalesTaxAmt=self.amount,
            SalesTaxOverridden="Y" if self.is_overridden else "N",
        )


def tax_line(row: Row) -> TaxLine:
    """Return the line that a row of a tax summary table holds."""
    return TaxLine(
        code=row.text("TaxCode"),
        rate=row.number("TaxRate"),
        taxable=row.number("TaxableAmt"),
        non_taxable=row.number("NonTaxableAmt"),
        freight=row.number("TaxableFreightAmt"),
        amount=row.number("SalesTaxAmt"),
        is_overridden=row.text("SalesTaxOverridden") == "Y",
    )


def computed(
    file: CompanyFile, *, schedule: str, lines: Sequence[Row], freight: Decimal
) -> list[TaxLine]:
    """Return what the schedule computes on a document's lines and freight."""
    goods = sum((line.number("ExtensionAmt") for line in lines), ZERO)
    liable = sum(
        (line.number("ExtensionAmt") for line in lines if line.text("TaxClass") != "NT"), ZERO
    )
    result = []
    for detail in file.rows("SY_SalesTaxScheduleDetail", TaxSchedule=schedule):
        code = file.row("SY_SalesTaxCode", TaxCode=detail.text("TaxCode"))
        rate = code.number("TaxRate") if code else ZERO
        taxable = liable if rate else ZERO
        taxed_freight = freight if rate else ZERO
        amount = rounded((taxable + taxed_freight) * rate / 100)
        line = TaxLine(
            detail.text("TaxCode"), rate, taxable, goods - taxable, taxed_freight, amount
        )
        result.append(line)
    return result


def total(taxes: Sequence[TaxLine]) -> Decimal:
    """Return the tax of a document."""
    return sum((line.amount for line in taxes), ZERO)
