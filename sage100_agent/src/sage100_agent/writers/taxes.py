"""The tax of a document per code, in place of what Sage computes by its schedule."""

from sage100_agent.boi import BusinessObject


def override_tax(document: BusinessObject, tax: dict[str, str]) -> None:
    """Set the tax of each code; later changes of lines or freight would make Sage drop it."""
    if not tax:
        return
    summary = document.part("oTaxSummary")
    for code, amount in tax.items():
        summary.set_key({"TaxCode$": code})
        summary.set_value("SalesTaxAmt", float(amount))
        summary.write()
