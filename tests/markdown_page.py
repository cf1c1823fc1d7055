"""The examples of a Markdown page, and a program that runs them as a reader would.

    python tests/markdown_page.py PAGE

runs every ``python`` and ``console`` block in order, in one namespace and the current folder. Of a
console block it runs the lines ``$ musrcu ...``; what stands below such a line is compared with the
output, with ``...`` for anything. Other commands and languages are left alone. A warning is an
error.
"""

from __future__ import annotations

import doctest
import re
import shlex
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any

_FENCE = re.compile(
    r"^```(?P<language>[a-z]*|\{[a-z]+\})\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_MATCH = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the line of the page where the text starts."""

    language: str
    text: str
    line: int


def blocks(text: str) -> list[Block]:
    return [
        Block(match["language"], match["text"], text.count("\n", 0, match.start("text")) + 1)
        for match in _FENCE.finditer(text)
    ]


def commands(block: Block) -> Iterator[tuple[str, str]]:
    """(command, expected output) of a console block; ``\\`` continues a command."""
    text = block.text.replace("\\\n", " ")
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        yield command, expected


def runs(block: Block) -> bool:
    """Whether there is something to run in it."""
    if block.language == "console":
        return any(command.startswith("musrcu ") for command, _ in commands(block))
    return block.language == "python"


def run_python(page: str, block: Block, names: dict[str, Any]) -> None:
    if block.text.startswith(">>> "):
        test = doctest.DocTestParser().get_doctest(block.text, names, page, page, block.line)
        runner = doctest.DocTestRunner(optionflags=_MATCH)
        runner.run(test, clear_globs=False)
        names.update(test.globs)
        assert not runner.failures, f"{page}, line {block.line}"
    else:
        code = "\n" * (block.line - 1) + block.text  # line numbers of the page in a traceback
        exec(compile(code, page, "exec"), names)


def run_console(page: str, block: Block) -> None:
    for command, expected in commands(block):
        program, *words = shlex.split(command, comments=True)
        if program != "musrcu":
            continue
        words = [name for word in words for name in (sorted(glob(word)) or [word])]  # noqa: PTH207
        done = subprocess.run(
            [sys.executable, "-I", "-m", "musrcu", *words], capture_output=True, text=True
        )
        place = f"{page}, line {block.line}: $ {command}"
        assert done.returncode == 0, f"{place}\nexit {done.returncode}: {done.stderr}"
        if expected.strip():
            same = doctest.OutputChecker().check_output(expected, done.stdout, _MATCH)
            assert same, f"{place}\nexpected:\n{expected}\nfound:\n{done.stdout}"


def main(page: str) -> None:
    names: dict[str, Any] = {"__name__": "__page__"}
    for block in blocks(Path(page).read_text(encoding="utf-8")):
        if block.language == "python":
            run_python(page, block, names)
        elif block.language == "console":
            run_console(page, block)


if __name__ == "__main__":
    warnings.simplefilter("error")  # not -W error, on which pyparsing turns on warnings of its own
    main(sys.argv[1])
