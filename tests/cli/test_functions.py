"""``--functions``: a file of a user's own functions, wherever a model is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import Musrcu

from musrcu.analysis.scan_file import ScanFile
from musrcu.models import functions_file, registry

TEXT = '''
import numpy as np
import musrcu as mu


@mu.component(
    "exp(-lambda t) cos(2 pi nu t + phi)",
    parameters=[
        mu.Parameter("lambda", "1/us", 0.5, "relaxation rate", lower=0.0),
        mu.Parameter("nu", "MHz", 1.0, "frequency", lower=0.0, kind="frequency"),
        mu.Parameter("phi", "deg", 0.0, "phase", kind="phase"),
    ],
)
def my_line(t, lambda_, nu, phi):
    """A line of my own."""
    return np.exp(-lambda_ * t) * np.cos(2 * np.pi * nu * t + np.deg2rad(1) * phi)
'''
MODEL = "exponential + my_line + constant"
QUICK = ("--alpha", "1.2", "--packing", "50")


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    registry.components()
    monkeypatch.setattr(registry, "_components", dict(registry._components))
    monkeypatch.setattr(functions_file, "_loaded", {})
    yield


@pytest.fixture
def own(here: Path) -> Path:
    path = here / "my_models.py"
    path.write_text(TEXT)
    return path


def test_fit_with_a_function_of_a_file(musrcu: Musrcu, own: Path, run1: Path) -> None:
    done = musrcu("fit", run1, "--functions", own, "--model", MODEL, *QUICK, "-o", "fit.json")
    assert (done.code, done.err) == (0, "")
    assert "note: derivatives of my_line: complex step" in done.out
    plain = musrcu("fit", run1, *QUICK, "--json").json
    found = json.loads(Path("fit.json").read_text())
    assert found["model"] == MODEL
    assert found["chi2"] == pytest.approx(plain["chi2"], abs=1e-3)
    registry._components.pop("my_line")
    failed = musrcu("plot", "fit.json", "-o", "fit.png")
    assert failed.code == 1
    assert "no component is called 'my_line'" in failed.err and "--functions FILE" in failed.err
    assert musrcu("plot", "fit.json", "--functions", own, "-o", "fit.png").code == 0
    assert Path("fit.png").read_bytes()[:4] == b"\x89PNG"


def test_nothing_is_run_that_was_not_named(musrcu: Musrcu, own: Path, run1: Path) -> None:
    own.write_text("raise RuntimeError('run')\n")
    done = musrcu("fit", run1, "--model", MODEL, *QUICK)
    assert done.code == 1
    assert "no component is called 'my_line'" in done.err
    assert musrcu("fit", run1, *QUICK).code == 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "my_models.py: no such file or directory; --functions names a Python file"),
        ("x = 1\n", "my_models.py declares no function; write @mu.component above one"),
        ("import musrcu\nfoo()\n", "my_models.py, line 2: NameError: name 'foo' is not defined"),
    ],
)
def test_a_file_that_does_not_work(
    musrcu: Musrcu, own: Path, run1: Path, text: str | None, sentence: str
) -> None:
    own.unlink()
    if text is not None:
        own.write_text(text)
    done = musrcu("fit", run1, "--functions", "my_models.py", *QUICK)
    assert (done.code, done.out) == (1, "")
    assert done.err == f"musrcu: {sentence}\n"


def test_a_function_that_fails_is_one_line(musrcu: Musrcu, own: Path, run1: Path) -> None:
    own.write_text(TEXT.replace("return np.exp", "return np.expo"))
    done = musrcu("fit", run1, "--functions", own, "--model", MODEL, *QUICK)
    assert done.code == 1
    assert done.err.startswith("musrcu: component my_line: it failed at lambda = 0.5, nu = 1, phi")
    assert done.err.count("\n") == 1


def test_it_is_listed(musrcu: Musrcu, own: Path) -> None:
    done = musrcu("list", "models", "my_line", "--functions", own)
    assert done.code == 0
    assert "my_line: A line of my own." in done.out
    assert "complex step" in done.out


def test_verify_says_that_nothing_is_promised(musrcu: Musrcu, own: Path) -> None:
    done = musrcu("verify", "my_line", "--functions", own)
    assert done.code == 1
    assert "component my_line: no certificate" in done.err


def test_a_scan_file_names_it(musrcu: Musrcu, own: Path, samples: Path) -> None:
    """The entry of init is relative to the scan file; scan runs it from any folder."""
    Path("sub").mkdir()
    runs = samples / "deltat_tdc_ltf_{0001,0005,0018}.bin"
    words = ("--functions", own, "--model", MODEL, *QUICK, "-o", "sub/scan.toml")
    assert musrcu("init", runs, *words).code == 0
    assert 'functions = "../my_models.py"' in Path("sub/scan.toml").read_text()
    registry._components.pop("my_line")
    done = musrcu("scan", "sub/scan.toml", "-o", "scan.json", "--no-plot")
    assert done.code in (0, 3)  # three runs may be too few for an order parameter
    found = json.loads(Path("scan.json").read_text())
    assert [one["verdict"] for one in found["runs"]] == ["ordered", "ordered", "not ordered"]
    assert found["runs"][0]["model"] == MODEL
    assert ScanFile.load("sub/scan.toml").functions == (Path("sub/../my_models.py"),)


def test_what_a_scan_file_names_is_a_file(musrcu: Musrcu, own: Path, run1: Path) -> None:
    head = f'[data]\nruns = "{run1}"\n[fit]\n'
    for entry, sentence in [
        ("functions = 3", "[fit] functions = 3; expected the name of a Python file"),
        ('functions = "nope.py"', "[fit] functions: nope.py: no such file or directory"),
    ]:
        Path("scan.toml").write_text(head + entry + "\n")
        done = musrcu("scan", "scan.toml", "--no-plot")
        assert done.code == 1
        assert sentence in done.err


def test_a_script_of_init_loads_it(musrcu: Musrcu, own: Path, run1: Path) -> None:
    words = ("--functions", own, "--model", MODEL, *QUICK, "-o", "fit_run.py")
    assert musrcu("init", "--script", run1, *words).code == 0
    text = Path("fit_run.py").read_text()
    assert 'mu.load_functions(folder / "my_models.py")' in text
    assert text.index("load_functions") < text.index("mu.Model(")
    compile(text, "fit_run.py", "exec")


def test_the_file_is_not_written_over(musrcu: Musrcu, own: Path, run1: Path) -> None:
    odd = own.rename(own.with_suffix(".json"))
    words = ("--functions", odd, "--model", MODEL, *QUICK, "-o", odd, "--force")
    assert "never overwritten" in musrcu("fit", run1, *words).complaint
    assert odd.read_text() == TEXT


def test_what_a_function_prints_is_not_in_the_result(musrcu: Musrcu, own: Path, run1: Path) -> None:
    own.write_text(TEXT.replace("    return np", '    print("a word")\n    return np'))
    done = musrcu("fit", run1, "--functions", own, "--model", MODEL, *QUICK, "--json")
    assert done.code == 0
    assert json.loads(done.out)["model"] == MODEL
    assert "a word" in done.err


def test_a_function_does_not_end_the_program(musrcu: Musrcu, own: Path, run1: Path) -> None:
    own.write_text(TEXT.replace("import numpy", "import sys\nimport numpy").replace(
        "    return np", "    sys.exit(0)\n    return np"
    ))  # fmt: skip
    done = musrcu("fit", run1, "--functions", own, "--model", MODEL, *QUICK)
    assert (done.code, done.out) == (1, "")
    assert "component my_line: it failed at lambda = " in done.err
    assert "SystemExit: 0" in done.err


def test_two_parameters_of_one_name(musrcu: Musrcu, own: Path, run1: Path) -> None:
    own.write_text("import musrcu as mu\n@mu.component\ndef tpa(t, A=0.5, t0=0.1): return A * t\n")
    done = musrcu("fit", run1, "--functions", own, "--model", "tpa + constant", *QUICK)
    assert done.code == 1
    assert "has two parameters A1, that of tpa and the amplitude of a term" in done.err
