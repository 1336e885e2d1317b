"""The business objects of the double, one module per kind of document."""
