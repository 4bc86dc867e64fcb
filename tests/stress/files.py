"""Files that are damaged, made to do harm, or being written when something ends the writing.

    python tests/stress/files.py [corrupted files] [kills]

Prints a figure for each item; status 1 if one is not what it should be. Half of the corrupted files
are checkpoints, half are models. A file is loaded rightly if its values are those that were
written: what was changed may be the time in the archive, or its like.
"""

from __future__ import annotations

import errno
import os
import random
import resource
import signal
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
from report import figure, status

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

DEFINITIONS = """
library(pyclassbridge)
Scale <- Layer("Scale",
  initialize = function(by = 2, ...) { super$initialize(...); self$by <- by },
  call = function(inputs) inputs * self$by,
  get_config = function() c(super$get_config(), list(by = self$by))
)
Keeps <- Callback("Keeps",
  state_dict = function() {
    e <- list2env(list(a = 1), parent = globalenv())
    list(mtcars, as.formula("y ~ x", globalenv()), factor("a"), e = e, 1:10)
  },
  load_state_dict = function(state) self$state <- state
)
new_model <- function() {
  model <- keras_model_sequential(input_shape = 2) |> layer_dense(2)
  model$add(Scale(by = 3))
  model |> compile(optimizer = "adam", loss = "mse")
  model
}
train <- function(model, ...) {
  fit(model, matrix(1, 4, 2), matrix(1, 4, 2), epochs = 2, verbose = 0, ...)
}
write_checkpoint <- function(path) {
  train(new_model(), callbacks = list(Keeps(), callback_checkpoint_state(path)))
}
load_saved <- function(path) load_model(path, custom_objects = list(Scale = Scale))
"""


# ---- corrupted files -----------------------------------------------------------------------------


