"""Records matched by probability: Splink learns from whole lists, rapidfuzz compares a few."""
