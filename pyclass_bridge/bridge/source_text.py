"""Texts of R code as Python's `linecache` has them: where functions and classes of R were written.

A code object's file is the path of the R file through a folder `<R>` that is not there, as in
`/home/me/<R>/../my.R`. What opens the file itself would cut out the definition by Python's rules
(joblib.Memory keeps results by that), so all ask `linecache`, which has the text that was
evaluated, also when the file has been edited; what makes paths absolute gets the path of the file.
`<R 1f0c...>` names a text without a file. A text stays as long as a function of it does.
"""

from __future__ import annotations

import hashlib
import inspect
import linecache
import os
import re
import sys
import weakref
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from .r_functions import r_function


def _asked_by(name: str) -> bool:
    """Is this method of a list called by the function `name` of `inspect`?"""
    frame = sys._getframe(2)
    return frame.f_globals is vars(inspect) and frame.f_code.co_name == name


class Definition(NamedTuple):
    """What is written of a function or class: its lines, its code alone, and the hash that R has of
    it as code, "" of a class."""

    lines: list[str]
    code: str
    r_hash: str

    def as_evaluated(self) -> list[str]:
        """The lines. Quoted code that R has filled in, as by bquote(), is not what they say, so
        they get the hash: who compares functions by their lines must not take two for one."""
        known = not self.r_hash or self.r_hash in r_function("hashes_of_text")(self.code)
        return self.lines if known else [*self.lines, f"# filled in: {self.r_hash}\n"]


class Lines(Sequence):
    """The lines of a text of R. `inspect` looks in them for Python's `def` and `class`, and for the
    end of a block of Python: it finds the definitions of R, which `blocks` has by the index of
    their first lines, and `classes` by their names."""

    def __init__(self, lines: list[str]):
        self._lines = lines
        self.blocks: dict[int, Definition] = {}
        self.classes: dict[str, int] = {}

    def add_class(self, name: str, at: int) -> int:
        """The index at which the class is found. A line has one class, so a further one gets the
        line before, where none begins any more."""
        taken = {index for known, index in self.classes.items() if known != name}
        free = (index for index in range(at, -1, -1) if index not in taken)
        self.classes[name] = next(free, at)
        return self.classes[name]

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, at):
        if not isinstance(at, slice):
            return "def \n" if _asked_by("findsource") else self._lines[at]
        if at.stop is None and at.start in self.blocks and _asked_by("getsourcelines"):
            return _Block(self.blocks[at.start].as_evaluated())
        return self._lines[at]

    def __iter__(self):
        if not _asked_by("findsource"):
            return iter(self._lines)
        names = {at: name for name, at in self.classes.items()}
        python = [f"class {names[at]}: pass\n" if at in names else "\n" for at in range(len(self))]
        return iter(python)


class _Block(list):
    """The lines of one definition, to whose end inspect.getblock() always comes."""

    def __getitem__(self, at):
        return list(self) if _asked_by("getblock") else super().__getitem__(at)

    def __iter__(self):
        return iter(["def f(): pass\n"]) if _asked_by("getblock") else super().__iter__()


class Place(NamedTuple):
    """Where a function or class was written: the file and the line that Python shows, and the hash
    of its code."""

    file: str
    line: int
    hash: str


class SourceText:
    """A text that R has parsed. `file` is its file, `origin` what it is if it has none."""

    def __init__(self, file: str | None, origin: str, lines: list[str], hash: str):
        self.file, self.origin, self.hash = file, origin, hash
        self.lines = [f"{line}\n" for line in lines]
        self.size = sum(map(len, self.lines))
        self.tag = f" {hash[:16]}" if file is None else ""
        if file is not None and self.name() in linecache.cache:  # another version of the file
            self.tag = f" {hash[:8]}"
        self._shown: dict[str, Lines] = {}
        self._places: dict[tuple, Place] = {}
        self._first: dict[tuple, str] = {}
        weakref.finalize(self, _forget, self._shown).atexit = False

    def name(self, more: str = "") -> str:
        """The name of the file for code objects; `more` tells it from the usual one."""
        folder = f"<{self.origin}{self.tag}{more}>"
        if self.file is None:
            return folder
        return os.path.join(os.path.dirname(self.file), folder, "..", os.path.basename(self.file))

    def place(self, at: tuple[int, int, int, int], r_hash: str = "") -> Place:
        """The place of the code from the first to the last character: line, column, line, column,
        counted from 1; `r_hash` is the hash that R has of it."""
        place = self._places.get((at, r_hash))
        if place is None:
            return self._add_place(at, r_hash)
        self.shown(place.file)
        return place

    def _add_place(self, at: tuple[int, int, int, int], r_hash: str) -> Place:
        """Add the code to the definitions of the text, with the name that it is assigned to. It has
        a file name of its own if it stands behind other code of its line, or if other code was made
        from the same lines, which tells it from that."""
        line, column, last, last_column = at
        lines = self.lines[line - 1 : last]
        lines[-1] = _first_columns(lines[-1].rstrip("\n"), last_column) + "\n"
        before = _first_columns(lines[0], column - 1)
        lines[0] = lines[0][len(before) :]
        code, more = "".join(lines), ""
        if _ASSIGNED.fullmatch(before):
            lines[0] = before + lines[0]
        else:
            more = f" {line}:{column}"
        if self._first.setdefault(at, r_hash) != r_hash:
            more += f" {r_hash[:8]}"
        name = self.name(more)
        self.shown(name).blocks[line - 1] = Definition(lines, code, r_hash)
        place = self._places[at, r_hash] = Place(name, line, hash_of(code + r_hash))
        return place

    def shown(self, name: str) -> Lines:
        """The lines as `linecache` has them under this name."""
        if name not in self._shown:
            self._shown[name] = Lines(self.lines)
        lines = self._shown[name]
        entry = linecache.cache.get(name)
        if not entry or entry[-2] is not lines:
            linecache.cache[name] = (self.size, None, lines, name)
        return lines


