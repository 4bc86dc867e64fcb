"""The command line, the prompt, the notebook."""
