"""How each kind of command is written: one module per business object.

A writer knows columns, keys and their order. Phases, retries and sessions belong in worker.py.
"""
