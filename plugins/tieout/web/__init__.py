"""The webhook receiver: its own ASGI process."""
