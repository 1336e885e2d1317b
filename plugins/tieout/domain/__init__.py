"""Pure records and rules: frozen pydantic models, Decimal money, no I/O, no clock."""
