"""Points of an order parameter from tables as people write them."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musrcu.errors import FitError, MusrcuError
from musrcu.ordering.points import OrderPoints
from musrcu.ordering.table import read_order_table
from musrcu.ordering.two_step import fit_order_parameter


def table(folder: Path, text: str, parameter: str | None = None) -> OrderPoints:
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8")
    return read_order_table(path, parameter=parameter)


@pytest.mark.parametrize(
    "text",
    [
        "T,nu,nu_error\n0.02,1.59,0.01\n0.05,1.5,0.02\n",
        "\ufeffT (K), nu (MHz), nu_error (MHz)\r\n0.02, 1.59, 0.01\r\n0.05, 1.5, 0.02\r\n",
        "# T nu dnu\n0.02 1.59 0.01\n\n  0.05   1.5  0.02\n",
        "# 2019\ntemperature_K;nu2_MHz;nu2_error_MHz;chi2\n0.02;1.59;.01;3\n5e-2;1.5;2e-2;4",
        "Temp\tfreq\terr\n# a comment\n0.02\t1.59\t0.01\n0.05\t1.5\t0.02\n",
        'NU_ERR,Frequency,T\n"0.01","1.59","0.02"\n0.02,1.5,0.05\n',
    ],
)
def test_the_ways_people_write_it(tmp_path: Path, text: str) -> None:
    points = table(tmp_path, text)
    assert points.temperature.tolist() == [0.02, 0.05]
    assert points.value.tolist() == [1.59, 1.5]
    assert points.error.tolist() == [0.01, 0.02]
    assert points.temperature_error is None
    assert points.labels == ("1", "2")
    assert points.upper_bound is None


@pytest.mark.parametrize(
    "text",
    [
        "T (mK); nu (kHz); nu_error (kHz)\n20;1590;10\n50;1500;20\n",
        "T_mK,nu_MHz,err(nu) [kHz]\n20,1.59,10\n50,1.5,20\n",
        "# T / mK   nu / GHz  dnu / Hz\n20 1.59e-3 1e4\n50 1.5e-3 2e4\n",
        "T [ \u00b5K ]\tnu2_kHz\tnu2_error_kHz\n20000\t1590\t10\n50000\t1500\t20\n",
        "temperature mK,nu khz,err nu (MHZ)\n20,1590,0.01\n50,1500,0.02\n",
        "T,nu,nu (MHz) error\n0.02,1.59,0.01\n0.05,1.5,0.02\n",
    ],
)
def test_units_of_the_header_count(tmp_path: Path, text: str) -> None:
    points = table(tmp_path, text)
    assert points.temperature == pytest.approx([0.02, 0.05], rel=1e-14)
    assert points.value == pytest.approx([1.59, 1.5], rel=1e-14)
    assert points.error == pytest.approx([0.01, 0.02], rel=1e-14)


@pytest.mark.parametrize(
    ("text", "parameter", "unit", "values"),
    [
        ("T,B (mT),B_error (mT)\n1,11.5,0.1\n2,11,0.2\n", None, "G", (115, 110, 1, 2)),
        ("# T B_T dB_T\n1 .0115 1e-4\n2 .011 2e-4\n", None, "G", (115, 110, 1, 2)),
        ("T,B_kG,err B (G),nu\n1,.115,1,7\n2,.11,2,8\n", None, "G", (115, 110, 1, 2)),
        ("T;B;dB;nu;dnu\n1;99;9;1.5;.1\n2;99;9;1.4;.2", None, "MHz", (1.5, 1.4, 0.1, 0.2)),
        ("T;B;dB;nu;dnu\n1;115;1;1.5;.1\n2;110;2;1.4;.2", "B", "G", (115, 110, 1, 2)),
        ("T A dA\n1 .05 .001\n2 .04 .002", None, "", (0.05, 0.04, 0.001, 0.002)),
        ("T,A2 (%),A2_error (%)\n1,5,.1\n2,4,.2", "A2", "", (0.05, 0.04, 0.001, 0.002)),
        ("T,A (%),A_error (%)\n1,5,.1\n2,4,.2", None, "", (0.05, 0.04, 0.001, 0.002)),
        ("T,A/%,err [%]\n1,5,.1\n2,4,.2", None, "", (0.05, 0.04, 0.001, 0.002)),
        ("T;asymmetry_%;dasymmetry %\n1;5;.1\n2;4;.2", None, "", (0.05, 0.04, 0.001, 0.002)),
        (
            "T,nu2_MHz,nu2_error_MHz,A1,A1_error,A2,A2_error\n1,9,9,8,8,.05,.001\n2,9,9,8,8,.04,.002",
            "A2", "", (0.05, 0.04, 0.001, 0.002),
        ),
        ("T,err,nu1 (kHz),dnu1 (kHz),nu2\n1,9,1500,100,9\n2,9,1400,200,9", "nu1", "MHz",
         (1.5, 1.4, 0.1, 0.2)),
        ("T,nu2_MHz,nu2_error_MHz\n1,1.5,.1\n2,1.4,.2", "nu", "MHz", (1.5, 1.4, 0.1, 0.2)),
    ],
)  # fmt: skip
def test_fields_and_amplitudes(
    tmp_path: Path, text: str, parameter: str | None, unit: str, values: tuple[float, ...]
) -> None:
    points = table(tmp_path, text, parameter)
    assert points.unit == unit
    assert [*points.value, *points.error] == pytest.approx(values, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "parameter", "complaint"),
    [
        ("T,nu,dnu\n1,2,3\n", "A2", r"line 1: no column A2 among T, nu, dnu$"),
        (
            "T,A2,dA3\n1,2,3\n",
            "A2",
            r"no column A_error among T, A2, dA3; .* names the columns T, A",
        ),
        ("T,lambda,dlambda\n", "lambda", r"column lambda is neither a frequency \(MHz\), a field"),
        ("T,B (1/us),dB\n", "B", r"column B \(1/us\) is neither a frequency"),
        ("T,B (mT),dB\n", None, r"B \(mT\) is in mT and dB names no unit; write the units"),
        ("T,B (Oe),dB (Oe)\n", None, r"is in 'Oe', expected G, mT, T, uT, kG; convert"),
    ],
)
def test_columns_that_cannot_order(
    tmp_path: Path, text: str, parameter: str | None, complaint: str
) -> None:
    with pytest.raises(FitError, match=complaint):
        table(tmp_path, text, parameter)


def test_units_of_errors_and_bounds_of_temperature(tmp_path: Path) -> None:
    points = table(
        tmp_path,
        "T (mK),dT (uK),nu,dnu,verdict,T check\n20,300,1.59,0.01,,a\n120,500,,,not ordered,b\n",
    )
    assert points.temperature_error == pytest.approx([3e-4], rel=1e-14)
    assert points.upper_bound == pytest.approx(0.12, rel=1e-14)
    assert points.upper_bound_error == pytest.approx(5e-4, rel=1e-14)


@pytest.mark.parametrize("word", ["paramagnetic", "yes", "no", "unordered"])
def test_a_verdict_that_is_not_known_drops_no_line(tmp_path: Path, word: str) -> None:
    with pytest.raises(FitError) as told:
        table(tmp_path, f"T,nu,dnu,verdict\n0.02,1.59,0.01,Ordered\n0.12,,,{word}\n")
    assert f"line 3: verdict is '{word}'" in str(told.value)
    assert "expected ordered, not ordered, undecided, failed or nothing" in str(told.value)


def test_errors_of_temperature_names_and_verdicts(tmp_path: Path) -> None:
    points = table(
        tmp_path,
        "run,name,T_K,T_error_K,nu,nu_error,verdict,note\n"
        '7,LTF 7,0.02,0.001,1.59,0.01,ordered,"a, b"\n'
        "8,LTF 8,0.05,,1.5,0.02,ordered,\n"
        "9,LTF 9,0.2,0.002,,,not ordered,\n"
        "10,LTF 10,0.12,nan,,,not ordered,\n"
        "11,LTF 11,,,,,failed,broken\n",
    )
    assert points.labels == ("7", "8")
    assert points.temperature_error is not None
    assert points.temperature_error[0] == 0.001
    assert math.isnan(points.temperature_error[1])
    assert (points.upper_bound, points.upper_bound_error) == (0.12, None)
    assert points.left_out == ("11: failed",)


def test_only_runs_without_order_is_a_law_that_is_not_valid(tmp_path: Path) -> None:
    points = table(tmp_path, "T,nu,nu_error,verdict\n0.2,,,not ordered\n")
    assert len(points) == 0
    assert not fit_order_parameter(points).valid


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", r"t\.csv is empty; expected a table with the columns T, nu, nu_error"),
        ("# T nu\n", r"line 1: no column nu_error among T, nu"),
        ("T,nu\n1,2\n", r"line 1: no column nu_error among T, nu; the first line names"),
        ("1,2,3\n", r"line 1: no column T and no column nu and no column nu_error among 1, 2, 3"),
        ("T,nu,nu2,dnu\n", r"line 1: columns nu and nu2 are both nu; keep one"),
        ("T (C),nu,dnu\n1,2,3\n", r"line 1: column T \(C\) is in 'C', expected K, mK, uK; convert"),
        ("T,nu/G,dnu\n1,2,3\n", r"column nu/G is in 'G', expected MHz, kHz, Hz, GHz; convert"),
        ("T,nu_K,dnu\n1,2,3\n", r"column nu_K is in 'K', expected MHz"),
        ("T,nu (mHz),dnu\n1,2,3\n", r"is in 'mHz', expected MHz"),
        ("T,nu,dnu (1/us)\n1,2,3\n", r"is in '1/us', expected MHz"),
        ("T,nu (kHz),dnu\n1,2,3\n", r"\(kHz\) is in kHz and dnu names no unit; write the units"),
        ("T,nu,dnu (kHz)\n1,2,3\n", r"dnu \(kHz\) is in kHz and nu names no unit"),
        ("T,nu,dnu\n1,2\n", r"line 2: 2 cells under 3 column names"),
        ("T,nu,dnu\n\n# x\n1,x,3\n", r"line 4: nu is 'x', expected a number$"),
        ("T;nu;dnu\n0,02;1,59;0,01\n", r"line 2: T is '0,02'.*write a decimal point"),
        ("T,nu,dnu\n1,,3\n", r"line 2: nu is '', not a number"),
        ("T,nu,dnu\n1,2,inf\n", r"line 2: nu_error is 'inf', not a number"),
        ("T,nu,dnu\n1,2,0\n", r"run 1: error is 0, expected finite and above 0"),
        ("T,nu,dnu\n-1,2,1\n", r"line 2: T is '-1', expected 0 K or above; correct it, or leave"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(FitError, match=complaint):
        table(tmp_path, text)


@given(text=st.text(alphabet='Tnu_d,;\t \n#"1.5e-', max_size=60))
def test_any_text_is_points_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.getbasetemp()
    try:
        table(folder, f"T,nu,dnu\n{text}")
    except MusrcuError:
        return


def test_the_law_of_the_paper_from_a_table(tmp_path: Path) -> None:
    """Points on the curve, computed here, give its parameters back."""
    rows = []
    for k in range(1, 11):
        T = 0.0102 * k
        nu = 1.59 * (1 - (T / 0.105) ** 3) ** 0.12
        rows.append(f"{T!r},{nu!r},0.001")
    law = fit_order_parameter(table(tmp_path, "T,nu,nu_error\n" + "\n".join(rows)))
    assert law.T_N.value == pytest.approx(0.105, abs=1e-5)
    assert law.beta.value == pytest.approx(0.12, abs=1e-4)
    assert law.nu0.value == pytest.approx(1.59, abs=1e-4)


def test_cells_in_quotes_between_blanks(tmp_path: Path) -> None:
    points = table(
        tmp_path,
        '"T (K)" nu "nu error" verdict run\n0.02 1.59 0.01 ordered "run 1"\n'
        '0.05 1.5 0.02 "" b\n0.107 nan nan "not ordered" c\n',
    )
    assert points.value.tolist() == [1.59, 1.5]
    assert points.labels == ("run 1", "b")
    assert points.not_ordered == (0.107,)


def test_what_was_read_as_what_is_said(tmp_path: Path) -> None:
    header = "temperature (mK),frequency (kHz),error (kHz)"
    points = table(tmp_path, f"{header}\n20,1588,12\n40,1575,12\n60,1550,12\n80,1485,12\n")
    said = (
        "columns read: temperature (mK) as T, frequency (kHz) as nu, error (kHz) as nu_error; "
        "numbers were converted to K and MHz"
    )
    assert points.doubts == (said,)
    assert said in fit_order_parameter(points).notes
    assert table(tmp_path, "T (K),nu,nu_error\n0.02,1.59,0.01\n").doubts == ()
