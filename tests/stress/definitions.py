"""Definitions of classes in which something is broken, and files of odd bytes and sizes.

    python tests/stress/definitions.py [mutated definitions] [seed]

Prints a figure for each item; status 1 if one is not what it should be. A file gives its class or
one error that names the file: never a crash, a hang, an error of the bridge's own code, or a class
that is left behind by a file that failed. 5000 definitions, in two processes, take a minute.
"""

from __future__ import annotations

import faulthandler
import gc
import inspect
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from report import figure, status

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("examples/quickstart.R", "examples/keras/*.R", "tests/seeds/*.R")
TIME_LIMIT = 30  # seconds of a definition
PART = 250  # definitions between two looks at what is left

# Beside the definitions of the sources: each form, and each kind of member.
FORMS = r"""
Counter %py_class% {
  "Counts."
  n <- 0
  initialize <- function(start = 0L, ...) { super$initialize(...); self$n <- start; private$m <- 1 }
  up <- function(by = 1L) { "Count up."; self$n <- self$n + by; private$m <- self$n; self$n }
  double %<-active% function(value) if (missing(value)) 2 * self$n else self$n <- value / 2
  half <- active_property(function() self$n / 2)
  make <- staticmethod(function(x) x * 10)
  of <- classmethod(function(cls, x) cls(x))
  `__len__` <- function() 3L
  finalize <- function() NULL
}
--
Base <- PyClass("Base", list(
  initialize = function(x = NULL) { self$x <- x },
  show = function() paste("x is", self$x)
))
--
Derived(keras$callbacks$Callback) %py_class% {
  on_epoch_end <- function(epoch, logs = NULL) super$on_epoch_end(epoch, logs)
}
--
Two(keras$layers$Layer, convert = FALSE) %py_class% {
  initialize <- function(units = 2, ...) { super$initialize(...); self$units <- units }
  call <- function(inputs) inputs * self$units
  get_config <- function() c(super$get_config(), list(units = self$units))
}
--
Stage <- callback_set("Stage",
  on_begin = function() private$n <- 0,
  on_batch_end = function() private$n <- private$n + 1,
  on_end = function() NULL,
  state_dict = function() list(n = private$n),
  load_state_dict = function(state) private$n <- state$n,
  private = list(n = 0)
)
--
Square <- Loss("Square",
  call = function(y_true, y_pred) op_mean((y_true - y_pred)^2, axis = -1),
  two = active_property(function() 2), private = list(a = 1, f = function() 2)
)
--
Six <- R6::R6Class("Six",
  public = list(x = 1, add = function(y = 2) { self$x <- self$x + y; invisible(self) }),
  private = list(z = 3), active = list(w = function(v) if (missing(v)) private$z else stop("no"))
)
SixPy <- r_to_py(Six)
--
Positive <- Constraint("Positive", call = function(w) w * op_cast(w >= 0, w$dtype))
Steps <- LearningRateSchedule("Steps",
  initialize = function(by = 0.1) { self$by <- by },
  call = function(step) self$by / (step + 1)
)
"""

MAKERS = (
    "%py_class%|PyClass|Callback|Metric|Layer|Loss|Model|Constraint|Initializer|Regularizer"
    "|Optimizer|LearningRateSchedule|callback_set|R6Class"
)
TOKEN = re.compile(r"[A-Za-z._][\w.]*|`[^`\n]*`|\"[^\"\n]*\"|'[^'\n]*'|%\w+%|<-|\d+L?|\s+|.", re.S)
EXTRA = TOKEN.findall(
    """self super private NULL NA TRUE -1L "" 'x' initialize `__init__` `__new__` on_epoch_end
    on_epoch_ends function ... <- = == ( ) { } [ ] , ; $ @ : ! ~ \\ ` " ' # %py_class%
    %<-active% call `__class__` class def None `é` é 😀 list inherit classname active
    metaclass . ..1 `a b`"""
)


# ---- mutations -----------------------------------------------------------------------------------


def definitions(r) -> list[str]:
    """The definitions of classes in the sources, as text."""
    find = r(
        """
        function(file, makers) {
          is_definition <- function(e) {
            if (is.call(e) && as.character(e[[1L]])[1L] == "<-" && length(e) == 3L) e <- e[[3L]]
            is.call(e) && grepl(paste0("^(", makers, ")$"), as.character(e[[1L]])[1L])
          }
          exprs <- parse(file, keep.source = TRUE, encoding = "UTF-8")
          refs <- attr(exprs, "srcref")
          as.list(vapply(refs[vapply(exprs, is_definition, NA)], function(ref) {
            paste(as.character(ref), collapse = "\n")
          }, ""))
        }
        """
    )
    files = [path for pattern in SOURCES for path in sorted(ROOT.glob(pattern))]
    found = [text for path in files for text in find(str(path), MAKERS)]
    return found + [form.strip() for form in FORMS.split("\n--\n")]


