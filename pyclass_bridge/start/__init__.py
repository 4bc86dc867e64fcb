"""Find R and start it; say what is wrong with a machine."""
