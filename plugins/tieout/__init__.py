"""Tieout keeps Xero and Sage 100 in agreement. Import submodules: nothing is re-exported."""
