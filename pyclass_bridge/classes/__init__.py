"""From a class spec to a Python class."""
