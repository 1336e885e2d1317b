"""Postal addresses as each country's post writes them, in the fields that a ledger has for them.

``words.csv`` has the abbreviations: of the US, USPS Publication 28, appendices B and C; of Canada,
the symbols of Canada Post's guidelines; of Australia, AS 4590, with Australia Post's *Ave*.
"""
