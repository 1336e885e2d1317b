"""The counting oracle: five sets read by its own code, and what does not add up between them."""
