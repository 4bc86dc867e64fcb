"""What R asks of Python objects."""
