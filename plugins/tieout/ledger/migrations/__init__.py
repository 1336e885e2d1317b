"""The Alembic migrations of the ledger's schema; ``tieout.ledger.migrate`` runs them."""
