"""A process that has never seen a file of R: what arrives there by a pickle, and what it does."""

from __future__ import annotations

import pickle
import subprocess
import sys

_SERVE = """
import pickle, sys
answers, sys.stdout = sys.stdout.buffer, sys.stderr
kept = {}
while True:
    data, code = pickle.load(sys.stdin.buffer)
    try:
        names = {"x": pickle.loads(data), "loads": pickle.loads, "kept": kept}
        answer = True, eval(code, names)
    except BaseException as error:
        answer = False, f"{type(error).__name__}: {error}"
    pickle.dump(answer, answers)
    answers.flush()
"""


class Fresh:
    """`ask(x, code)` sends a pickle of `x` and gives what the expression `code` of `x` is there."""

    def __init__(self, directory):
        self.process = subprocess.Popen(
            [sys.executable, "-c", _SERVE],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=directory,
        )  # fmt: skip

    def ask(self, x, code: str, dumps=pickle.dumps):
        return self.ask_bytes(dumps(x), code)

    def ask_bytes(self, data: bytes, code: str):
        pickle.dump((data, code), self.process.stdin)
        self.process.stdin.flush()
        fine, answer = pickle.load(self.process.stdout)
        if not fine:
            raise AssertionError(f"in the other process: {answer}")
        return answer

    def error(self, data: bytes, code: str = "None") -> str:
        """The error that reading the pickle, or the expression, ends with."""
        pickle.dump((data, code), self.process.stdin)
        self.process.stdin.flush()
        fine, answer = pickle.load(self.process.stdout)
        assert not fine, answer
        return answer

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()
