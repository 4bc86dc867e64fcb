"""Whether R has started this process, and Python in it. The other half is R/start_host.R.

Assumes the standard library only.
"""

from __future__ import annotations

import os

# As it was at the import: a forked child of such an R, which has another number, is the same R.
_IS_HOSTED = os.environ.get("R_SESSION_INITIALIZED") == f'PID={os.getpid()}:NAME="pyclassbridge"'


def is_hosted() -> bool:
    """Whether R hosts Python here; a program that such an R has started is another matter."""
    return _IS_HOSTED
