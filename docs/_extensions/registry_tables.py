"""Directives that print what the registries know: ``formats`` and ``models``."""

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
    app.add_directive("models", Models)
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


class Models(Generated):
    """Every component: what it is, its formula, its parameters, where it comes from."""

    def markdown(self) -> Iterator[str]:
        from musrcu.models.registry import components

        for known in components().values():
            yield from (f"## {known.key}", "", known.meaning, "")
            yield from ("```text", known.formula, "```", "")
            rows = [
                (
                    f"`{parameter.name}`",
                    parameter.unit or "-",
                    f"{parameter.default:g}",
                    limits(parameter.lower, parameter.upper),
                    parameter.meaning,
                )
                for parameter in known.parameters
            ]
            if rows:
                yield from table(("parameter", "unit", "default", "limits", "meaning"), rows)
            yield from ("", f"Source: {known.reference}", "")


def limits(lower: float | None, upper: float | None) -> str:
    """An interval in words."""
    if lower is None and upper is None:
        return "none"
    if upper is None:
        return f"from {lower:g}"
    if lower is None:
        return f"up to {upper:g}"
    return f"{lower:g} to {upper:g}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A Markdown table."""
    yield "| " + " | ".join(header) + " |"
    yield "|" + " --- |" * len(header)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
    yield ""
