"""What Tieout writes into Sage 100, one module per kind of record; table.py lists them."""
