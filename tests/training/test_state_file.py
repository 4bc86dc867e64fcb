"""The file of a checkpoint: complete at any moment, and with the values that were written."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
import zipfile

import numpy as np
import pytest
from support import resumed

import pyclass_bridge
from pyclass_bridge.training import state_file

KILLS = """
import os, random, signal, sys, time
import numpy as np
from pyclass_bridge.training import state_file

path = sys.argv[1]
random.seed(1)

def write(number):
    members = {}
    values = {"number": number, "array": np.full(60_000, number)}
    state_file.write(path, state_file.pack(values, members), members)

def read():
    values = state_file.unpack(*state_file.read(path))
    assert (values["array"] == values["number"]).all()
    return values["number"]

write(0)
last, leftovers, writing = 0, 0, 0
for _ in range(50):
    child = os.fork()
    if not child:
        for number in range(last + 1, 10**9):
            write(number)
    time.sleep(random.uniform(0.005, 0.04))
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    number = read()
    assert number >= last
    writing += number > last
    last = number
    leftovers += len(os.listdir(os.path.dirname(path))) - 1
    last += 1
    write(last)
    assert os.listdir(os.path.dirname(path)) == [os.path.basename(path)]
print("killed", leftovers, writing)
"""


def test_kill_at_any_moment_leaves_the_last_whole_file(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", KILLS, str(tmp_path / "a file.state")],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    _, leftovers, writing = done.stdout.split()
    # Most were killed in the middle of a file, and had written others before.
    assert int(leftovers) > 10 and int(writing) > 10


def test_what_a_killed_run_left_is_removed(tmp_path):
    path = str(tmp_path / "run.state")
    (tmp_path / ".run.state.123.tmp").write_text("half")
    (tmp_path / ".other.state.123.tmp").write_text("of another")
    resumed.fit(path, listed=[pyclass_bridge.checkpoint_state(path)], epochs=1)
    assert sorted(os.listdir(tmp_path)) == [".other.state.123.tmp", "run.state"]


def archive(path, members: dict, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return str(path)


def array_bytes(descr: str, shape: str, content: bytes = b"") -> bytes:
    head = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + content


ARRAYS = {
    "8 GB": array_bytes("<f8", "(1000000000,)"),
    "nothing of everything": array_bytes("<U0", "(1000000000000,)"),
    "an overflow": array_bytes("<f8", f"({2**40}, {2**40})"),
    "less than none": array_bytes("<f8", "(-1,)"),
    "objects": array_bytes("|O", "(1,)", b"cos\nsystem\n(S'false'\ntR."),
    "another version": b"\x93NUMPY\x09\x00" + b"\x00" * 99,
    "no array": b"PK",
}


@pytest.mark.parametrize("case", ARRAYS)
def test_an_array_takes_no_memory_that_the_file_has_not(case):
    with pytest.raises(ValueError), state_file.told_if_damaged("a.state"):
        state_file.unpack(["array", "0.npy"], {"0.npy": ARRAYS[case]})


def test_a_file_takes_no_memory_that_it_has_not(tmp_path):
    zeros = {"state.json": "{}", "0.npy": bytes(400_000_000)}
    path = archive(tmp_path / "run.state", zeros, zipfile.ZIP_DEFLATED)
    assert os.path.getsize(path) < 1_000_000
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"run.state is damaged, or is not a checkpoint"):
            state_file.read(path)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    # One member for many values would be as much.
    once = {"0.npy": state_file._array_bytes(np.zeros(3))}
    with pytest.raises(KeyError):
        state_file.unpack(["list", [["array", "0.npy"]] * 2], once)


@pytest.mark.parametrize("text", ["[" * 100_000, "{", "\x00", "9" * 10_000, "[1, 2"])
def test_another_tree_is_one_sentence(tmp_path, text):
    with pytest.raises(ValueError, match="from another copy of it, or train from the start"):
        state_file.read(archive(tmp_path / "run.state", {"state.json": text}))


def test_values_of_all_kinds_come_back_equal(r):
    values = {
        "plain": [None, True, 2**80, -0.0, float("inf"), "ü\n", b"\x00"],
        1: (np.float32(1.5), [(), {}], np.array([["a", "b"]]), np.array(3)),
        "r": r("structure(list(1L, NA), class = 'mine')"),
    }
    members = {}
    back = state_file.unpack(state_file.pack(values, members), members)
    assert back.keys() == values.keys()
    assert back["plain"] == values["plain"]
    assert back["r"] == values["r"]
    scalar, nested, text, array = back[1]
    assert (type(scalar), scalar, nested) == (np.float32, 1.5, [(), {}])
    assert text.tolist() == [["a", "b"]] and array.shape == ()
