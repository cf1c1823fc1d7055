"""Habits of the house that a reader notices: size, docstrings, annotations, nothing swallowed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import musrcu

PACKAGE = Path(musrcu.__file__).parent
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))

MAX_FILE = 400
MAX_FUNCTION = 60

Function = ast.FunctionDef | ast.AsyncFunctionDef


def tree(path: Path) -> ast.Module:
    return ast.parse((PACKAGE / path).read_text(encoding="utf-8"))


def functions(module: ast.AST) -> list[Function]:
    return [node for node in ast.walk(module) if isinstance(node, Function)]


def length(function: Function) -> int:
    """Lines of a function, decorators and docstring left out."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def public(module: ast.Module) -> Iterator[tuple[str, Function | ast.ClassDef]]:
    """Public functions, classes, and the public methods of these classes."""
    for node in module.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            if node.name.startswith("_"):
                continue
            yield node.name, node
            if isinstance(node, ast.ClassDef):
                yield from (
                    (f"{node.name}.{method.name}", method)
                    for method in node.body
                    if isinstance(method, Function) and not method.name.startswith("_")
                )


def unannotated(function: Function) -> list[str]:
    spec = function.args
    named = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs]
    named += [extra for extra in (spec.vararg, spec.kwarg) if extra is not None]
    missing = [item.arg for item in named if item.annotation is None]
    missing = [name for name in missing if name not in ("self", "cls")]
    return missing + ([] if function.returns is not None else ["return"])


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_size(path: Path) -> None:
    assert len((PACKAGE / path).read_text(encoding="utf-8").splitlines()) <= MAX_FILE
    long = {
        node.name: length(node) for node in functions(tree(path)) if length(node) > MAX_FUNCTION
    }
    assert long == {}


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_documented_and_annotated(path: Path) -> None:
    module = tree(path)
    assert ast.get_docstring(module), "the module has no docstring"
    found = dict(public(module))
    assert [name for name, node in found.items() if not ast.get_docstring(node)] == []
    assert {
        name: unannotated(node)
        for name, node in found.items()
        if isinstance(node, Function) and unannotated(node)
    } == {}


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_nothing_is_swallowed_or_evaluated(path: Path) -> None:
    too_wide = {"Exception", "BaseException"}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ExceptHandler):
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            names = {getattr(item, "id", None) for item in caught}
            assert None not in names or node.type is not None, f"bare except, line {node.lineno}"
            assert not names & too_wide, f"catches everything, line {node.lineno}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"eval", "exec"}, f"{node.func.id}, line {node.lineno}"
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
            assert not names & {"pickle", "shelve", "marshal"}, f"pickle, line {node.lineno}"


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_only_the_command_line_prints(path: Path) -> None:
    calls = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    prints = [node.lineno for node in calls if getattr(node.func, "id", None) == "print"]
    assert path.parts[0] == "cli" or prints == []


def test_no_room_for_leftovers() -> None:
    leftovers = {"utils", "util", "core", "helpers", "common", "misc", "base"}
    parts = {part for path in MODULES for part in path.with_suffix("").parts}
    assert not parts & leftovers