def mutated(text: str, chance: random.Random, pool: list[str]) -> str:
    """The text with one to three changes of a character, a token or a line."""
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        unit = chance.choice(["character", "token", "token", "line"])
        if unit == "character":
            parts, joint, others = list(text), "", list("(){}[],;$\"'`\\#%<-=~ \n\té0a_")
        elif unit == "token":
            parts, joint, others = TOKEN.findall(text), "", pool
        else:
            parts, joint, others = text.split("\n"), "\n", pool
        if not parts:
            return chance.choice(pool)
        at, to = chance.randrange(len(parts)), chance.randrange(len(parts))
        how = chance.choice(["delete", "double", "swap", "replace", "insert", "move", "cut"])
        if how == "delete":
            del parts[at]
        elif how == "double":
            parts.insert(at, parts[at])
        elif how == "swap":
            parts[at], parts[to] = parts[to], parts[at]
        elif how == "replace":
            parts[at] = chance.choice(others)
        elif how == "insert":
            parts.insert(at, chance.choice(others))
        elif how == "move":
            parts.insert(to, parts.pop(at))
        elif chance.random() < 0.2:
            del parts[at:]
        text = joint.join(parts)
    return text


# ---- what becomes of a file ----------------------------------------------------------------------

# What R says when the code that fails did not expect the value.
UNEXPECTED = re.compile(
    "subscript out of bounds|argument is of length zero|missing value where|invalid .type."
    "|object '.*' not found|\\$ operator is invalid|non-character argument"
    "|must be length|non-numeric|the condition has length|argument of length 0|not subsettable"
    "|could not find function|is missing, with no default|unused argument|cannot coerce|invalid .*"
    "argument|names\\(\\) applied|replacement has length|recursive default|can't be described"
)
SLIPS = (KeyError, AttributeError, IndexError, TypeError, UnboundLocalError, AssertionError)


def own_fault(error: BaseException, own_functions: set[str], text: str) -> str | None:
    """What is wrong if the bridge's own code fails, and not the user's."""
    from pyclass_bridge import RError

    if isinstance(error, RError):
        head = re.match(r"[\w.]+", error.call or "")
        missing = re.match("object '(.*)' not found", error.message)
        if missing and missing[1] in text:
            return None  # an argument that R evaluates only now
        if head and re.search("is missing, with|unused argument", error.message):
            head = None if head[0].removesuffix(".default") in text else head
        if head and head[0] in own_functions and UNEXPECTED.search(error.message):
            return f"in {error.call}: {error.message}"
        if "can't be described" in str(error):
            return str(error)
        return None
    frames = traceback.extract_tb(error.__traceback__)
    if frames and "/pyclass_bridge/" in frames[-1].filename and isinstance(error, SLIPS):
        line = frames[-1].line or ""
        # What the code raises itself, or what Python says of the user's own values.
        if not line.startswith("raise") and frames[-1].name not in ("unary", "binary"):
            return f"{type(error).__name__} in {frames[-1].name}: {error}"
    return None


def flaw_of_class(value: type) -> str | None:
    """What a class lacks that has been defined."""
    for name in dir(value):
        member = inspect.getattr_static(value, name)
        if inspect.isfunction(member):
            try:
                inspect.signature(member)
                inspect.getdoc(member)
            except Exception as error:
                return f"half-defined: {value.__name__}.{name}: {error!r}"
    return None if value.__name__ and value.__module__ else "half-defined: it has no name"


