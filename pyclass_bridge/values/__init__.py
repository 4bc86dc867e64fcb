"""The table of values: what a value of one language is in the other."""
