"""The order of the rooms."""

# The order. `_core` is the compiled module of core/; files at the root of the package put the rooms
# together, so they may import from all of them, and no room from them.
ROOMS = [
    "_core", "start", "bridge", "values", "classes", "travel", "for_r", "surface", "plain_r",
    "training", "callbacks", "events", "help", "imports", "toolbox", "shell",
]  # fmt: skip
