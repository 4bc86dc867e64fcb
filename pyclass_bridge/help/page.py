"""A page of help and its layout as plain text: sections as R's own pages have them. It has no other
half in R.

Its texts are Markdown of the simple sort that docstrings and roxygen comments use, and are laid out
as they come. Pure: imports nothing of the package.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, field

INDENT = 5  # of the text of a section, as R's pages have it
_ARGUMENT = 10  # of the lines of an argument below its name
_FENCE = re.compile(r"\s*(```|~~~)\s*\w*\s*$")
_ITEM = re.compile(r"(\s*)([-*+]|\d+[.)])\s+(.*)")
_BOLD = re.compile(r"(`[^`]*`)|\*\*(?=\S)((?:`[^`]*`|[^*`])+?)\*\*")
_TABLE = re.compile(r"\s*(\|.*|[-:| ]*-\|[-:| ]*)$|.*\S \| \S.*\|")
_LITERAL = re.compile(r"""-?[\d.]+(e-?\d+)?L?|TRUE|FALSE|NULL|NA|Inf|-Inf|"[^"]*"|'[^']*'""")


@dataclass(frozen=True)
class Section:
    """A heading and a text, or rows of a name and a text; `code` is shown as it stands."""

    heading: str
    text: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    code: bool = False


@dataclass
class Page:
    """A page: the topic, where it comes from, a title in one line, the sections in order."""

    topic: str
    source: str
    title: str
    sections: list[Section] = field(default_factory=list)

    def add(self, heading: str, text: str = "", rows=(), code: bool = False) -> None:
        """Add a section, unless there is nothing in it."""
        if text.strip() or rows:
            self.sections.append(Section(heading, text, tuple(rows), code))


def as_text(page: Page, width: int = 80) -> str:
    """The page as lines of at most `width` characters, but for code and long words."""
    width = max(width, 30)
    title = inline(page.title)
    parts = [_header(page, width), "\n".join(textwrap.wrap(title, width))]
    for section in page.sections:
        parts.append(f"{section.heading}:")
        if section.code:
            parts.append(textwrap.indent(section.text.strip("\n"), " " * INDENT))
        elif section.text.strip():
            parts.append(flowed(section.text, INDENT, width))
        parts += [_row(name, text, width) for name, text in section.rows]
    return "\n\n".join(parts) + "\n"


def _header(page: Page, width: int) -> str:
    source, right = page.source, "R Documentation"
    left = max(1, (width - len(source)) // 2 - len(page.topic))
    rest = max(1, width - len(page.topic) - left - len(source) - len(right))
    return f"{page.topic}{' ' * left}{source}{' ' * rest}{right}"


def usage(name: str, arguments: list[str], width: int = 80) -> str:
    """A call with its formals: in one line if there is room, else one argument to a line."""
    if name.startswith("%"):
        return f" {name} ".join(arguments)
    line = f"{name}({', '.join(arguments)})"
    if len(line) + INDENT <= width:
        return line
    return f"{name}(\n" + ",\n".join(f"  {argument}" for argument in arguments) + "\n)"


# ---- text --------------------------------------------------------------------------------------


def inline(text: str) -> str:
    """Markdown within a line as plain text: code in R's quotes, links with their address."""
    text = _BOLD.sub(lambda m: m[1] or m[2], text)
    parts = re.split(r"(``.+?``|`[^`]+`)", text, flags=re.DOTALL)
    return "".join(_code(x.strip("`")) if x.startswith("`") else _plain(x) for x in parts)


def _code(code: str) -> str:
    code = " ".join(code.split())
    return code if _LITERAL.fullmatch(code) else f"\u2018{code}\u2019"


def _plain(text: str) -> str:
    text = re.sub(r"!?\[([^\]]+)\]\s*\(\s*(\w+:[^)\s]+)\s*\)", r"\1 <\2>", text)
    text = re.sub(r"\[([\w.:]+(?:\(\))?)\](?!\()", r"\1", text)  # roxygen's link to a topic
    return re.sub(r"(?<![\w*])\*(\w(?:[^*]*?[\w.,])?)\*(?![\w*])", r"\1", text)


def _row(name: str, text: str, width: int) -> str:
    """An argument and its text, as R's pages align them."""
    head = f"{name}: ".rjust(_ARGUMENT)
    if len(head) > width // 2:
        names = textwrap.wrap(head, width, subsequent_indent=" " * _ARGUMENT)
        return "\n".join([*names, flowed(text, _ARGUMENT, width)]).rstrip()
    body = flowed(text, _ARGUMENT, width, first=len(head))
    return head + body[len(head) :] if body else head.rstrip()


def flowed(text: str, indent: int, width: int, first: int | None = None) -> str:
    """Paragraphs, lists and code of a Markdown text, filled and indented; the first line leaves
    room for `first` characters."""
    lines: list[str] = []
    for kind, deeper, content in blocks(text):
        margin = " " * (indent + deeper)
        if kind == "code":
            # Blank lines separate code from the text round it.
            lines += ["", *(f"{margin}  {line}".rstrip() for line in content), ""]
            continue
        marker, _, rest = content.partition("\0")
        start = margin + marker
        after = margin + " " * len(marker)
        if not lines and first is not None:
            start = " " * first + marker
        if lines and lines[-1] and kind == "paragraph":
            lines.append("")
        lines += textwrap.wrap(
            inline(rest), width, initial_indent=start, subsequent_indent=after,
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip()
    return text if first is not None else text.strip("\n")


def blocks(text: str) -> list[tuple]:
    """(kind, indent, content) of each block: "code" with its lines; "paragraph", "item" and "line"
    (a paragraph right below) with the text after a list marker and a NUL."""
    found: list[tuple] = []
    current: list[str] = []
    kind, marker, indent = "paragraph", "", 0
    lines = iter(textwrap.dedent(text).expandtabs().splitlines())

    def close():
        if current:
            found.append((kind, indent, f"{marker}\0{' '.join(current)}"))
            current.clear()

    for line in lines:
        item = _ITEM.match(line)
        if _FENCE.match(line):
            close()
            found.append(("code", indent, _fenced(lines, line)))
            kind, marker = "paragraph", ""
        elif line.lstrip().startswith(">>> "):
            close()
            found.append(("code", indent, _doctest(lines, line)))
            kind, marker = "paragraph", ""
        elif _TABLE.match(line):
            close()
            found.append(("line", 0, f"\0{line.strip()}"))
        elif not line.strip() or re.match(r"#+ ", line):
            close()
            if line.strip():
                found.append(("paragraph", 0, f"\0{line.lstrip('# ')}"))
            kind, marker, indent = "paragraph", "", 0
        elif item:
            close()
            kind, marker, indent = "item", f"{item[2]} ", len(item[1])
            current.append(item[3])
        else:
            if not current:
                indent = min(len(line) - len(line.lstrip()), 8)
            current.append(line.strip())
    close()
    return found


def _fenced(lines, fence: str) -> list[str]:
    """The lines up to the closing fence."""
    inside = []
    for line in lines:
        if _FENCE.match(line):
            break
        inside.append(line)
    return textwrap.dedent("\n".join(inside)).strip("\n").splitlines()


def _doctest(lines, line: str) -> list[str]:
    """The lines of a doctest and its output, up to a blank line."""
    inside = [line]
    for following in lines:
        if not following.strip():
            break
        inside.append(following)
    return textwrap.dedent("\n".join(inside)).splitlines()
