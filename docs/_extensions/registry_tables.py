"""Directives that print what the registry of formats knows: ``formats``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import nested_parse_with_titles


def setup(app: Any) -> dict[str, bool]:
    app.add_directive("formats", Formats)
    return {"parallel_read_safe": True}


class Generated(SphinxDirective):
    """A directive whose content is Markdown made by :meth:`markdown`."""

    def markdown(self) -> Iterator[str]:
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        section = nodes.section()
        section.document = self.state.document
        lines = StringList(list(self.markdown()), source=f"<{self.name}>")
        nested_parse_with_titles(self.state, lines, section)
        return section.children


class Formats(Generated):
    """A table of what can be read: where it is met, what it needs, whether it is written too."""

    def markdown(self) -> Iterator[str]:
        from musrcu.readers.registry import formats
        from musrcu.writers.registry import LAYOUTS

        written = {layout.name: ", ".join(layout.suffixes) for layout in LAYOUTS}
        rows = [
            (
                f"`{known.name}`",
                known.title,
                known.where,
                re.sub(r"(pip .*)", r"`\1`", known.needs),
                written.get(known.name, "no"),
            )
            for known in formats()
        ]
        yield from table(("format", "what it is", "where", "needs", "written too"), rows)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A Markdown table."""
    yield "| " + " | ".join(header) + " |"
    yield "|" + " --- |" * len(header)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
    yield ""
