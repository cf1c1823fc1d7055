"""Docstrings in the form of this project, as reStructuredText.

A section is a heading underlined with dashes; under ``Parameters`` an item is
``name : what it is, its shape and unit`` with further lines indented.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_RULE = re.compile(r"-{3,}\s*\Z")
_LITERAL = re.compile(r"(``.*?``)")
_ITEM = re.compile(r"(?P<name>[A-Za-z_*][\w.*, ]*?) : (?P<text>.*)\Z")


def setup(app: Any) -> dict[str, bool]:
    app.connect("autodoc-process-docstring", _rewrite)
    return {"parallel_read_safe": True}


def _rewrite(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    lines[:] = list(translated([plain_bars(line) for line in lines]))


def plain_bars(line: str) -> str:
    """The line with ``|x|`` meaning a modulus, not a substitution of reStructuredText."""
    parts = _LITERAL.split(line)
    return "".join(part if part.startswith("``") else part.replace("|", r"\|") for part in parts)


def translated(lines: list[str]) -> Iterator[str]:
    """The lines with headings in bold and items as a definition list."""
    inside = False
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if _RULE.match(following) and line and not line.startswith(" "):
            inside = True
            yield from ("", f"**{line.strip()}**", "")
        elif _RULE.match(line):
            continue
        elif inside and (item := _ITEM.match(line)):
            yield from ("", item["name"], f"    {item['text']}")
        else:
            yield line
