"""Keras' surface in R."""
