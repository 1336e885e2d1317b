"""Stand-ins of the vendors, written from their documents; they import nothing of ours."""
