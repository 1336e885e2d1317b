"""How documents stand in their systems, by the vendors' words, and which way they may go."""
