"""Reconciliation of money with what it pays: records, settling, and variances."""
