"""The layers of the core: a C file uses only files that stand before it in the list at the head of
core.h, and no file knows a library by name.

Of: core/core.h.
"""

from __future__ import annotations

import re

import pytest
from support.paths import ROOT

CORE = ROOT / "core"
COMMENT_OR_TEXT = re.compile(r"/\*.*?\*/|\"(?:\\.|[^\"\\])*\"", re.DOTALL)
# At the beginning of a line: a function with its body, or a variable, that other files may use.
DEFINITION = re.compile(
    r"^(?!(?:NO_RETURN )?static\b|typedef\b|extern\b)\w[\w \*]*?\b(\w+)"
    r"(?:\([^;{]*\)\s*\{|(?:\[.*?\])?(?:;| =))",
    re.M,
)


def layers() -> list[str]:
    head = (CORE / "core.h").read_text().partition("*/")[0]
    paragraph = next(p for p in head.split(" *\n") if p.startswith(" *   "))
    return paragraph.replace("*", " ").split()


def source(stem: str) -> str:
    return (CORE / f"{stem}.c").read_text()


def code(text: str) -> str:
    """The text of a C file without comments and strings."""
    return COMMENT_OR_TEXT.sub(" ", text)


def stems() -> list[str]:
    return sorted(path.stem for path in CORE.glob("*.c"))


def owners() -> dict[str, str]:
    """{function or variable: the file that defines it}, of those that other files may use."""
    return {name: stem for stem in stems() for name in DEFINITION.findall(code(source(stem)))}


def uses(text: str, stem: str, owner: dict[str, str]) -> dict[str, str]:
    """{name: file} of what the code of a file uses of others."""
    words = set(re.findall(r"\w+", text))
    return {name: owner[name] for name in words & owner.keys() if owner[name] != stem}


def upward(text: str, stem: str) -> list[str]:
    order = layers()
    return [
        f"{stem}.c uses {name} of {other}.c, which stands after it in the layers of core.h"
        for name, other in sorted(uses(code(text), stem, owners()).items())
        if order.index(other) > order.index(stem)
    ]


def test_every_file_has_its_layer():
    assert sorted(layers()) == stems()


@pytest.mark.parametrize("stem", stems())
def test_a_file_uses_only_layers_below_it(stem):
    assert not (wrong := upward(source(stem), stem)), "\n".join(wrong)


def test_functions_and_variables_are_found():
    owner = owners()
    found = {name: owner.get(name) for name in ("to_r", "py", "guarded", "HandleType", "door_open")}
    assert list(found.values()) == ["convert_to_r", "given", "condition", "handle", "door"]


def test_a_wrong_call_is_told_with_both_files():
    text = "void preserve_drain(void) { door_open(0); /* to_r() */ }"
    assert upward(text, "preserve") == [
        "preserve.c uses door_open of door.c, which stands after it in the layers of core.h"
    ]


@pytest.mark.parametrize("path", sorted(CORE.glob("*.[ch]")), ids=lambda path: path.name)
def test_no_library_is_known_by_name(path):
    """Marks tell the core what it must know of a function or a class (marks.c)."""
    libraries = r"[Kk]eras|[Tt]ensor[Ff]low|[Ss]ynalinks|autograph"
    words = rf"\bon_\w*|\blogs\b|\w*state_dict\w*|\bepoch|\bbatch|{libraries}"
    assert re.findall(words, path.read_text()) == []
