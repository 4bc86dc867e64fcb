"""One training: run, fit, checkpoint, resume."""
