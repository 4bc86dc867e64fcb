"""Where the files of the project are, for tests that read them."""

from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
ROOT = TESTS.parent
SUPPORT = TESTS / "support"
SEEDS = TESTS / "seeds"
SNAPSHOTS = TESTS / "snapshots"
