import pytest
from support.fresh import Fresh


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A process that has never seen a file of R."""
    process = Fresh(tmp_path_factory.mktemp("elsewhere"))
    yield process
    process.end()
