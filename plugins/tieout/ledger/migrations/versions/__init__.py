"""One module per revision, with its SQL beside it; a revision that was released never changes."""
