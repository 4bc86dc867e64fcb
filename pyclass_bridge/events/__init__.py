"""Functions at the events of a model."""
