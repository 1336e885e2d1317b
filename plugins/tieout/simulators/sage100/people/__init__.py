"""What only people do in Sage 100: enter shipments' invoices, update registers."""
