"""``musrcu order --direct`` and ``direct = true`` in a scan file, as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command import Musrcu
from conftest import SAMPLES

import musrcu as mu
from musrcu.cli.main import main
from musrcu.direct.result import DirectOrder

RUNS = SAMPLES / "deltat_tdc_ltf_{0005,0009,0012,0014,0015,0017,0020}.bin"
OPTIONS = (
    "--forward", "Back", "--backward", "Forw", "--alpha", "0.93", "--packing", "80",
    "--range", "0.01,7", "--jobs", "1",
)  # fmt: skip
SCAN = """
[data]
runs = "{runs}"

[reduction]
forward = "Back"
backward = "Forw"
alpha = 0.93
packing = 80

[fit]
t_range = [0.01, 7.0]
minos = ["nu2"]

[order]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a fit, its pictures, and what was printed."""
    folder = tmp_path_factory.mktemp("direct")
    words = ["order", "--direct", str(RUNS), *OPTIONS, "--smooth", "lambda1=1", "--J", "13.7(1)"]
    words += ["-o", str(folder / "order.json"), "--plot", str(folder / "order.png")]
    words += ["--profile", f"T_N={folder / 'T_N.png'}", "--classes"]
    assert main(words) == 0
    return folder


def scan_file(folder: Path, order: str) -> Path:
    path = folder / "scan.toml"
    path.write_text(SCAN.format(runs=RUNS) + order)
    return path


def saved(folder: Path) -> DirectOrder:
    found = mu.load(folder / "order.json")
    assert isinstance(found, DirectOrder)
    return found


def test_what_is_saved_is_the_fit(folder: Path) -> None:
    order = saved(folder)
    assert order.valid
    assert abs(order.T_N.value - 0.105) < 3 * order.T_N.error
    assert abs(order.beta.value - 0.12) < 3 * order.beta.error
    assert order.options["smooth"] == {"lambda1": 1}
    for name in ("order.png", "T_N.png"):
        assert (folder / name).read_bytes().startswith(b"\x89PNG")


def test_the_reduction_is_said(folder: Path) -> None:
    order = saved(folder)
    said = order.summary().split("\n\n")[0].splitlines()
    assert any(one.startswith("group: forward = 2 Back, backward = 1 Forw") for one in said)
    assert any("packing = 80" in one for one in said)
    assert any(one.startswith("form_asymmetry: alpha = 0.93") for one in said)
    assert any(one.startswith("subtract_background") for one in said)


def test_a_width_at_its_floor_has_an_upper_limit(musrcu: Musrcu, here: Path) -> None:
    """A fit with the width held there is worse by 1.645 squared."""
    free = musrcu("order", "--direct", RUNS, *OPTIONS, "--sigma-TN", "free", "-o", "a.json")
    order = mu.load("a.json")
    assert isinstance(order, DirectOrder)
    assert order.sigma_TN.at_limit
    below = order.sigma_TN_below
    assert below is not None
    assert f"sigma_TN below {below:.2g} K at 95 %" in free.out
    assert DirectOrder.from_dict(order.to_dict()).sigma_TN_below == below
    held = musrcu("order", "--direct", RUNS, *OPTIONS, "--sigma-TN", str(below), "--json").json
    assert held["chi2"] - order.chi2 == pytest.approx(1.645**2, rel=0.05)
    assert held["sigma_TN_below"] is None
    assert "sigma_TN = 2.1e-05 K (at its limit)" in free.out
    said = "".join(text.get_text() for text in mu.plot.order(order).texts)
    assert f"< {below:.2g} K" in said


def test_a_saved_fit_is_printed_again(musrcu: Musrcu, folder: Path, here: Path) -> None:
    order = saved(folder)
    done = musrcu("order", folder / "order.json", "--J", "13.7(1)", "--classes", "--plot", "a.svg")
    assert done.code == 0
    assert done.out.startswith(order.summary())
    assert f"\n\n{order.T_N}\n{order.beta}\nJ' = 0.04" in done.out
    assert "\nof the fit in two steps:\n" in done.out
    assert done.out.endswith("figure: a.svg\n")
    assert "run by run" in Path("a.svg").read_text()


def test_json_holds_everything(musrcu: Musrcu, folder: Path) -> None:
    content = musrcu("order", folder / "order.json", "--J", "13.7(1)", "--json").json
    assert DirectOrder.from_dict(content).to_dict() == saved(folder).to_dict()
    assert content["exchange"] is not None


@pytest.mark.parametrize(
    "words", [("--exponent", "2"), ("--thermometer-offset", "1mK"), ("--profile", "T_N=a.png")]
)
def test_a_saved_fit_is_not_fitted_again(
    musrcu: Musrcu, folder: Path, here: Path, words: tuple[str, ...]
) -> None:
    done = musrcu("order", folder / "order.json", *words)
    assert done.code == 1
    assert f"{words[0]} needs them: musrcu order --direct RUN..." in done.complaint


def test_musrcu_plot_draws_a_saved_fit(musrcu: Musrcu, folder: Path, here: Path) -> None:
    assert musrcu("plot", folder / "order.json", "-o", "b.svg").code == 0
    assert "not ordered" in Path("b.svg").read_text()


def test_a_scan_file_asks_for_both(musrcu: Musrcu, here: Path) -> None:
    order = 'alpha = 3.0\nunit = "mT"\nJ = "13.7(1)"\ndirect = true\nsigma_TN = "0.1 mK"\n'
    done = musrcu("scan", scan_file(here, order), "-o", "scan.json", "--jobs", "1")
    assert (done.code, done.err) == (0, "")
    two, one = done.out.split("one fit of 7 runs")
    assert done.out.count("form_asymmetry: ") == 1
    assert "B0 = 11." in two
    assert "two steps: nu0 = 1." in one
    assert "sigma_TN = 0.0001 K (fixed)" in one
    assert "not for one step: unit of [order]" in one
    last = one.split("not for one step")[1]
    assert last.index("T_N = 0.10") < last.index("beta = 0.1") < last.index("J' = 0.04")
    assert last.endswith("figure: scan_order.png\n")
    scan = mu.load("scan.json")
    assert isinstance(scan, mu.Scan)
    assert scan.runs[0].ordered is not None
    assert scan.runs[0].ordered["nu2"].minos is not None
    direct = DirectOrder.from_dict(json.loads(Path("scan.json").read_text())["direct"])
    assert direct.sigma_TN.value == 1e-4


def test_order_takes_the_scan_file_and_what_is_typed_over_it(musrcu: Musrcu, here: Path) -> None:
    path = scan_file(here, 'alpha = 3.0\nsmooth = { lambda1 = 2 }\nspread = "readings"\n')
    words = ("--exponent", "2.5", "--smooth", "lambda1=0", "--sigma-TN", "free", "--spread", "none")
    done = musrcu("order", "--direct", path, *words, "--jobs", "1", "--json")
    assert done.code == 0
    content = done.json
    assert content["options"]["alpha"] == 2.5
    assert content["options"]["smooth"] == {"lambda1": 0}
    assert content["options"]["spread"] is None
    assert content["options"]["sigma_TN"] == "free"


def test_a_scan_without_order_is_told_by_the_exit_code(musrcu: Musrcu) -> None:
    done = musrcu("order", "--direct", SAMPLES / "deltat_tdc_ltf_{0018,0020}.bin", *OPTIONS)
    assert done.code == 3
    assert "NOT VALID: no run is ordered" in done.out
    assert done.out.endswith("no order parameter: no run is ordered\n")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("table.csv", "--packing", "20"), "--packing goes with --direct"),
        (("table.csv", "--alpha", "3"), "--alpha goes with --direct; the exponent of the law is"),
        (("table.csv", "--smooth", "lambda1=2"), "--smooth goes with --direct"),
        (("a.json", "b.json"), "several sources go with --direct"),
        (("scan.toml",), "scan.toml is a scan file; add --direct"),
        (("--direct", "scan.json"), "--direct takes runs or a scan file, not scan.json"),
        (("--direct", "a.bin", "--unit", "mT"), "--unit does not go with --direct"),
        (("--direct", "a.bin", "--temperature-range", "0,1"), "--temperature-range does not go"),
        (("--direct", "a.bin", "--above", "censored"), "--above does not go with --direct"),
        (("--direct", "a.bin", "--minos", "nu2"), "--minos does not go with --direct"),
        (("--direct", "a.bin", "--sigma-TN", "0"), "argument --sigma-TN"),
        (("--direct", "a.bin", "--spread", "some"), "argument --spread"),
        (("--direct", "a.bin", "--smooth", "lambda1=9"), "a degree from 0 to 8: lambda1=2"),
        (("--direct", "a.bin", "--cost", "histograms"), "argument --cost: invalid choice"),
    ],
)  # fmt: skip
def test_words_that_do_not_go_together(
    musrcu: Musrcu, here: Path, words: tuple[str, ...], sentence: str
) -> None:
    done = musrcu("order", *words)
    assert done.code == 2
    assert sentence in done.complaint


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ('direct = "yes"', "[order] direct = 'yes'; expected true or false"),
        ("sigma_TN = -1.0", "[order] sigma_TN = -1.0; expected a width in K above 0"),
        ('sigma_TN = "wide"', "[order] sigma_TN = 'wide'; expected a width"),
        ("smooth = { lambda1 = 9 }", "smooth = {'lambda1': 9}; expected a table of degrees"),
        ("smooth = 2", "[order] smooth = 2; expected a table of degrees"),
        ('local = "A1"', "[order] local = 'A1'; expected a list of names"),
        ('spread = "some"', "[order] spread = 'some'; expected 'log', 'readings', 'none'"),
        ("sigma_T = 0.1", "[order] has no entry 'sigma_T'; did you mean 'sigma_TN'?"),
    ],
)  # fmt: skip
def test_a_bad_entry_of_a_scan_file(musrcu: Musrcu, here: Path, entry: str, sentence: str) -> None:
    done = musrcu("scan", scan_file(here, entry + "\n"))
    assert done.code == 1
    assert sentence in done.complaint


def test_ties_are_refused(musrcu: Musrcu) -> None:
    done = musrcu("order", "--direct", RUNS, *OPTIONS, "--tie", "lambda2=2*lambda1")
    assert done.code == 1
    assert "ties belong to fits of single runs" in done.complaint


def test_help_lists_what_is_its_own(musrcu: Musrcu) -> None:
    text = musrcu("order", "--help").out
    for option in ("--direct", "--sigma-TN", "--smooth", "--local", "--spread", "--profile"):
        assert f"  {option}" in text
    assert "\n  --packing" not in text
    assert "musrcu scan --help explains them" in text
