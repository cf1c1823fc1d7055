"""Directives about model functions: ``models``, its contents, ``certificates``, ``other-programs``.

``models`` draws every function; the pictures lie beside what Sphinx caches, never in the sources.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from registry_tables import Generated, table


def setup(app: Any) -> dict[str, bool]:
    app.add_directive("models-contents", Contents)
    app.add_directive("models", Models)
    app.add_directive("certificates", Certificates)
    app.add_directive("other-programs", OtherPrograms)
    return {"parallel_read_safe": True}


class Contents(Generated):
    """The names of all functions by family, each a link to its section."""

    def markdown(self) -> Iterator[str]:
        from musrcu.output.families import families

        for title, group in families().items():
            links = ", ".join(f"[{known.key}](#{known.key})" for known in group)
            yield f"* **{title}**: {links}"
        yield ""


class Models(Generated):
    """Every function: what it is, formula, picture, parameters, certificate, source."""

    def markdown(self) -> Iterator[str]:
        from musrcu.output.families import families

        for title, group in families().items():
            yield from (f"## {title}", "")
            for known in group:
                yield from self.section(known)

    def section(self, known: Any) -> Iterator[str]:
        from musrcu.output.model_catalogue import certificate, derivatives, ends, limits

        yield from (f"### {known.key}", "", known.meaning, "")
        yield from ("```text", known.formula, "```", "")
        yield from (f"```{{image}} {self.picture(known)}", f":alt: {known.key}", "```", "")
        rows = [
            (
                f"`{p.name}`",
                p.unit or "-",
                f"{p.default:g}",
                limits(p.lower, p.upper),
                p.meaning,
            )
            for p in known.parameters
        ]
        if rows:
            yield from table(("parameter", "unit", "default", "limits", "meaning"), rows)
        notes = [("Valid for", known.valid.text)] if known.valid is not None else []
        notes.append(("At the defaults", ends(known)))
        if rows:
            notes.append(("Derivatives", derivatives(known)))
        notes += [*certificate(known), ("source", known.reference)]
        for what, text in notes:
            yield f"* *{what[0].upper()}{what[1:]}*: {plain(text)}"
        yield ""

    def picture(self, known: Any) -> str:
        """Draw a function; the file as a page of the sources names it."""
        from musrcu import plot

        folder = Path(self.env.doctreedir) / "pictures"
        folder.mkdir(parents=True, exist_ok=True)
        made = plot.save(plot.component(known), folder / f"{known.key}.svg", overwrite=True)
        page = Path(self.env.doc2path(self.env.docname))
        return Path(os.path.relpath(made, page.parent)).as_posix()


class Certificates(Generated):
    """The table of a verification, from ``certificates.csv`` beside the page."""

    def markdown(self) -> Iterator[str]:
        name, path = self.env.relfn2path("certificates.csv")
        self.env.note_dependency(name)
        lines = Path(path).read_text(encoding="utf-8").splitlines()
        head = dict(
            line[2:].split(": ", 1) for line in lines if line.startswith("# ") and ":" in line
        )
        yield from (f"musrcu {head['version']}, {head['date']}, seed {head['seed']}.", "")
        rows = [
            (
                f"[{row['function']}](models.md#{row['function']})",
                row["sets"],
                f"{row['worst_error']} of {row['promised_there']}",
                row["worst_at"],
                row["worst_derivative"] or "-",
                f"{row['derivative_of']}: {row['derivative_at']}".strip(": "),
                f"{row['ms_median']}, {row['ms_largest']}",
                row["kept"],
            )
            for row in csv.DictReader(line for line in lines if not line.startswith("#"))
        ]
        header = (
            "function", "sets", "worst error of promised", "where", "worst derivative", "where",
            "ms", "kept",
        )  # fmt: skip
        yield from table(header, rows)


class OtherPrograms(Generated):
    """What other programs call the functions, a table for each program."""

    def markdown(self) -> Iterator[str]:
        from musrcu.models.other_programs import NAMES

        for program in dict.fromkeys(one.program for one in NAMES):
            yield from (f"## {program}", "")
            rows = [
                (
                    f"`{one.name}`" + (f", `{one.short}`" if one.short else ""),
                    linked(one.here) if one.here else "none",
                    plain(one.difference),
                )
                for one in NAMES
                if one.program == program
            ]
            yield from table((program, "here", "what differs"), rows)


def linked(expression: str) -> str:
    """An expression whose components are links to their sections."""
    words = expression.split()
    return " ".join(
        plain(word) if word in "+*" else f"[{word}](models.md#{word})" for word in words
    )


def plain(text: str) -> str:
    """Text in which Markdown finds no emphasis, code or mathematics."""
    for mark in "\\*_$`[]<":
        text = text.replace(mark, f"\\{mark}")
    return text.replace("--", "\\-\\-")
