"""Texts of a MusrRoot header, one by one."""

from __future__ import annotations

import time

import pytest

from musrcu.readers.lem_header import in_words_of_musr_root
from musrcu.readers.musr_root_header import Facts, Quantity, parse_entry, parse_quantity


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("005 - Run Title: LSCO x=0.02, T: 12 K -@0", "Run Title", "LSCO x=0.02, T: 12 K"),
        ("006 - Run Number: 2466 -@1", "Run Number", 2466),
        ("007 - Run Start Time: 2012-06-03 13:22:00 -@0", "Run Start Time", "2012-06-03 13:22:00"),
        ("001 - Generic Validator URL: http://a.b/c.xsd -@0",
         "Generic Validator URL", "http://a.b/c.xsd"),
        ("026 - Time Zero Bin: 2741.000000 -@2", "Time Zero Bin", 2741.0),
        ("018 - Sample Temperature: 11.999 +- 0.009 K -@3",
         "Sample Temperature", "11.999 +- 0.009 K"),
        ("022 - RedGreen Offsets: 0; 20 -@5", "RedGreen Offsets", (0, 20)),
        ("126 - N0: 50.0; 51.5 -@6", "N0", (50.0, 51.5)),
        ("099 - Proposer: A; B -@4", "Proposer", ("A", "B")),
        ("006 - Run Number: 2466", "Run Number", "2466"),
        ("016 - Comment:  -@0", "Comment", ""),
        ("016 - Comment:", "Comment", ""),
        ("1234 - A-b (c): x -@ y -@0", "A-b (c)", "x -@ y"),
        ("006 - Run Number: many -@1", "Run Number", "many"),
        ("022 - RedGreen Offsets: 0; -@5", "RedGreen Offsets", "0;"),
        ("003 - Kind: text -@9", "Kind", "text"),
        ("006 - Run Number: " + "9" * 5000 + " -@1", "Run Number", "9" * 5000),
    ],
)  # fmt: skip
def test_entries(text: str, name: str, value: object) -> None:
    found = parse_entry(text)
    assert found == (name, value)
    assert found is not None
    assert type(found[1]) is type(value)


@pytest.mark.parametrize(
    "text", ["", "2466", "2012-06-03 13:22:00", "0001 Run stopped: yes", "5 - no colon", "5 - : 3"]
)
def test_other_texts_are_no_entries(text: str) -> None:
    assert parse_entry(text) is None


@pytest.mark.parametrize(
    ("text", "value", "error", "unit", "demand", "description"),
    [
        ("11.999 +- 0.009 K", 11.999, 0.009, "K", None, ""),
        ("0.1953125 ns; TDC CAEN V1190", 0.1953125, None, "ns", None, "TDC CAEN V1190"),
        ("3.21 +- 0.05 K; SP: 3.2; CF1", 3.21, 0.05, "K", 3.2, "CF1"),
        ("350.002 +- 0.005 G; SP: 350", 350.002, 0.005, "G", 350.0, ""),
        ("1 mK", 1.0, None, "mK", None, ""),
        ("28.1 MeV/c", 28.1, None, "MeV/c", None, ""),
        ("-10 degree", -10.0, None, "degree", None, ""),
        ("0.2", 0.2, None, "", None, ""),
        (".5e-3T", 0.5e-3, None, "T", None, ""),
        ("5 K; SP: 4.9 K; a; b", 5.0, None, "K", 4.9, "a; b"),
        ("5 +- 1e27 K; SP: 1e27", 5.0, None, "K", None, ""),
    ],
)
def test_quantities(
    text: str, value: float, error: float | None, unit: str, demand: float | None, description: str
) -> None:
    assert parse_quantity(text) == Quantity(value, error, unit, demand, description)


@pytest.mark.parametrize("text", ["", "n/a", "K", "five K", "1e27 K", "nan K", "1 +- K x", "1 2 K"])
def test_other_texts_are_no_quantities(text: str) -> None:
    assert parse_quantity(text) is None


@pytest.mark.parametrize("filler", [" ", "; ", "1", "- ", "-@", "\n"])
def test_long_texts_take_no_time(filler: str) -> None:
    start = time.process_time()
    parse_entry("001 - A: " + filler * 200_000)
    parse_entry(filler * 200_000)
    parse_quantity("1 K" + filler * 200_000)
    parse_quantity("1 K" + filler * 400)
    assert time.process_time() - start < 1


def test_facts() -> None:
    facts = Facts({"a": "n/a", "b": " x ", "c": 3, "d": 2.5, "e": (1, 2), "f": "0; 20", "g": "7",
                   "h": "inf", "i": "1.5; 2"})  # fmt: skip
    assert [facts.text(name) for name in "abcdez"] == [None, "x", "3", "2.5", None, None]
    assert [facts.number(name) for name in "bcdeghz"] == [None, 3, 2.5, None, 7, None, None]
    assert [facts.whole(name) for name in "cdgz"] == [3, None, 7, None]
    assert [facts.wholes(name) for name in "efgiz"] == [(1, 2), (0, 20), (7,), None, None]
    assert facts.quantity("e") is facts.quantity("b") is facts.quantity("z") is None


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Tue Sep 30 02:39:23 2008", "2008-09-30 02:39:23"),
        ("Sun Jun  3 13:22:00 2012", "2012-06-03 13:22:00"),
        ("Fri Feb 29 23:59:59 2008", "2008-02-29 23:59:59"),
        ("Sat Feb 30 02:39:23 2008", "Sat Feb 30 02:39:23 2008"),
        ("Die Okt 30 02:39:23 2008", "Die Okt 30 02:39:23 2008"),
        ("Tue Sep 30 25:39:23 2008", "Tue Sep 30 25:39:23 2008"),
        ("", None),
    ],
)
def test_times_of_lem(typed: str, found: str | None) -> None:
    told = in_words_of_musr_root({"fStartTimeString": f"03 Run Start Time: {typed}"})
    assert Facts(told).text("RunInfo/Run Start Time") == found


def test_numbers_of_lem() -> None:
    told = in_words_of_musr_root({
        "fSampleTemperature": 0.1, "fSampleTemperatureError": 1e-17, "fSampleBField": -2.5e-12,
        "fTimeResolution": 0.1953125, "fNHist": 2, "fTimeZero": [3.5, -1.0], "fNChannels": 9,
    })  # fmt: skip
    facts = Facts(told)
    assert facts.quantity("RunInfo/Sample Temperature") == Quantity(0.1, 1e-17, "K", None, "")
    assert facts.quantity("RunInfo/Sample Magnetic Field") == Quantity(
        -2.5e-12, None, "G", None, ""
    )
    assert facts.quantity("RunInfo/Time Resolution") == Quantity(0.1953125, None, "ns", None, "")
    assert facts.whole("RunInfo/No of Histos") == 2
    for number, zero in ((1, 3.5), (2, None), (21, 3.5), (22, None)):
        assert facts.number(f"DetectorInfo/Detector{number:03d}/Time Zero Bin") == zero
