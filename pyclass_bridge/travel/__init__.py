"""How definitions of R get to other processes."""
