"""`python -m pyclass_bridge`: the same command line as the script `pyclass-bridge`.

Assumes that the package was imported without starting R (see `embed.is_command_line`).
"""

import sys

from .cli import main

sys.exit(main())
