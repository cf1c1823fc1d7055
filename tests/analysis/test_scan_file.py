"""scan.toml: what it may say, and what it says when it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

import musrcu as mu
from musrcu.analysis.scan import distinct
from musrcu.analysis.scan_file import ScanFile


def write(folder: Path, text: str) -> Path:
    path = folder / "scan.toml"
    path.write_text(text)
    return path


@pytest.fixture
def folder(tmp_path: Path, samples: Path) -> Path:
    for number in (3, 12, 21):
        name = f"deltat_tdc_ltf_{number:04d}.bin"
        (tmp_path / name).symlink_to(samples / name)
    return tmp_path


def test_paths_are_relative_to_the_file(folder: Path) -> None:
    file = ScanFile.load(write(folder, '[data]\nruns = "deltat_tdc_ltf_{0003,0012}.bin"\n'))
    assert [path.name for path in file.data] == [
        "deltat_tdc_ltf_0003.bin", "deltat_tdc_ltf_0012.bin",
    ]  # fmt: skip
    assert file.order is None
    scan = file.run()
    assert scan.order is None
    assert [run.verdict for run in scan.runs] == ["ordered", "ordered"]


def test_run_numbers_and_the_folder_they_lie_in(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MUSRCU_DATA", raising=False)
    names = ["deltat_tdc_ltf_0003.bin", "deltat_tdc_ltf_0012.bin"]
    away = tmp_path_factory.mktemp("away")
    text = '[data]\nruns = ["ltf:3", "ltf:12"]\n'
    assert [path.name for path in ScanFile.load(write(folder, text)).data] == names
    with pytest.raises(mu.ReadError, match="no file of LTF"):
        ScanFile.load(write(away, text))
    monkeypatch.setenv("MUSRCU_DATA", str(folder))
    assert [path.name for path in ScanFile.load(write(away, text)).data] == names
    monkeypatch.setenv("MUSRCU_DATA", str(away))
    named = f'{text}folder = "../{folder.name}"\n'
    (away / folder.name).mkdir()
    with pytest.raises(mu.ReadError, match="is no folder"):
        ScanFile.load(write(away / folder.name, f'{text}folder = "gone"\n'))
    found = ScanFile.load(write(folder, named), data=None).data
    assert [path.name for path in found] == names
    assert ScanFile.load(write(away, named), data=str(folder)).data == tuple(
        folder / name for name in names
    )
    with pytest.raises(mu.MusrcuError, match=r"\[data\] folder = 3; expected a text"):
        ScanFile.load(write(folder, f"{text}folder = 3\n"))


def test_a_list_of_patterns_and_a_table_of_fit_options(folder: Path) -> None:
    text = """
