"""Pages of help for the functions that are written in R, from the roxygen comments of R/*.R.

The package is no installed one, so it has no Rd files: the comments are read at the first request.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from pathlib import Path

from ..start.sources import r_sources
from .page import Page, as_text, usage

_BLOCK = re.compile(r"((?:^#'.*\n)+)(.*)", re.MULTILINE)
_OBJECT = re.compile(r"""(?:(?:bind_on_use|makeActiveBinding)\()?[`"]?([^`",]+?)[`"]?(?:,| <- )""")
_METHOD = re.compile(r"([\w.]+?)\.((?:keras\.src|python\.builtin)\..*|keras_\w+)")
_TAG = re.compile(r"^@(\w+)[ \t]*", re.MULTILINE)


@dataclass
class Topic:
    """One page: the functions that share it, in order, and the texts of its tags."""

    names: list[str] = field(default_factory=list)
    intro: str = ""
    tags: dict[str, list[str]] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return " ".join(self.intro.strip().split("\n\n")[0].split())

    @property
    def topics(self) -> list[str]:
        """The names that are no methods of a name."""
        generics = [name for name in self.names if not _METHOD.fullmatch(name)]
        return generics or self.names

    @property
    def description(self) -> str:
        return self.intro.strip().partition("\n\n")[2]


def read(files: list[str]) -> dict[str, Topic]:
    """The topic of each documented name, from the texts of R files."""
    topics, topic_of = {}, {}
    for text in files:
        for comment, code in _BLOCK.findall(text):
            intro, *tagged = _TAG.split(re.sub(r"^#' ?", "", comment, flags=re.MULTILINE))
            tags = list(zip(tagged[::2], tagged[1::2], strict=True))
            if "noRd" in tagged[::2]:
                continue
            name = _OBJECT.match(code)[1]
            page = next((v.strip() for k, v in tags if k in ("rdname", "name")), name)
            topic = topics.setdefault(page, Topic())
            topic.names.append(name)
            topic.intro = topic.intro or intro
            for tag, content in tags:
                topic.tags.setdefault(tag, []).append(content)
            topic_of[name] = topic_of[page] = topic
    return topic_of


@functools.cache
def topics() -> dict[str, Topic]:
    """The topics of this package."""
    files = sorted((r_sources() / "R").glob("*.R"))
    return read([Path(file).read_text(encoding="utf-8") for file in files])


def page(name: str, formals: dict[str, list[str]], width: int = 80) -> str:
    """The page that `name` is on, as text; `formals` are those of its functions, as R code."""
    topic = topics()[name]
    made = Page(name, "package:pyclassbridge", topic.title)
    made.add("Description", topic.description or topic.title)
    calls = [_usage(f, arguments, width) for f, arguments in formals.items()]
    made.add("Usage", "\n\n".join(_shared(calls)), code=True)
    arguments = [_row(text) for text in topic.tags.get("param", ())]
    made.add("Arguments", rows=arguments)
    made.add("Format", "\n\n".join(topic.tags.get("format", ())))
    made.add("Value", "\n\n".join(topic.tags.get("return", ())))
    made.add("Examples", _examples(topic.tags.get("examples", ())), code=True)
    return as_text(made, width)


def _usage(name: str, arguments: list[str], width: int) -> str:
    method = _METHOD.fullmatch(name)
    if method is None:
        return usage(name, arguments, width)
    return f"## for the class {method[2]}\n{usage(method[1], arguments, width)}"


def _shared(calls: list[str]) -> list[str]:
    """Calls of several lines which differ in nothing but the name are shown once, then named."""
    bodies: dict[str, list[str]] = {}
    for call in calls:
        name, _, body = call.partition("(")
        bodies.setdefault(body if "\n" in body else call, []).append(name)
    shown = []
    for call in calls:
        name, _, body = call.partition("(")
        same = bodies[body if "\n" in body else call]
        if name == same[0]:
            others = ", ".join(f"{other}()" for other in same[1:])
            shown.append(call + (f"\n\n# {others}: the same arguments" if others else ""))
    return shown


def _row(text: str) -> tuple[str, str]:
    names, _, description = text.partition(" ")
    return ", ".join(names.split(",")), description.strip()


def _examples(texts) -> str:
    """The examples without R's word that a check is not to run them."""
    return "\n".join(
        re.sub(r"^\\dontrun\{\n(.*)\n\}$", r"\1", text.strip(), flags=re.DOTALL) for text in texts
    )
