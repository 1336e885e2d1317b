"""What Tieout writes to Xero, one module per kind of record; table.py lists them."""