def corrupted(whole: bytes, chance: random.Random) -> bytes:
    """Bits changed, bytes overwritten, a part cut off or left out."""
    data = bytearray(whole)
    at = chance.randrange(len(data))
    how = chance.randrange(5)
    if how < 2:
        for _ in range(chance.choice([1, 1, 3, 30])):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    elif how == 2:
        data[at : at + 4] = chance.choice([b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff"])
    elif how == 3:
        del data[at:]
    else:
        del data[at : at + chance.randrange(1, 200)]
    return bytes(data)


def with_new_sums(whole: Path, chance: random.Random) -> bytes:
    """The archive with a member that is corrupted and has a new sum, as somebody would make it."""
    made = whole.with_name("sums")
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(made, "w") as new:
        names = old.namelist()
        chosen = chance.choice([name for name in names if not name.endswith(".h5")])
        for name in names:
            data = old.read(name)
            new.writestr(name, corrupted(data, chance) if name == chosen else data)
    return made.read_bytes()


def values_of_checkpoint(path: str):
    """All that a training would load from a checkpoint, as bytes that can be compared."""
    from pyclass_bridge.training import state_file
    from pyclass_bridge.training.resume import Restore

    members: dict = {}
    packed = state_file.pack(Restore(path).tree, members)
    return packed, members


def one_read(found: Counter, broken: Path, read, right, otherwise: str) -> None:
    """Count what becomes of the file `broken`: `read(path)` is `right`, is `otherwise` called, or
    is an error, of one sentence or not."""
    try:
        values = read(str(broken))
    except Exception as error:
        text = str(error)
        is_one = isinstance(error, ValueError) and str(broken) in text and "\n" not in text
        found["one sentence" if is_one else f"another error: {error!r}"[:200]] += 1
    else:
        found["loaded rightly" if values == right else otherwise] += 1


def checkpoints(folder: Path, r, count: int) -> Counter:
    """What became of corrupted checkpoints; those with new sums may hold other values."""
    chance, found = random.Random(1), Counter()
    whole, broken = folder / "run.state", folder / "broken.state"
    r("write_checkpoint")(str(whole))
    right = values_of_checkpoint(str(whole))
    for number in range(count):
        forged = number % 4 == 0
        data = with_new_sums(whole, chance) if forged else corrupted(whole.read_bytes(), chance)
        broken.write_bytes(data)
        otherwise = "loaded with new sums" if forged else "loaded wrongly"
        one_read(found, broken, values_of_checkpoint, right, otherwise)
    return found


def models(folder: Path, r, count: int) -> Counter:
    """What became of corrupted models."""
    chance, found = random.Random(2), Counter()
    whole, broken = folder / "model.keras", folder / "broken.keras"
    r("function(path) { save_model(new_model(), path); TRUE }")(str(whole))
    load = r("load_saved")

    def weights_of(path: str) -> list:
        return [weight.tolist() for weight in load(path).get_weights()]

    right = weights_of(str(whole))
    for _ in range(count):
        broken.write_bytes(corrupted(whole.read_bytes(), chance))
        one_read(found, broken, weights_of, right, "loaded wrongly")
    return found


def crafted_files(folder: Path, r) -> Counter:
    """Checkpoints and pickles that would run code if they were read as R reads them."""
    from support import crafted

    from pyclass_bridge.training.resume import Restore
    from pyclass_bridge.values import handle

    whole, ran, found = folder / "run.state", folder / "ran", Counter()
    for what, make in crafted.MORE_THAN_DATA.values():
        data = make(f"file.create('{ran}')")
        path = crafted.with_r_values(whole, state=data)
        for read in (lambda path=path: Restore(path), lambda data=data: handle._unserialize(data)):
            try:
                read()
            except Exception as error:
                found["refused" if what in str(error) else f"another error: {error!r}"[:200]] += 1
            else:
                found["loaded wrongly"] += 1
    found["code run"] += ran.exists()
    return found


# ---- writing -------------------------------------------------------------------------------------


def written(path: Path) -> int | None:
    """The number in the checkpoint at `path`; None if the file is not whole."""
    from pyclass_bridge.training import state_file

    try:
        values = state_file.unpack(*state_file.read(str(path)))
    except (OSError, ValueError):
        return None
    return values["number"] if (values["array"] == values["number"]).all() else None


def write(path: Path, number: int) -> None:
    import numpy as np

    from pyclass_bridge.training import state_file

    members: dict = {}
    tree = {"number": number, "array": np.full(60_000, number)}
    state_file.write(str(path), state_file.pack(tree, members), members)


def kills(folder: Path, count: int) -> Counter:
    """Processes that are killed while they write."""
    chance, found = random.Random(3), Counter(lost=0)
    folder = folder / "kills"
    folder.mkdir()
    path, last = folder / "run.state", 0
    write(path, last)
    for _ in range(count):
        child = os.fork()
        if not child:
            number = last
            while True:
                number += 1
                write(path, number)
        time.sleep(chance.uniform(0.005, 0.04))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        found["left an unfinished file"] += len(os.listdir(folder)) > 1
        number = written(path)
        found["lost"] += number is None or number < last
        last = (number or last) + 1
        write(path, last)
        found["not removed"] += len(os.listdir(folder)) > 1
    return found


def in_child(work) -> bool:
    """Does `work()` give True in a process of its own?"""
    child = os.fork()
    if not child:
        try:
            os._exit(0 if work() is True else 1)
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(2)
    return os.waitpid(child, 0)[1] == 0


def fails_with(path: Path, *numbers: int) -> bool:
    try:
        write(path, 2)
    except OSError as error:
        return error.errno in numbers and os.listdir(path.parent) == [path.name]
    return False


def full_disk(folder: Path) -> Counter:
    """No space: a limit of the size of files stands for it."""
    path = folder / "full" / "run.state"
    path.parent.mkdir()
    write(path, 1)
    found = Counter(lost=0)
    for limit in range(0, 400_000, 20_000):

        def work(limit=limit):
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            return fails_with(path, errno.EFBIG, errno.ENOSPC)

        found["one error" if in_child(work) else "no error"] += 1
        found["lost"] += written(path) != 1
    return found


def read_only(folder: Path) -> Counter:
    """A directory that may be read only."""
    path = folder / "read_only" / "run.state"
    path.parent.mkdir()
    write(path, 1)
    for part in (path, path.parent, folder):
        part.chmod(0o555)

    def work():
        if os.geteuid() == 0:
            os.setuid(65534)
        return fails_with(path, errno.EACCES, errno.EPERM)

    found = Counter(lost=0)
    found["one error" if in_child(work) else "no error"] += 1
    for part in (folder, path.parent):
        part.chmod(0o755)
    found["lost"] += written(path) != 1
    return found


# ---- all -----------------------------------------------------------------------------------------

AIMS = {
    "corrupted checkpoints": "0 loaded wrongly",
    "corrupted models": "0 loaded wrongly",
    "crafted files": "all refused, 0 code run",
}
BAD = ("another", "loaded wrongly", "lost", "code run", "not removed", "no error")


def run(files: int, killed: int) -> dict[str, Counter]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Processes are forked before Keras has threads.
        found = {
            "killed while writing": kills(folder, killed),
            "disk full": full_disk(folder),
            "read-only directory": read_only(folder),
        }
        import warnings

        import pyclass_bridge

        warnings.simplefilter("ignore")
        pyclass_bridge.r(DEFINITIONS)
        return {
            "corrupted checkpoints": checkpoints(folder, pyclass_bridge.r, files // 2),
            "corrupted models": models(folder, pyclass_bridge.r, files - files // 2),
            "crafted files": crafted_files(folder, pyclass_bridge.r),
            **found,
        }


def main(files: int = 2000, killed: int = 100) -> int:
    for item, counts in run(files, killed).items():
        seen = ", ".join(f"{counts[what]} {what}" for what in sorted(counts))
        bad = sum(count for what, count in counts.items() if what.startswith(BAD))
        figure(f"files: {item}", AIMS.get(item, "0 lost"), seen, not bad)
    return status()


if __name__ == "__main__":
    import faulthandler

    faulthandler.enable()
    sys.exit(main(*map(int, sys.argv[1:])))
