"""Tieout keeps Xero and Sage 100 in agreement. Import the submodules; this package re-exports nothing."""
