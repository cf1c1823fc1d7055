"""Every example in README, docs and docstrings does what it says."""

from __future__ import annotations

import doctest
import importlib
import os
import pkgutil
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import markdown_page
import pytest

import musrcu

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(musrcu.__path__, "musrcu.")
    if not module.name.endswith("__main__")
)


def blocks(page: Path) -> list[markdown_page.Block]:
    return markdown_page.blocks(page.read_text(encoding="utf-8"))


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def has_examples(page: Path) -> bool:
    return any(markdown_page.runs(block) for block in blocks(page))


@pytest.mark.parametrize("page", [page for page in PAGES if has_examples(page)], ids=name)
def test_examples_of_a_page(page: Path, tmp_path: Path) -> None:
    """Run in a process of its own: a page may register components."""
    if "sample_runs" in page.read_text(encoding="utf-8"):
        shutil.copytree(ROOT / "sample_runs", tmp_path / "sample_runs")
    done = subprocess.run(
        [sys.executable, markdown_page.__file__, str(page)],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "Agg", "PYTHONSAFEPATH": "1", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_toml_of_a_page_parses(page: Path) -> None:
    for block in blocks(page):
        if block.language == "toml":
            tomllib.loads(block.text)


@pytest.mark.parametrize(
    "page", [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"], ids=name
)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", text)
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("module", MODULES)
def test_docstring_examples(module: str) -> None:
    failures, _ = doctest.testmod(importlib.import_module(module), optionflags=doctest.ELLIPSIS)
    assert failures == 0


def test_every_page_is_in_a_table_of_contents() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^[a-z-]+$", index, flags=re.MULTILINE))
    assert {page.stem for page in PAGES[1:]} - {"index"} <= listed


def test_api_page_has_every_public_name() -> None:
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    listed = re.findall(
        r"^\.\. auto(?:function|class|exception):: (\w+)$", text, flags=re.MULTILINE
    )
    assert sorted(listed) == sorted(musrcu.__all__)


def test_readme_has_every_verb() -> None:
    from musrcu.cli.main import VERBS

    listed = re.findall(r"^\| `(\w+)` \|", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert listed == list(VERBS)


def test_ci_runs_the_readme_command() -> None:
    readme = ROOT / "README.md"
    commands = [block.text.strip() for block in blocks(readme) if block.language == "sh"]
    assert len(commands) == 2
    assert 'pip install -q ".[all]"' in commands[0]
    assert "musrcu scan sample_runs/scan.toml" in commands[0]
    assert commands[1] in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_citation_and_changes_name_this_version() -> None:
    assert f"version: {musrcu.__version__}" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"[{musrcu.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_a_wrong_example_fails(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```python\nx = 1\n```\ntext\n```python\n>>> x + 1\n3\n```\n")
    with pytest.raises(AssertionError, match=r"page\.md, line 6"):
        markdown_page.main(str(page))


def test_a_directive_hides_no_block() -> None:
    table, example = markdown_page.blocks("```{formats}\n```\ntext\n```python\nx = 1\n```\n")
    assert (table.language, table.text) == ("{formats}", "")
    assert (example.language, example.text, example.line) == ("python", "x = 1\n", 5)


def test_commands_of_a_console_block() -> None:
    (block,) = markdown_page.blocks("```console\n$ musrcu info \\\n  x.bin\nrow 1\n$ ls\n```\n")
    assert list(markdown_page.commands(block)) == [("musrcu info    x.bin", "row 1\n"), ("ls", "")]
    assert markdown_page.runs(block)
