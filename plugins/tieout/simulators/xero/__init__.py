"""The Xero simulator: two organisations, by the official specification and real recordings.

Served: identity, connections, Organisation, Accounts, TaxRates, Currencies, Items, Contacts,
Invoices, Payments and History; anything else answers 501. Nothing of Tieout's own belongs here.
"""