def _first_columns(line: str, n: int) -> str:
    """The beginning of a line. R counts characters, and a tab to the next multiple of 8."""
    if "\t" not in line:
        return line[:n]
    column = end = 0
    while end < len(line) and column < n:
        column = (column + 8) // 8 * 8 if line[end] == "\t" else column + 1
        end += 1
    return line[:end]


_NAME = r"""([\w.$]+|`[^`]+`|"[^"]+"|'[^']+')"""
_MARKS = r"(staticmethod|classmethod|active_property|mark_active|async_method)"
_ASSIGNED = re.compile(rf"\s*({_NAME}\s*(<-|<<-|=|%<-active%)\s*({_MARKS}\()?)?")


def hash_of(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()


def _forget(shown: dict) -> None:
    for name, lines in shown.items():
        entry = linecache.cache.get(name)
        if entry and entry[-2] is lines:
            del linecache.cache[name]


_texts: weakref.WeakValueDictionary[str, SourceText] = weakref.WeakValueDictionary()
_recent: deque[SourceText] = deque(maxlen=16)  # closures of these cross again and again
_last: tuple = (None, None)  # R's source file that was asked for last, and its text


def place_of(row: dict) -> tuple[Place, SourceText]:
    """The place that R describes (R/bridge_source_text.R), and its text, which is to be kept as
    long as the place is shown."""
    if "code" in row:
        text = _text("", "", row["code"])
        return text.place((1, 1, len(text.lines), 8 * len(text.lines[-1]))), text
    text = _texts.get(row["key"]) or _text_of(row["srcfile"])
    _, _, _, _, column, last_column, line, last = row["at"]
    return text.place((line, column, last, last_column), row["hash"]), text


def _text_of(file) -> SourceText:
    """The text of R's source file, which gets its key."""
    global _last
    if _last[0] is not None and _last[0].address == file.address:
        return _last[1]
    facts = r_function("describe_text")(file)
    lines = [line for part in facts["lines"] for line in part.split("\n")]
    text = _text(facts["file"], facts["directory"], lines)
    r_function("set_text_key")(file, text.hash)
    _recent.append(text)
    _last = file, text
    return text


def _text(name: str, directory: str, lines: list[str]) -> SourceText:
    """The text that has this name for R: a file, or one without, such as `<text>`, `<R cell 3>`."""
    file, origin = None, "R"
    if name and not name.startswith("<"):
        file = os.path.abspath(os.path.join(directory, os.path.expanduser(name)))
    elif name.startswith("<R "):
        origin = name[1:-1]
    key = hash_of("\n".join([file or origin, *lines]))
    text = _texts.get(key)
    if text is None:
        text = _texts[key] = SourceText(file, origin, lines, key)
    return text


def show_class(cls: type, place: Place, text: SourceText) -> None:
    """Let `inspect` find the class, which is defined at `place`. It looks for the class's name in
    the file of its module, which is its place in `sys.modules` (bridge/module_name.py)."""
    if text.file is None:
        return
    lines = text.shown(text.file)
    at = lines.add_class(cls.__qualname__, place.line - 1)
    lines.blocks[at] = text.shown(place.file).blocks[place.line - 1]
    if sys.version_info >= (3, 13):  # which looks here instead
        type.__setattr__(cls, "__firstlineno__", at + 1)
    sys.modules[cls.__module__].__file__ = text.file
