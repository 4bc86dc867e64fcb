"""What a project does with its R files: types, checks, new files, tests."""
