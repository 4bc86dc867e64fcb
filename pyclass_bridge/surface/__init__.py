"""The surface of Keras in R: the wrappers, and what else R users see of Keras."""