[data]
runs = ["deltat_tdc_ltf_0012.bin", "deltat_tdc_ltf_0003.bin"]
[reduction]
packing = 4
alpha = 1.2
[fit]
t_range = [0.02, 6.0]
fixed = { phi2 = 6.0 }
limits = { nu2 = [0.5, 3.0] }
constraints = { A1 = [0.055, 0.002], alpha = [1.2, 0.01] }
[order]
alpha = "free"
"""
    file = ScanFile.load(write(folder, text))
    assert file.recipe == mu.Reduction(packing=4, alpha=1.2)
    scan = file.run()
    assert scan.runs[0].ordered.reduction["rebin"]["packing"] == 4
    assert scan.runs[0].ordered["A1"].constraint == (0.055, 0.002)
    assert scan.runs[0].paramagnetic["alpha"].constraint == (1.2, 0.01)
    assert scan.options["constraints"] == {"A1": [0.055, 0.002], "alpha": [1.2, 0.01]}
    assert scan.order is not None and not scan.order.valid  # two points for four parameters


def test_a_calibration_run_is_evaluated_on_the_spot(folder: Path) -> None:
    text = '[data]\nruns = "deltat_tdc_ltf_0003.bin"\ncalibration = "deltat_tdc_ltf_0021.bin"\n'
    calibration = ScanFile.load(write(folder, text)).recipe.calibration
    assert calibration is not None
    assert abs(calibration.alpha - 0.93) < 3.5 * calibration.alpha_error
    assert abs(calibration.total - 0.21) < 3.5 * calibration.total_error
    assert calibration.run == 21


def test_a_calibration_may_be_a_file_or_a_table(folder: Path) -> None:
    table = "[calibration]\nalpha = 1.21\nalpha_error = 0.001\ntotal = 0.2\n"
    (folder / "calibration.toml").write_text(table)
    data = '[data]\nruns = "deltat_tdc_ltf_0003.bin"\n'
    by_file = ScanFile.load(write(folder, data + 'calibration = "calibration.toml"\n'))
    by_table = ScanFile.load(write(folder, data + table))
    assert by_file.recipe == by_table.recipe
    assert by_table.recipe.calibration.alpha == 1.21
    both = write(folder, data + 'calibration = "calibration.toml"\n' + table)
    with pytest.raises(mu.MusrcuError, match="keep one"):
        ScanFile.load(both)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[dta]\nruns = "x"\n', "no entry 'dta'; did you mean 'data'"),
        ('[data]\nrns = "x"\n', "no entry 'rns'; did you mean 'runs'"),
        ("[data]\n", "lacks runs"),
        ('[data]\nruns = "deltat_tdc_ltf_0099.bin"\n', "deltat_tdc_ltf_0099.bin"),
        (
            '[data]\nruns = "deltat_tdc_ltf_0003.bin"\n[reduction]\npaking = 3\n',
            "no option 'paking'; did you mean 'packing'",
        ),
        (
            '[data]\nruns = "deltat_tdc_ltf_0003.bin"\n[fit]\norderd = "x"\n',
            "no entry 'orderd'; did you mean 'ordered'",
        ),
        (
            '[data]\nruns = "deltat_tdc_ltf_0003.bin"\n[order]\nexponent = 3\n',
            "no entry 'exponent'",
        ),
        ("[data\n", "not valid TOML"),
        ("data = 3\n", "not a table"),
        ("fit = 3\n[data]\nruns = 'deltat_tdc_ltf_0003.bin'\n", "not a table"),
        ("[data]\nruns = 3\n", "runs"),
        ("[data]\nruns = []\n", "runs is an empty list"),
    ],
)
def test_mistakes_are_one_clear_sentence(folder: Path, text: str, words: str) -> None:
    with pytest.raises(mu.MusrcuError) as caught:
        ScanFile.load(write(folder, text))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


DATA = "[data]\nruns = 'deltat_tdc_ltf_0003.bin'\n"


@pytest.mark.parametrize(
    ("table", "entry", "values"),
    [
        ("data", "calibration", ["5", "true", "['a.toml']", "{a = 1}", "2026-01-05", "''"]),
        ("data", "calibration", ["'\\u0000'".replace("'", '"')]),
        ("order", "parameter", ["['nu2']", "3", "true", "{}"]),
        ("order", "alpha", ["'x'", "true", "[3.0]", "nan", "inf", "0.1", "9", "2026-01-05"]),
        ("order", "method", ["3", "['auto']", "'best'", "true"]),
        ("order", "above", ["3", "'beyond'", "true"]),
        ("order", "thermometer_offset", ["-0.1", "true", "nan", "[1]", "'1 s'", "'1(1) K'"]),
        ("order", "nu_det", ["0", "true", "'x'"]),
        ("fit", "minos", ["[1]", "'nu2'", "[true]", "[['nu2']]"]),
        ("fit", "t_range", ["[0, inf]", "[nan, 1]", "[3, 1]", "[1, 1]", "[0, true]", "5"]),
        ("fit", "start", ["{nu2 = nan}", "{nu2 = inf}", "{nu2 = true}", "3", "[1]"]),
        ("fit", "fixed", ["{nu2 = nan}", "{nu2 = '1'}", "{nu2 = 2026-01-05}"]),
        ("fit", "fixed", ["{nu2 = 1" + "0" * 400 + "}"]),
        ("fit", "limits", ["{nu2 = [nan, 1]}", "{nu2 = [3, 1]}", "{nu2 = 3}", "{nu2 = [1]}"]),
        ("fit", "ties", ["{nu2 = 3}", "'nu2'"]),
        ("fit", "constraints", ["{A1 = [0.2, 0]}", "{A1 = [0.2, -1]}", "{A1 = 0.2}", "{A1 = [1]}"]),
        ("fit", "constraints", ["{A1 = [nan, 1]}", "{A1 = [1, inf]}", "[0.2, 0.1]"]),
        ("fit", "ordered", ["3", "['constant']"]),
    ],
)
def test_wrong_values_are_one_clear_sentence(
    folder: Path, table: str, entry: str, values: list[str]
) -> None:
    for value in values:
        place = "" if table == "data" else f"[{table}]\n"
        with pytest.raises(mu.MusrcuError) as caught:
            ScanFile.load(write(folder, f"{DATA}{place}{entry} = {value}\n"))
        assert f"scan.toml: [{table}] {entry} = " in str(caught.value)


def test_limits_may_be_open(folder: Path) -> None:
    text = DATA + "[fit]\nlimits = { nu2 = [0.5, inf], lambda1 = [-inf, 5] }\n"
    limits = ScanFile.load(write(folder, text)).fit["limits"]
    assert limits == {"nu2": [0.5, float("inf")], "lambda1": [float("-inf"), 5]}


def test_reduction_and_calibration_are_checked_on_loading(folder: Path) -> None:
    for tables, words in (
        ("[reduction]\nalpha = -1.0\n", "scan.toml: [reduction] alpha = -1.0; expected"),
        ("[calibration]\nalpha = nan\nalpha_error = 0.1\n", "scan.toml: [calibration] alpha = nan"),
    ):
        with pytest.raises(mu.MusrcuError) as caught:
            ScanFile.load(write(folder, DATA + tables))
        assert words in str(caught.value)


def test_a_run_named_twice_counts_once(folder: Path) -> None:
    (folder / "again.bin").symlink_to(folder / "deltat_tdc_ltf_0003.bin")
    text = """
[data]
runs = ["deltat_tdc_ltf_{0003,0012}.bin", "./deltat_tdc_ltf_0003.bin", "again.bin"]
"""
    names = ["deltat_tdc_ltf_0003.bin", "deltat_tdc_ltf_0012.bin"]
    file = ScanFile.load(write(folder, text))
    assert [path.name for path in file.data] == names
    twice = [folder / name for name in (*names, *names)]
    assert distinct(twice) == twice[:2]
    run = mu.read(twice[0])
    assert distinct([run, run]) == [run]
