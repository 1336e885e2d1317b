"""Planning: the real gate and the real steps, over a ledger and targets that write nothing."""