class Judge:
    """Looks at one file after another and counts what became of them."""

    def __init__(self, folder: Path):
        from pyclass_bridge import r

        self.folder, self.found, self.wrong = folder, Counter(), []
        self.own_functions = set(r("ls(asNamespace('pyclassbridge'), all.names = TRUE)"))
        self.failed: set[str] = set()
        self.is_one_definition = r(
            """
            function(text, makers) {
              exprs <- tryCatch(parse(text = text, keep.source = FALSE), error = function(e) NULL)
              e <- if (length(exprs) == 1L) exprs[[1L]]
              if (is.call(e) && identical(e[[1L]], quote(`<-`)) && length(e) == 3L) e <- e[[3L]]
              made_by <- if (is.call(e)) deparse(e[[1L]])[1L] else ""
              is.null(exprs) || grepl(paste0("^(", makers, ")$"), made_by)
            }
            """
        )

    def note(self, what: str, number, text: str, why: str) -> None:
        self.found[what] += 1
        self.wrong.append({"number": number, "what": what, "why": why, "text": text})

    def look_at(self, number: int, text: str) -> None:
        import pyclass_bridge

        path = self.folder / f"mutated_{number}.R"
        path.write_text(text, encoding="utf-8", newline="")
        try:
            values = vars(pyclass_bridge.source(path))
        except BaseException as error:
            self.found["one error"] += 1
            if self.is_one_definition(text, MAKERS):
                self.failed.add(f"mutated_{number}")
            fault = own_fault(error, self.own_functions, text)
            said = "".join(traceback.format_exception(error)[-1:]) + str(
                getattr(error, "__notes__", "")
            )
            if fault:
                self.note("own fault", number, text, fault)
            elif isinstance(error, KeyboardInterrupt | SystemExit):
                self.note("another error", number, text, repr(error))
            elif path.name not in said:
                self.note("file not named", number, text, f"{type(error).__name__}: {said}")
        else:
            self.found["defined"] += 1
            for value in list(values.values()):
                if isinstance(value, type):
                    self.look_at_class(number, text, value)
        finally:
            path.unlink()

    def look_at_class(self, number: int, text: str, value: type) -> None:
        """It is whole, and calling it gives an instance or the user's error."""
        if flaw := flaw_of_class(value):
            self.note("half-defined", number, text, flaw)
        try:
            repr(value())
        except Exception as error:
            if fault := own_fault(error, self.own_functions, text):
                self.note("own fault", number, text, f"of its instance: {fault}")

    def look_at_what_is_left(self) -> None:
        """No class is alive of a file whose only statement, a definition, failed. (Others may have
        defined one class before they failed.)"""
        from pyclass_bridge import r

        for _ in range(2):
            r("invisible(gc())")
            gc.collect()
        left = {str(kind.__module__) for kind in all_classes(object)} & self.failed
        for module in sorted(left):
            self.note("left behind", module, "", "its class is alive")
        self.failed.clear()


def all_classes(base: type) -> set[type]:
    found, open_ = set(), [base]
    while open_:
        for kind in type.__subclasses__(open_.pop()):
            if kind not in found:
                found.add(kind)
                open_.append(kind)
    return found


def in_this_process(first: int, end: int, seed: int) -> None:
    """Judges these definitions; each line of the output is a number before it, or the results."""
    import warnings

    faulthandler.enable()
    import pyclass_bridge

    warnings.simplefilter("ignore")
    texts = definitions(pyclass_bridge.r)
    pool = sorted({token for text in texts for token in TOKEN.findall(text)})
    pool = [token for token in pool + EXTRA * 3 if not token.isspace()]
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        judge = Judge(Path(name))
        for number in range(first, end):
            chance = random.Random(f"{seed} {number}")
            print(number, flush=True)
            faulthandler.dump_traceback_later(TIME_LIMIT, exit=True)
            judge.look_at(number, mutated(chance.choice(texts), chance, pool))
            if number % PART == PART - 1:
                judge.look_at_what_is_left()
                print(json.dumps({"found": judge.found, "wrong": judge.wrong}), flush=True)
                judge.found, judge.wrong = Counter(), []
        judge.look_at_what_is_left()
        faulthandler.cancel_dump_traceback_later()
        os.chdir("/")
    print(json.dumps({"found": judge.found, "wrong": judge.wrong}), flush=True)


def results_of(first: int, end: int, seed: int) -> tuple[Counter, list]:
    """The counts of these definitions; one that ends or stops its process counts as such."""
    found, wrong = Counter(), []
    quiet = {"KERAS_BACKEND": "numpy", "TF_CPP_MIN_LOG_LEVEL": "3"}
    while first < end:
        command = [sys.executable, __file__, "in_this_process", str(first), str(end), str(seed)]
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            code = subprocess.run(
                command, stdout=out, stderr=err, env={**os.environ, **quiet}
            ).returncode
            out.seek(0)
            err.seek(0)
            said, errors = out.read().splitlines(), err.read()
        at = first
        for line in said:
            if line.startswith('{"found"'):
                part = json.loads(line)
                found.update(part["found"])
                wrong += part["wrong"]
            elif line.isdigit():
                at = int(line)
        if code == 0:
            break
        what = "hang" if "Timeout (" in errors else "crash"
        found[what] += 1
        wrong.append({"number": at, "what": what, "why": errors[-3000:], "text": ""})
        first = at + 1
    return found, wrong


