"""The command line as a program: `pyclass-bridge`, and `python -m pyclass_bridge`.

Assumes that the package was imported without starting R (see `embed.is_command_line`).
"""

import sys


def main() -> int:
    """Run this process's command line; its exit status."""
    from . import session
    from .shell import cli

    return cli.main(start=session.start)


if __name__ == "__main__":
    sys.exit(main())
