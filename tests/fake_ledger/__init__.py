"""The Ledger port in memory, by the same contract as the real one (tests/contract).

Follows the port's words; nothing here is shared with the code that it stands in for. What the SQL
finds by an index is found by one here (tables), so that a call costs what it does in PostgreSQL:
with how much it is about, and not with how much there is.
"""
