"""What callbacks have beyond the hooks of Keras."""
