"""What happened to an order after it was billed, and the documents that it takes. No I/O."""
