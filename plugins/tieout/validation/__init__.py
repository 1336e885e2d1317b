"""The Great Expectations gate."""
