"""The rows that the gate judges: one per record, of named facts, computed and never judged here.

Which facts let a record through is the word of include/expectations. No I/O: what the ledgers hold
comes in as ``Known``.
"""
