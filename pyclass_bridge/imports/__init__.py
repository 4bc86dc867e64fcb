"""R files as modules of Python."""
