"""Apply include/mappings: named functions, crosswalk look-ups through a port. No I/O to systems."""
