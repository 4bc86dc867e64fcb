"""R values, functions, conditions and text in Python."""
