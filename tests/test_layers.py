"""Each room of the house looks only downwards: imports read with ast against one table."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import musrcu

PACKAGE = Path(musrcu.__file__).parent

BOTTOM = {
    "errors",
    "constants",
    "notation",
    "files",
    "toml",
    "instrument_table",
    "processes",
    "forks",
}


@dataclass(frozen=True)
class Rule:
    """What a room may import: our rooms, and third parties at the top and inside functions."""

    ours: set[str]
    top: frozenset[str] = frozenset({"numpy"})
    inside: frozenset[str] = frozenset()


def rule(ours: set[str], top: str = "numpy", inside: str = "") -> Rule:
    allowed = frozenset(top.split())
    return Rule(ours, allowed, allowed | frozenset(inside.split()))


CONTAINERS = {"containers", *BOTTOM}
READERS = {"psi_bin_layout", "psi_text", "instruments", "pulse", *CONTAINERS}
REDUCTION = {"instruments", "pulse", *CONTAINERS}
FITTING = {"models", "references", "instruments", *CONTAINERS}
CALIBRATION = {"fitting", "reduction", "readers", *FITTING, *REDUCTION}
SPECTRUM = {"fitting", "reduction", *FITTING, *REDUCTION}
COMPARISON = {"fitting", "reduction", *FITTING, *REDUCTION}
ORDERING = {"fitting", *FITTING}
ANALYSIS = {"calibration", "comparison", "joint", "ordering", *CALIBRATION}
JOINT = {"fitting", *FITTING}
DIRECT = {"analysis", *ANALYSIS}
SYSTEMATICS = DIRECT
SIMULATION = {"models", "references", "instruments", "writers", *CONTAINERS}
PLANNING = {"direct", "exchange", "quantity", *DIRECT}
DOORS = {"planning", "simulation", "spectrum", "systematics", "verification"}
DOORS |= {*PLANNING, *SIMULATION}

# Every module is in a room of this table (a room may be one file); a room may use itself.
TABLE = {
    "errors": rule(set(), top=""),
    "constants": rule(set()),
    "notation": rule({"errors"}, top=""),
    "files": rule({"errors"}, top=""),
    "processes": rule(set(), top=""),
    "forks": rule(set(), top=""),
    "toml": rule({"errors", "files"}, top=""),
    "pulse": rule({"constants"}),
    "psi_text": rule({"constants"}, top=""),
    "psi_bin_layout": rule({"psi_text"}, top=""),
    "instrument_table": rule(set(), top=""),
    "instruments": rule(BOTTOM, top=""),
    "containers": rule(BOTTOM),
    "readers": rule(READERS, top="numpy h5py", inside="uproot cramjam pyhdf"),
    "writers": rule({"readers", *READERS}, inside="nexusformat h5py"),
    "reduction": rule(REDUCTION, top="numpy scipy.special"),
    "references": rule({"constants"}),
    "models": rule({"references", *BOTTOM}, inside="scipy"),
    "verification": rule({"models", "references", *BOTTOM}, inside="mpmath tqdm scipy"),
    "fitting": rule(FITTING, inside="scipy iminuit"),
    "spectrum": rule(SPECTRUM, inside="scipy"),
    "comparison": rule(COMPARISON, inside="scipy tqdm"),
    "joint": rule(JOINT, inside="scipy iminuit"),
    "quantity": rule({"errors", "constants", "notation"}),
    "exchange": rule({"quantity", "errors", "constants", "notation"}, inside="scipy"),
    "ordering": rule(ORDERING, inside="scipy iminuit"),
    "calibration": rule(CALIBRATION, inside="scipy iminuit"),
    "analysis": rule(ANALYSIS, inside="scipy iminuit tqdm"),
    "direct": rule(DIRECT, inside="scipy iminuit tqdm"),
    "planning": rule(PLANNING, inside="scipy tqdm"),
    "systematics": rule(SYSTEMATICS, inside="scipy iminuit tqdm"),
    "simulation": rule(SIMULATION, inside="scipy tqdm"),
    "output": rule(DOORS, inside="nexusformat"),
    "plot": rule(DOORS, inside="matplotlib"),
    "cli": rule({"output", "plot", *DOORS}, inside="tqdm"),
    "__main__": rule({"cli"}, top=""),
    "__init__": rule(set(), top=""),
}

MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))


@dataclass(frozen=True)
class Import:
    """One imported module, and whether it is imported when its importer is."""

    module: str
    line: int
    top: bool
    level: int = 0


def room(path: Path) -> str:
    return path.parts[0] if len(path.parts) > 1 else path.stem


def imports(tree: ast.Module) -> Iterator[Import]:
    """Every import outside ``if TYPE_CHECKING``."""
    waiting: list[tuple[ast.AST, bool]] = [(tree, True)]
    while waiting:
        node, top = waiting.pop()
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, top)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield Import(f"{node.module}.{alias.name}", node.lineno, top, node.level)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            waiting += [(child, top) for child in node.orelse]
        else:
            inner = top and not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            waiting += [(child, inner) for child in ast.iter_child_nodes(node)]


def parsed(path: Path) -> list[Import]:
    return list(imports(ast.parse((PACKAGE / path).read_text(encoding="utf-8"))))


def complaints(path: Path, found: list[Import]) -> Iterator[str]:
    here = room(path)
    known = TABLE[here]
    for item in found:
        parts = item.module.split(".")
        if item.level:
            yield f"{path}:{item.line} imports relatively; write musrcu.{item.module}"
        elif parts[0] == "musrcu":
            used = parts[1] if len(parts) > 1 else ""
            # `from musrcu import toml` and `from musrcu import __version__` both start at the top
            if used in TABLE and used != here and used not in known.ours:
                yield f"{path}:{item.line} {here} may not import {used}"
        elif parts[0] not in sys.stdlib_module_names:
            allowed = known.top if item.top else known.inside
            if not any(
                item.module == name or item.module.startswith(f"{name}.") for name in allowed
            ):
                where = "at the top" if item.top else "inside a function"
                yield f"{path}:{item.line} {here} may not import {item.module} {where}"


def test_every_module_is_in_the_table() -> None:
    assert {room(path) for path in MODULES} <= set(TABLE)


def test_the_table_has_no_cycle() -> None:
    left = {name: known.ours & set(TABLE) for name, known in TABLE.items()}
    while left:
        free = [name for name, used in left.items() if not used & set(left)]
        assert free, f"these rooms look at each other: {sorted(left)}"
        for name in free:
            del left[name]


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_module_looks_only_downwards(path: Path) -> None:
    assert list(complaints(path, parsed(path))) == []


def test_no_two_modules_import_each_other() -> None:
    names = {".".join(("musrcu", *path.with_suffix("").parts)): path for path in MODULES}
    left: dict[str, set[str]] = {}
    for name, path in names.items():
        wanted = [item.module for item in parsed(path) if item.top]
        homes = {part for module in wanted for part in (module, module.rpartition(".")[0])}
        left[name] = (homes & set(names)) - {name}
    while left:
        free = [name for name, used in left.items() if not used & set(left)]
        assert free, f"import cycle among {sorted(left)}"
        for name in free:
            del left[name]


@pytest.mark.parametrize(
    ("place", "line", "complaint"),
    [
        (
            "models/x.py",
            "from musrcu.containers.run import Run",
            "models may not import containers",
        ),
        ("models/x.py", "from musrcu import containers", "models may not import containers"),
        ("readers/x.py", "import musrcu.cli.main", "readers may not import cli"),
        ("readers/x.py", "from .registry import Format", "imports relatively"),
        ("fitting/x.py", "from scipy.optimize import brentq", "may not import scipy.optimize"),
        ("plot/x.py", "import matplotlib.pyplot", "at the top"),
        ("reduction/x.py", "def f():\n    import matplotlib", "inside a function"),
        ("output/x.py", "class A:\n    import nexusformat", "at the top"),
    ],
)
def test_the_rule_bites(place: str, line: str, complaint: str) -> None:
    found = list(imports(ast.parse(line)))
    assert any(complaint in text for text in complaints(Path(place), found))


def test_the_rule_lets_good_imports_pass() -> None:
    code = (
        "import numpy as np\nfrom musrcu.errors import FitError\nfrom musrcu.models import model\n"
    )
    code += "def f():\n    from scipy.optimize import least_squares\n    import iminuit\n"
    assert list(complaints(Path("fitting/x.py"), list(imports(ast.parse(code))))) == []


def test_containers_know_nothing_above_them_even_in_annotations() -> None:
    for path in sorted((PACKAGE / "containers").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("musrcu."):
                assert str(node.module).split(".")[1] in CONTAINERS, f"{path.name}:{node.lineno}"
