"""``musrcu init``: the scan file runs as it is, the script gives the digits of ``musrcu fit``."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from command import Musrcu

import musrcu as mu
from musrcu.analysis.scan_file import ScanFile
from musrcu.cli.options import DEFAULT_MODEL, PARAMAGNETIC
from musrcu.cli.paths import pattern, relative

OPTIONS = ("--alpha", "1.2", "--packing", "20", "--range", "0.01,8", "--fix", "phi2=6")


def test_scan_file_runs_as_it_is(musrcu: Musrcu, samples: Path, here: Path) -> None:
    (here / "data").mkdir()
    for number in (1, 2, 5, 21):
        shutil.copy(samples / f"deltat_tdc_ltf_{number:04d}.bin", here / "data")
    done = musrcu("init", *sorted(Path("data").glob("*.bin")), "-o", "data/my.toml")
    assert (done.code, done.err) == (0, "")
    assert "musrcu scan data/my.toml" in done.out
    text = Path("data/my.toml").read_text()
    tables = tomllib.loads(text)
    assert tables["data"] == {"runs": "deltat_tdc_ltf_{0001-0002,0005}.bin"}
    assert '# calibration = "deltat_tdc_ltf_0021.bin"' in text  # in another field: proposed
    assert "#   LTF 21       1.0004(1) K      50 G     SIMULATED" in text
    assert '# forward = "Back"' in text
    plan = ScanFile.load("data/my.toml")
    assert [path.name[-8:-4] for path in plan.data] == ["0001", "0002", "0005"]
    assert plan.recipe == mu.Reduction()
    assert plan.fit == {"ordered": DEFAULT_MODEL, "paramagnetic": PARAMAGNETIC}
    assert plan.order == {"alpha": 3.0}


def test_every_comment_of_an_option_may_be_uncommented(
    musrcu: Musrcu, samples: Path, here: Path
) -> None:
    text = musrcu("init", samples / "deltat_tdc_ltf_0001.bin").out
    live = re.sub(r"(?m)^# (\w+ = (?![^#]*calibration))", r"\1", text)
    plan = tomllib.loads(re.sub(r"(?m)^calibration = .*$", "", live))
    assert len(plan["reduction"]) == 14
    assert len(plan["fit"]) == 12
    Path("my_models.py").write_text(
        "import musrcu as mu\n\n\n"
        "@mu.component\ndef of_init(t, lambda_=0.5):\n    return t * lambda_\n"
    )
    Path("x.toml").write_text(re.sub(r"(?m)^calibration = .*$", "", live))
    ScanFile.load("x.toml")


def test_options_that_are_typed_are_set(musrcu: Musrcu, samples: Path, here: Path) -> None:
    words = ("--limit", "nu2=0.5,", "--tie", "lambda1=lambda2", "--minos", "nu2",
             "--constrain", "A1=0.05,0.01",
             "--exponent", "free", "--calibration", samples / "deltat_tdc_ltf_0021.bin",
             "--background", "before_t0=-0.2,-0.05", "--dead-time", "none", "--t0", "298,301,3,4",
             "--model", "cosine + constant")  # fmt: skip
    run = samples / "deltat_tdc_ltf_0001.bin"
    assert musrcu("init", run, "-o", "s.toml", *OPTIONS, *words).code == 0
    plan = ScanFile.load("s.toml")
    assert plan.recipe.alpha == 1.2
    assert plan.recipe.packing == 20
    assert plan.recipe.t0 == (298.0, 301.0, 3.0, 4.0)
    assert plan.recipe.dead_time == "none"
    assert {k: tuple(v) for k, v in plan.recipe.background.items()} == {"before_t0": (-0.2, -0.05)}
    assert plan.recipe.calibration is not None
    assert plan.recipe.calibration.run == 21
    assert plan.fit["limits"] == {"nu2": [0.5, float("inf")]}
    assert plan.fit["ties"] == {"lambda1": "lambda2"}
    assert plan.fit["constraints"] == {"A1": [0.05, 0.01]}
    assert plan.fit["ordered"] == "cosine + constant"
    assert plan.order == {"alpha": "free"}


@pytest.mark.parametrize("number", [1, 18])
def test_script_gives_the_digits_of_fit(
    musrcu: Musrcu, samples: Path, here: Path, number: int
) -> None:
    """Below T_N with every option, above it with none but the model; run from elsewhere."""
    run = samples / f"deltat_tdc_ltf_{number:04d}.bin"
    words: tuple[object, ...] = ("--model", PARAMAGNETIC)
    if number == 1:
        words = (*OPTIONS, "--limit", "nu2=1,", "--minos", "nu2", "--tie", "lambda1=3*lambda2",
                 "--start", "A2=0.04", "--forward", "Back", "--backward", "Forw",
                 "--calibration", samples / "deltat_tdc_ltf_0021.bin")  # fmt: skip
    (here / "scripts").mkdir()
    done = musrcu("init", "--script", run, *words, "-o", "scripts/one.py")
    assert (done.code, done.err) == (0, "")
    text = Path("scripts/one.py").read_text()
    assert max(map(len, text.splitlines())) <= 120
    script = subprocess.run(
        [sys.executable, "-W", "error", here / "scripts" / "one.py"],
        capture_output=True, text=True, check=True, cwd=samples,
    )  # fmt: skip
    fitted = musrcu("fit", run, *words)
    summary = fitted.out[fitted.out.index(f"LTF {number}: exp" if number == 1 else "LTF 18: gau") :]
    summary = summary[: summary.index("  residuals: ")]
    assert summary.strip() in script.stdout
    for line in fitted.out.splitlines():
        if line.startswith("  form_asymmetry") or line.startswith("  rebin"):
            assert line.strip() in script.stdout


@pytest.mark.parametrize(
    ("words", "form", "said"),
    [
        (("--model", "damped_cosine"), "counts", "in a group, where chi-square is biased."),
        (
            ("--background", "fit", "--t-max", "1"),
            "counts",
            "Why: the background is left to the fit.",
        ),
        ((), "asymmetry", "but the counts cannot be fitted: alpha"),
        (("--alpha", "0.93", "--range", "0,4", "--packing", "20"), "asymmetry", ""),
        (("--cost", "binomial", "--alpha", "0.93"), "counts", 'cost="binomial"'),
        (("--cost", "asymmetry", "--alpha", "0.93"), "asymmetry", ""),
    ],
)
def test_script_fits_what_fit_would(
    musrcu: Musrcu, run1: Path, here: Path, words: tuple[str, ...], form: str, said: str
) -> None:
    """A run of a hundredth of the counts; which cost is taken, and why, as ``musrcu fit`` does."""
    whole = mu.read(run1)
    few = np.random.default_rng(1).binomial(np.asarray(whole.counts), 0.01)
    mu.write(whole.replace(counts=few), "deltat_tdc_ltf_0001.bin")
    model = () if "--model" in words else ("--model", "damped_cosine + constant")
    if "fit" in words:
        model = ("--model", "damped_cosine")
    words = ("deltat_tdc_ltf_0001.bin", "--packing", "10", *model, *words)
    assert musrcu("init", "--script", *words, "-o", "one.py").code == 0
    text = Path("one.py").read_text()
    assert f"result = mu.fit({form}, model" in text
    flat = " ".join(line.removeprefix("# ") for line in text.splitlines())
    assert said in flat and ("Why: " in text) == ("--cost" not in words and "0,4" not in words)
    script = subprocess.run(
        [sys.executable, "-W", "error", here / "one.py"], capture_output=True, text=True, check=True
    )
    fitted = musrcu("fit", *words).out
    chi2 = next(line for line in fitted.splitlines() if line.startswith("  chi2/ndof"))
    table = fitted[fitted.index("  parameter") :].split("  residuals")[0].split("  note")[0]
    assert chi2 in script.stdout and table.strip() in script.stdout


def test_the_cost_of_a_scan_is_in_its_file(musrcu: Musrcu, run1: Path, here: Path) -> None:
    text = musrcu("init", run1).out
    assert '# cost = "asymmetry"' in text
    assert musrcu("init", run1, "--cost", "poisson", "-o", "my.toml").code == 0
    assert ScanFile.load("my.toml").fit["cost"] == "poisson"


def test_script_of_a_title_that_is_code(musrcu: Musrcu, run1: Path, here: Path) -> None:
    from musrcu.readers.registry import read
    from musrcu.writers.psi_bin import write_psi_bin

    write_psi_bin(read(run1).replace(title='x""" \\ {y}'), 'a "b".bin')
    done = musrcu("init", "--script", 'a "b".bin')
    assert done.code == 0
    compile(done.out, "script", "exec")


