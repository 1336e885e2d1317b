"""The Xero simulator."""
