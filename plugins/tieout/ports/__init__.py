"""What the use cases need from outside, a module for each thing.

Adapters in connectors, ledger and validation implement these; fakes in tests/ pass the same
contract tests. Nothing here imports an adapter.
"""