def test_what_init_refuses(musrcu: Musrcu, samples: Path, here: Path) -> None:
    both = samples / "deltat_tdc_ltf_{0001-0002}.bin"
    assert "a script fits one run, 2 are named" in musrcu("init", "--script", both).complaint
    Path("s.toml").write_text("mine")
    assert "exists and is not overwritten" in musrcu("init", both, "-o", "s.toml").complaint
    assert Path("s.toml").read_text() == "mine"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["r_1.bin"], "r_1.bin"),
        (["r_01.bin", "r_02.bin", "r_03.bin"], "r_{01-03}.bin"),
        (["r_08.bin", "r_09.bin", "r_10.bin", "r_12.bin"], "r_{08-10,12}.bin"),
        (["r_9.bin", "r_10.bin", "r_11.bin"], "r_{9,10-11}.bin"),
        (["r_3.bin", "r_1.bin"], "r_{3,1}.bin"),
        (["a_1.bin", "b_2.bin"], ["a_1.bin", "b_2.bin"]),
        (["a.bin", "b.bin"], ["a.bin", "b.bin"]),
    ],
)
def test_pattern_of_paths(here: Path, names: list[str], expected: str | list[str]) -> None:
    for name in names:
        Path(name).touch()
    assert pattern([Path(name) for name in names], Path()) == expected


def test_relative_names(tmp_path: Path) -> None:
    assert relative(tmp_path / "a" / "x.bin", tmp_path / "b") == "../a/x.bin"
    assert relative("x.bin", Path("out")) == "../x.bin"
    assert relative("out/x.bin", Path("out")) == "x.bin"


def test_script_of_a_file_name_beyond_ascii(musrcu: Musrcu, run1: Path, here: Path) -> None:
    name = 'run \N{GREEK SMALL LETTER NU} \N{GRINNING FACE} "1" \\.bin'
    (here / name).write_bytes(run1.read_bytes())
    assert musrcu("init", "--script", name, "--packing", "50", "-o", "one.py").code == 0
    script = Path("one.py").read_text()
    assert script.isascii()
    done = subprocess.run([sys.executable, "one.py"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
