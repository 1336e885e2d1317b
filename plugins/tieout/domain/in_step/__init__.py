"""Two ledgers' records of one thing, kept in step: policy, comparison and merge. Pure."""
