"""``musrcu scan``, ``order``, ``plot`` and ``simulate``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from command import Musrcu

import musrcu as mu
from musrcu.output.table import scan_csv

PNG = b"\x89PNG"
RUN_KEYS = {
    "run", "temperature", "temperature_error", "model", "verdict", "valid", "reason", "chi2",
    "ndof", "parameters",
}  # fmt: skip
QUICK = ("--alpha", "1.2", "--packing", "50")


def content(folder: Path) -> Any:
    return json.loads((folder / "scan.json").read_text())


def test_json_of_a_scan(small_scan: Path) -> None:
    found = content(small_scan)
    assert set(found) >= {"runs", "T_N_bracket", "order_parameter"}
    assert all(set(one) >= RUN_KEYS for one in found["runs"])
    assert [one["run"] for one in found["runs"]] == [1, 5, 9, 12, 14, 16, 18, 20]
    assert [one["verdict"] for one in found["runs"]] == ["ordered"] * 5 + ["not ordered"] * 3
    low, high = found["T_N_bracket"]
    assert low < 0.105 < high
    law = found["order_parameter"]
    assert set(law) >= {"nu0", "T_N", "beta", "alpha", "chi2", "ndof", "valid", "reason"}
    for name, truth in (("nu0", 1.59), ("T_N", 0.105), ("beta", 0.12)):
        assert set(law[name]) >= {"value", "error", "minos"}
        assert abs(law[name]["value"] - truth) < 3.5 * law[name]["error"]
    assert law["alpha"]["value"] == 3.0
    assert (small_scan / "order.png").read_bytes().startswith(PNG)


def test_scan_file_with_options_typed_over_it(musrcu: Musrcu, samples: Path, here: Path) -> None:
    (here / "s.toml").write_text(
        f'[data]\nruns = "{samples.as_posix()}/deltat_tdc_ltf_{{0001,0007,0012,0014,0018}}.bin"\n'
        "[reduction]\npacking = 200\nalpha = 1.2\n[fit]\nfixed = {phi2 = 6.0}\n[order]\nalpha = 2.0"
    )
    done = musrcu("scan", "s.toml", "--packing", "50", "--fix", "lambda1=0.9")
    assert done.code == 0, done.err
    assert Path("s_order.png").read_bytes().startswith(PNG)
    assert "alpha = 2 (fixed)" in done.out
    *_, T_N, beta, figure = done.out.splitlines()
    assert T_N.startswith("T_N = 0.10")
    assert beta.startswith("beta = 0.0")
    assert figure == "figure: s_order.png"
    assert "[fixed]" not in done.out
    again = musrcu("scan", "s.toml")
    assert again.code == 1
    assert "s_order.png exists and is not overwritten" in again.complaint
    found = musrcu("scan", "s.toml", "--json", "--packing", "50", "--exponent", "3").json
    assert found["reduction"]["packing"] == 50
    assert found["recipe"]["reduction"]["alpha"] == 1.2
    assert found["runs"][0]["parameters"]["phi2"]["fixed"]
    assert not found["runs"][0]["parameters"]["lambda1"]["fixed"]
    assert found["order_parameter"]["alpha"]["value"] == 3.0


def test_a_scan_that_has_no_order_says_why(musrcu: Musrcu, samples: Path, here: Path) -> None:
    runs = samples / "deltat_tdc_ltf_{0018-0019}.bin"
    done = musrcu("scan", runs, *QUICK, "--no-plot")
    assert done.code == 3
    assert "not ordered" in done.out
    assert done.out.splitlines()[-1] == "no order parameter: no run is ordered"
    assert not list(here.iterdir())
    done = musrcu("scan", runs, *QUICK, "--parameter", "nu9", "--no-plot")
    assert done.code == 3


def test_one_broken_run_does_not_stop_a_scan(musrcu: Musrcu, samples: Path, here: Path) -> None:
    for number in (1, 18):
        shutil.copy(samples / f"deltat_tdc_ltf_{number:04d}.bin", here)
    Path("deltat_tdc_ltf_0009.bin").write_bytes(b"1N broken")
    done = musrcu("scan", "*.bin", *QUICK, "--json")
    assert done.code == 3
    assert {one["verdict"] for one in done.json["runs"]} == {"ordered", "not ordered", "failed"}
    missing = musrcu("scan", "deltat_tdc_ltf_{0001-0003}.bin")
    assert missing.code == 1
    assert "2 of 3 files are missing" in missing.complaint


def test_order_of_a_scan_and_of_its_table_agree(
    musrcu: Musrcu, small_scan: Path, here: Path
) -> None:
    scan = mu.load(small_scan / "scan.json")
    assert isinstance(scan, mu.Scan)
    assert scan.order is not None
    Path("t.csv").write_text(scan_csv(scan))
    by_scan = musrcu("order", small_scan / "scan.json", "--json")
    by_table = musrcu("order", "t.csv", "--json", "-o", "law.json")
    assert by_scan.code == by_table.code == 0
    for name in ("nu0", "T_N", "beta"):
        assert by_scan.json[name] == scan.order.to_dict()[name]
        # a table does not say what its runs share: values are those of each run's own alpha
        assert by_table.json[name]["value"] == pytest.approx(by_scan.json[name]["value"], rel=1e-6)
    done = musrcu("order", "law.json", "--exponent", "free", "--plot", "o.png")
    assert done.code == 0
    assert "alpha = " in done.out
    assert "alpha = 3 (fixed)" not in done.out
    assert done.out.endswith("figure: o.png\n")
    assert Path("o.png").read_bytes().startswith(PNG)


def test_what_may_be_an_order_parameter(musrcu: Musrcu, small_scan: Path, here: Path) -> None:
    scan = mu.load(small_scan / "scan.json")
    assert isinstance(scan, mu.Scan)
    with pytest.raises(
        mu.MusrcuError, match="lambda2 of the scan has the unit 1/us; .*: A1, A2, nu2, A_bg"
    ):
        mu.fit_order_parameter(scan, parameter="lambda2")
    done = musrcu("order", small_scan / "scan.json", "--parameter", "lambda2")
    assert (done.code, done.out) == (1, "")
    assert "lambda2 of the scan has the unit 1/us" in done.complaint
    done = musrcu("order", small_scan / "scan.json", "--parameter", "phi2")
    assert "phi2 of the scan has the unit deg; an order parameter is a frequency" in done.complaint
    done = musrcu("order", small_scan / "scan.json", "--parameter", "nu1")
    assert done.code == 1
    assert "no parameter 'nu1'; an order parameter is a frequency, a field" in done.complaint
    assert musrcu("order", small_scan / "scan.json", "--parameter", "nu2").code == 0


def test_the_columns_of_a_table_that_may_order(
    musrcu: Musrcu, small_scan: Path, here: Path
) -> None:
    scan = mu.load(small_scan / "scan.json")
    assert isinstance(scan, mu.Scan)
    Path("t.csv").write_text(scan_csv(scan))
    done = musrcu("order", "t.csv", "--parameter", "lambda2")
    assert (done.code, done.out) == (1, "")
    assert "t.csv, line 1: no column lambda2 among run, name, temperature_K" in done.complaint
    assert musrcu("order", "t.csv", "--parameter", "nu", "-o", "law.json").code == 0
    assert musrcu("order", "law.json", "--parameter", "nu").code == 0
    done = musrcu("order", "law.json", "--parameter", "nu2")
    assert "law.json holds the values of nu alone;" in done.complaint


def test_units_of_a_table_and_the_range_of_the_exponent(musrcu: Musrcu, here: Path) -> None:
    """Points on the curve, computed here in mK and kHz, give T_N in K and nu0 in MHz."""
    rows = [(T, 1590 * (1 - (T / 105) ** 3) ** 0.12) for T in (20, 40, 60, 80, 95, 102)]
    head = "T (mK); nu (kHz); nu_error (kHz)\n"
    Path("t.csv").write_text(head + "".join(f"{T};{nu!r};1\n" for T, nu in rows))
    law = musrcu("order", "t.csv", "--json").json
    assert law["T_N"]["value"] == pytest.approx(0.105, abs=1e-5)
    assert law["nu0"]["value"] == pytest.approx(1.59, abs=1e-4)
    assert all(row["chi2"] is not None for row in law["beta_for_alpha"])
    done = musrcu("order", "t.csv", "--exponent", "9")
    assert (done.code, done.out) == (1, "")
    assert "alpha = 9 is outside 0.5 to 8; 'free' fits it" in done.complaint
    Path("t.csv").write_text("T (F),nu,dnu\n1,2,3\n")
    assert "column T (F) is in 'F', expected K, mK, uK" in musrcu("order", "t.csv").complaint
    told = " ".join(musrcu("order", "--help").out.split())
    assert "alpha: 0.5 to 8 (default 3), or free" in told
    assert "mK, uK; kHz, Hz, GHz; mT, T, uT, kG; %" in told


def test_pictures_of_an_order_parameter_hide_no_run(
    musrcu: Musrcu, small_scan: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from musrcu import plot

    drawn: list[Any] = []
    monkeypatch.setattr(plot, "save", lambda axes, *_, **__: drawn.append(axes))
    Path("t.csv").write_text(
        "T,nu,nu_error,verdict\n1,2.0,0.1,\n2,1.9,0.1,\n3,1.5,0.1,\n3.5,1.0,.1,\n"
        "4,,,not ordered\n6,,,undecided\n20,,,not ordered\n"
    )
    musrcu("order", "t.csv", "--plot", "t.png", "-o", "law.json")
    musrcu("order", "law.json", "--plot", "t.png")
    musrcu("order", small_scan / "scan.json", "--plot", "t.png")
    for axes, warmest, above in ((drawn[0], 20.0, 2), (drawn[1], 20.0, 2), (drawn[2], 0.13, 3)):
        assert axes.get_xlim()[1] > warmest
        (marks,) = (one for one in axes.lines if one.get_label() == "not ordered")
        assert marks.get_xdata().size == above
    (left_out,) = (one for one in drawn[0].lines if one.get_label() == "left out")
    assert left_out.get_xdata().tolist() == [6.0]


def test_plot_draws_runs_fits_scans_and_laws(
    musrcu: Musrcu, samples: Path, small_scan: Path, here: Path
) -> None:
    run = samples / "deltat_tdc_ltf_0001.bin"
    assert musrcu("fit", run, *QUICK, "-o", "fit.json").code == 0
    assert musrcu("order", small_scan / "scan.json", "-o", "law.json").code == 0
    both = samples / "deltat_tdc_ltf_{0001,0018}.bin"
    for number, words in enumerate([
        (run, *QUICK, "--range", "0,4", "--percent"), (both, *QUICK), ("fit.json",),
        (small_scan / "scan.json",), (small_scan / "scan.json", "--runs"), ("law.json",),
    ]):  # fmt: skip
        done = musrcu("plot", *words, "-o", f"{number}.png")
        *said, figure = done.out.splitlines()
        assert (done.code, figure, done.err) == (0, f"figure: {number}.png", "")
        assert ("subtract_background" in done.out) == (number not in (3, 5)), done.out
        assert Path(f"{number}.png").read_bytes().startswith(PNG)
    assert "exists and is not" in musrcu("plot", run, "-o", "0.png").complaint
    assert "name one JSON file" in musrcu("plot", "law.json", run, "-o", "x.png").complaint
    done = musrcu("plot", "gone.bin", run, *QUICK, "-o", "x.png")
    assert (done.code, done.out.splitlines()[-1]) == (1, "figure: x.png")


def test_plot_prints_the_defaults_it_used(musrcu: Musrcu, samples: Path, here: Path) -> None:
    run = samples / "deltat_tdc_ltf_0001.bin"
    done = musrcu("plot", run, "-o", "a.png")
    asymmetry = mu.reduce(mu.read(run))
    assert "alpha = 1 assumed" in done.out
    for step in asymmetry.history:
        assert f"  {step}\n" in done.out
    both = musrcu("plot", run, samples / "deltat_tdc_ltf_0018.bin", *QUICK, "-o", "b.png")
    assert "reduction of 2 runs:" in both.out
    assert "alpha = 1.2" in both.out


def test_packing_that_is_asked_for_is_shown(
    musrcu: Musrcu, samples: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from musrcu import plot

    notes = []
    save = plot.save

    def look(axes: Any, *given: Any, **named: Any) -> Path:
        notes.append(axes.get_title("right"))
        return save(axes, *given, **named)

    monkeypatch.setattr(plot, "save", look)
    run = samples / "deltat_tdc_ltf_0001.bin"
    assert musrcu("fit", run, *QUICK, "-o", "fit.json").code == 0
    for source in (run, "fit.json"):
        assert musrcu("plot", source, "--packing", "30", "-o", "x.png", "--force").code == 0
    assert notes == ["packing 30", "packing 30"]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("scan.json", "--percent"), "--percent is of no use for nu(T)"),
        (("scan.json", "--range", "0,3"), "--range is of no use for nu(T)"),
        (("run.bin", "--runs"), "--runs is of no use for runs"),
    ],
)
def test_plot_refuses_what_it_would_ignore(
    musrcu: Musrcu, small_scan: Path, run1: Path, here: Path, words: Any, text: str
) -> None:
    shutil.copy(small_scan / "scan.json", "scan.json")
    shutil.copy(run1, "run.bin")
    done = musrcu("plot", *words, "-o", "x.png")
    assert (done.code, done.out) == (2, "")
    assert text in done.complaint
    assert done.complaint.endswith("; see musrcu plot --help")
    assert not Path("x.png").exists()


def test_a_fit_whose_run_is_gone_cannot_be_drawn(musrcu: Musrcu, run1: Path, here: Path) -> None:
    shutil.copy(run1, "r.bin")
    assert musrcu("fit", "r.bin", *QUICK, "-o", "fit.json").code == 0
    Path("r.bin").unlink()
    done = musrcu("plot", "fit.json", "-o", "x.png")
    assert "fit.json was fitted to r.bin, which is not there" in done.complaint
    data = json.loads(Path("fit.json").read_text())
    Path("bare.json").write_text(json.dumps({**data, "recipe": None}))
    assert (
        "does not say how its runs were reduced"
        in musrcu("plot", "bare.json", run1, "-o", "x.png").complaint
    )
    Path("odd.json").write_text("[]")
    assert "musrcu saves" in musrcu("plot", "odd.json", "-o", "x.png").complaint
    assert not Path("x.png").exists()


def test_a_scan_saved_from_python_is_drawn_without_its_spectra(
    musrcu: Musrcu, small_scan: Path, here: Path
) -> None:
    scan = mu.load(small_scan / "scan.json")
    assert isinstance(scan, mu.Scan)
    scan.save("bare.json")
    assert musrcu("plot", "bare.json", "-o", "a.png").code == 0
    done = musrcu("plot", "bare.json", "--runs", "-o", "b.png")
    assert "does not say how its runs were reduced" in done.complaint


def test_simulate_writes_runs_that_info_reads(musrcu: Musrcu, samples: Path, here: Path) -> None:
    done = musrcu("simulate", samples / "truth.toml", "-o", "runs")
    assert (done.code, done.err) == (0, "")
    names = done.out.splitlines()
    assert names[-1] == str(Path("runs") / "manifest.toml")
    first = Path("runs") / "deltat_tdc_ltf_0001.bin"
    assert first.read_bytes() == (samples / first.name).read_bytes()
    again = musrcu("simulate", samples / "truth.toml", "-o", "runs")
    assert again.code == 1
    assert "nothing is overwritten" in again.complaint


def test_the_fitted_table_as_csv_gives_the_same_law(
    musrcu: Musrcu, samples: Path, here: Path
) -> None:
    """What `scan -o x.csv` writes is a table that `order` reads, to the same T_N and beta."""
    runs = str(samples / "deltat_tdc_ltf_{0001,0006,0010,0013,0015,0016}.bin")
    done = musrcu("scan", runs, "--alpha", "0.93", "--no-plot", "-o", "scan.csv")
    assert done.code == 0
    lines = [line for line in Path("scan.csv").read_text().splitlines() if line[0] != "#"]
    assert len(lines) == 7
    assert "nu2_MHz" in lines[0] and "verdict" in lines[0]
    law = musrcu("order", "scan.csv", "--json").json
    direct = mu.fit_order_parameter(mu.fit_scan(mu.find_runs(runs), mu.Reduction(alpha=0.93)))
    for name in ("nu0", "T_N", "beta"):
        assert abs(law[name]["value"] - direct[name].value) < 1e-6 * abs(direct[name].value)
