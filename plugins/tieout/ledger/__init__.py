"""The ledger in PostgreSQL: schema, migrations, the Ledger port."""
