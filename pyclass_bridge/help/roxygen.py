"""The roxygen comments of R/*.R, parsed into topics: what the pages of functions written in R say.
They have no other half in R.

The package is not installed in R, so it has no Rd files: the comments are read when R first asks
for one of these pages.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from pathlib import Path

from ..bridge.roxygen import parts
from ..start.sources import r_sources

_BLOCK = re.compile(r"((?:^#'.*\n)+)(.*)", re.MULTILINE)
_OBJECT = re.compile(r"""[`"]?([^`",]+?)[`"]? <- """)
METHOD = re.compile(r"([\w.]+?)\.((?:keras\.src|python\.builtin)\..*|keras_\w+)")


@dataclass
class Topic:
    """The contents of one page: the functions that share it, and the texts of the tags."""

    names: list[str] = field(default_factory=list)
    intro: str = ""
    tags: dict[str, list[str]] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return " ".join(self.intro.strip().split("\n\n")[0].split())

    @property
    def topics(self) -> list[str]:
        """The names, without those of S3 methods if there are others."""
        generics = [name for name in self.names if not METHOD.fullmatch(name)]
        return generics or self.names

    @property
    def description(self) -> str:
        return self.intro.strip().partition("\n\n")[2]

    @property
    def arguments(self) -> list[tuple[str, str]]:
        """The names of each `@param`, and its text."""
        rows = [text.partition(" ") for text in self.tags.get("param", ())]
        return [(", ".join(names.split(",")), text.strip()) for names, _, text in rows]

    @property
    def examples(self) -> str:
        """The examples, without `\\dontrun{}`, which concerns only checks of packages."""
        return "\n".join(
            re.sub(r"^\\dontrun\{\n(.*)\n\}$", r"\1", text.strip(), flags=re.DOTALL)
            for text in self.tags.get("examples", ())
        )

    def tagged(self, tag: str) -> str:
        """The texts of all tags of this name."""
        return "\n\n".join(self.tags.get(tag, ()))


def read(files: list[str]) -> dict[str, Topic]:
    """The topic of each documented name, from the texts of R files."""
    topics, topic_of = {}, {}
    for text in files:
        for comment, code in _BLOCK.findall(text):
            intro, tags = parts(re.sub(r"^#' ?", "", comment, flags=re.MULTILINE))
            if any(tag == "noRd" for tag, _ in tags):
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