def mutated_definitions(count: int, seed: int) -> None:
    half = count // 2
    with ThreadPoolExecutor(2) as threads:
        runs = [threads.submit(results_of, *part, seed) for part in ((0, half), (half, count))]
        parts = [run.result() for run in runs]
    found = sum((part[0] for part in parts), Counter())
    wrong = [row for part in parts for row in part[1]]
    for row in sorted(wrong, key=lambda row: len(row["text"]))[:20]:
        print(f"-- {row['number']}, {row['what']}: {row['why']}\n{row['text']}", file=sys.stderr)
    seen = ", ".join(f"{found[what]} {what}" for what in sorted(found))
    judged = found["defined"] + found["one error"]
    figure(
        f"definitions, {count} mutated (seed {seed})",
        "each is defined or one error with its file",
        f"{seen}; {len(wrong)} wrong",
        not wrong and judged == count,
    )


# ---- files ---------------------------------------------------------------------------------------

CLASS = 'A %py_class% {\n  "é"\n  m <- function(x = 2) x\n}\n'
LINE = "f <- function(x) x + 1 # a comment that makes of it fifty bytes\n"


def file_kinds(lines: int) -> dict[str, tuple[bytes, str | int]]:
    """{kind: its bytes, and the number of its definitions or the text of its error}."""
    text, plain = CLASS.encode(), CLASS.replace("é", "e").encode()
    nul = "NUL byte"
    not_utf_8 = "save the file as UTF-8"
    return {
        "BOM": (b"\xef\xbb\xbf" + text, 1),
        "CRLF": (text.replace(b"\n", b"\r\n"), 1),
        "CR only": (text.replace(b"\n", b"\r"), 1),
        "Latin-1 in a string": (CLASS.encode("latin-1"), not_utf_8),
        "Latin-1 in a comment": (plain + b"# \xe9\n", 1),
        "NUL": (text + b"b <- 1\0\n", nul),
        "UTF-16": (CLASS.encode("utf-16"), nul),
        "UTF-16 without a mark": (CLASS.encode("utf-16-be"), nul),
        "empty": (b"", 0),
        "a BOM only": (b"\xef\xbb\xbf", 0),
        "only comments": (b"# a\n# b", 0),
        "no final newline": (text.rstrip(), 1),
        "form feed": (b"\f" + text, 1),
        "end of file of DOS": (text + b"\x1a", "unexpected"),
        "a line of 1 MB": (b"x <- c(" + b"1, " * 350_000 + b"1)\n" + text, 2),
        "a string of 3 MB": (b"x <- '" + b"a" * 3_000_000 + b"'\n" + text, 2),
        f"{lines} lines": (text + LINE.encode() * lines, 2),
        "a comment of many words": (b"# " + b"a comment of some fifty bytes in a line " * lines, 0),
        f"{lines} lines of comments": (
            b"# a comment of some fifty bytes in it\n" * lines + text,
            1,
        ),
        "a class of 3,000 members": (
            b"B %py_class% {\n"
            + b"".join(b"  m%d <- function(x = 1) x\n" % i for i in range(3000))
            + b"}\n",
            1,
        ),
        f"an error in line {lines + 1}": (
            LINE.encode() * lines + b"g <- function( {\n",
            f":{lines + 1}:",
        ),
    }


def files(lines: int) -> None:
    """Each kind of file is read in seconds, or is one error with the file's name."""
    import pyclass_bridge

    kinds, wrong, slowest = file_kinds(lines), [], (0.0, "")
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "odd.R"
        for kind, (data, right) in kinds.items():
            path.write_bytes(data)
            start = time.process_time()
            try:
                found = len(pyclass_bridge.source(path).__all__)
                is_right = found == right
            except Exception as error:
                found = f"{type(error).__name__}: {error}"
                is_right = isinstance(right, str) and right in found and "odd.R" in found
            slowest = max(slowest, (time.process_time() - start, kind))
            if not is_right:
                wrong.append(f"{kind}: {str(found)[:300]}")
    seen = f"{len(kinds) - len(wrong)} of {len(kinds)}" + "".join(f"; {text}" for text in wrong)
    figure(
        f"files of {len(kinds)} kinds",
        "their definitions, or one error with the file",
        seen.replace("\n", " "),
        not wrong,
    )
    seconds, kind = slowest
    most_bytes = max(len(data) for data, _ in kinds.values())
    figure(
        f"the slowest of these files (of up to {lines} lines, {most_bytes / 10**6:.0f} MB)",
        "< 20 s of the processor",
        f"{seconds:.1f} s ({kind})",
        seconds < 20,
    )


def main(count: int = 5000, seed: int = 11) -> int:
    start = time.monotonic()
    os.environ.setdefault("KERAS_BACKEND", "numpy")
    mutated_definitions(count, seed)
    files(200_000 if count >= 1000 else 10_000)
    print(f"{time.monotonic() - start:.0f} s")
    return status()


if __name__ == "__main__":
    if sys.argv[1:2] == ["in_this_process"]:
        in_this_process(*map(int, sys.argv[2:]))
    else:
        sys.exit(main(*map(int, sys.argv[1:])))
