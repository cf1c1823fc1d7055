"""Small MusrRoot and LEM files for tests: the same run in every generation; imports no musrcu."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from root_bytes import (
    FOLDER,
    TOBJECT,
    Directory,
    Packing,
    Thing,
    array,
    base,
    deflated,
    description,
    folder,
    histogram,
    member,
    number,
    root_file,
    string,
    text,
    versioned,
)

N_BINS = 20
OFFSETS = (0, 20)
T0 = 4

RUN_INFO = {
    "Version": "$Id: TMusrRunHeader.cpp -@0",
    "Generic Validator URL": "http://lmu.web.psi.ch/validation/MusrRoot.xsd -@0",
    "Generator": "nemu_analyzer -@0",
    "Run Title": "Cu: T=12.0 K, E=5.57 keV -@0",
    "Run Number": "2466 -@1",
    "Run Start Time": "2012-06-03 13:22:00 -@0",
    "Run Stop Time": "2012-06-03 14:04:38 -@0",
    "Run Duration": "2558 sec -@3",
    "Laboratory": "PSI -@0",
    "Instrument": "LEM -@0",
    "Setup": "Sample, WEW -@0",
    "Comment": "n/a -@0",
    "Sample Name": "Cu -@0",
    "Sample Temperature": "12.000 +- 0.009 K; SP: 12.1; CF1 -@3",
    "Sample Magnetic Field": "49.11 +- 0.02 G -@3",
    "No of Histos": "2 -@1",
    "Time Resolution": "0.1953125 ns; TDC CAEN V1190 -@3",
    "RedGreen Offsets": "0; 20 -@5",
    "Implantation Energy": "5.5672411919 keV -@3",
}
NAMES = ("e+ Left", "e+ Top")


def counts(period: int, detector: int) -> list[int]:
    """Counts that differ between all bins; those of period 1 (from 0) are a part of period 0."""
    whole = [100 * (detector + 1) + 7 * k for k in range(N_BINS)]
    return whole if period == 0 else [count - 50 - k for k, count in enumerate(whole)]


def detector_info(number_: int, label: str) -> list[str]:
    return [
        f"Name: {label} -@0",
        f"Histo Number: {number_} -@1",
        f"Histo Length: {N_BINS} -@1",
        f"Time Zero Bin: {T0 + 0.25 * (number_ % 20):.6f} -@2",
        "First Good Bin: 6 -@1",
        f"Last Good Bin: {N_BINS - 1} -@1",
    ]


def header(changes: Mapping[str, str | None] | None = None) -> dict[str, list[str]]:
    """Entries of each section; a change to None leaves an entry of RunInfo out."""
    run_info = {**RUN_INFO, **(changes or {})}
    sections = {"RunInfo": [f"{k}: {v}" for k, v in run_info.items() if v is not None]}
    for offset in OFFSETS:
        for k, name in enumerate(NAMES, 1):
            label = name if offset == 0 else f"{name} PostPileUp rej."
            sections[f"DetectorInfo/Detector{offset + k:03d}"] = detector_info(offset + k, label)
    sections["SampleEnvironmentInfo"] = ["Cryo: Konti-2 -@0"]
    return sections


def decays() -> list[Thing]:
    return [
        histogram(f"hDecay{offset + k + 1:03d}", counts(period, k), title=f"{NAMES[k]} Run lem12")
        for period, offset in enumerate(OFFSETS)
        for k in range(2)
    ]


def slow_control() -> list[Thing]:
    readings = [11.99, 12.0, 12.01, 12.0]
    return [
        histogram(
            "Sample Temperature",
            [*readings, 0, 0],
            title="Sample Temperature Run lem12",
            entries=4,
            low=-15,
            high=165,
            axis_title="time (sec since SOR)",
        )
    ]


def folders(
    sections: Mapping[str, Sequence[str]] | None = None,
    histograms: Sequence[Thing] | None = None,
    channels: Sequence[Thing] | None = None,
    packing: Packing = deflated,
) -> bytes:
    """A MusrRoot file of 2012: TFolder and TObjArray."""
    parts: dict[str, list[Thing]] = {}
    position = 0
    for path, lines in (header() if sections is None else sections).items():
        leaves = [text(f"{position + k:03d} - {line}") for k, line in enumerate(lines)]
        position += len(lines)
        name, _, below = path.partition("/")
        parts.setdefault(name, []).extend([array(below, leaves)] if below else leaves)
    modules = [
        folder("DecayAnaModule", decays() if histograms is None else histograms),
        folder("SCAnaModule", slow_control() if channels is None else channels),
    ]
    arrays = [array(name, things) for name, things in parts.items()]
    summary = array("RunSummary", [text("0000 Run 2466 started.\n"), text("0001 T = 12: K\n")])
    return root_file(
        [folder("histos", modules), folder("RunHeader", [*arrays, summary])], packing=packing
    )


def directories(
    sections: Mapping[str, Sequence[str]] | None = None,
    histograms: Sequence[Thing] | None = None,
    packing: Packing = deflated,
) -> bytes:
    """A MusrRoot file of 2026: TDirectory, and keys that are named like the texts they hold."""
    parts: dict[str, list[Thing | Directory]] = {}
    position = 0
    for path, lines in (header() if sections is None else sections).items():
        texts = [f"{position + k:03d} - {line}" for k, line in enumerate(lines)]
        position += len(lines)
        leaves = [text(line, line) for line in texts]
        name, _, below = path.partition("/")
        parts.setdefault(name, []).extend([Directory(below, leaves)] if below else leaves)
    modules = [
        Directory("DecayAnaModule", decays() if histograms is None else histograms),
        Directory("SCAnaModule", slow_control()),
    ]
    lines = ["0000 Run 2466 started.", "0001 T = 12: K"]
    summary = Directory("RunSummary", [text(line, line) for line in lines])
    told = [Directory(name, things) for name, things in parts.items()]
    return root_file(
        [Directory("histos", modules), Directory("RunHeader", [*told, summary])], packing=packing
    )


LEM_TEXTS = {
    "fRunTitle": "00 Title: Cu: T=12.0 K, E=5.57 keV",
    "fLemSetup": "01 Setup: Sample, WEW",
    "fStartTimeString": "03 Run Start Time: Sun Jun  3 13:22:00 2012",
    "fStopTimeString": "04 Run Stop Time: Sun Jun  3 14:04:38 2012",
}
LEM_WHOLES = {"fRunNumber": 2466, "fNChannels": N_BINS, "fNHist": 2}
LEM_NUMBERS = {
    "fSampleTemperature": 12.0,
    "fSampleTemperatureError": 0.009,
    "fSampleBField": 49.11,
    "fSampleBFieldError": 0.02,
    "fImpEnergy": 5.57,
    "fTimeResolution": 0.1953125,
}
LEM_ZEROS = (T0 + 0.25, T0 + 0.5, *(-1.0,) * 30)


def lem(
    *,
    wholes: Mapping[str, int] | None = None,
    numbers: Mapping[str, float] | None = None,
    texts: Mapping[str, str] | None = None,
    zeros: Sequence[float] = LEM_ZEROS,
    packing: Packing = deflated,
) -> bytes:
    """A LEM file of 2008: a TLemRunHeader that the file itself describes, histograms from 00."""
    words = {**LEM_TEXTS, **(texts or {})}
    whole, real = {**LEM_WHOLES, **(wholes or {})}, {**LEM_NUMBERS, **(numbers or {})}
    body = TOBJECT
    body += b"".join(versioned(1, TOBJECT + string(value)) for value in words.values())
    body += struct.pack(f">{len(whole)}i", *whole.values())
    body += struct.pack(f">{len(real)}d", *real.values())
    body += struct.pack(f">{len(zeros)}d", *zeros)
    elements = [base("TObject", 1)]
    elements += [member(name, "TObjString") for name in words]
    elements += [number(name, "int") for name in whole]
    elements += [number(name, "double") for name in real]
    elements += [number("fTimeZero", "double", len(zeros))]
    described = description("TLemRunHeader", 4, elements)
    told = Thing("TLemRunHeader", "", versioned(4, body))
    summary = array("", [text("0000 Run 2466 started.\n"), text("0001 T = 12: K\n")])
    histograms = [
        histogram(f"hDecay{offset + k:02d}", counts(period, k), title=f"{NAMES[k]} Run lem08_1")
        for period, offset in enumerate(OFFSETS)
        for k in range(2)
    ]
    modules = [folder("DecayAnaModule", histograms), folder("SCAnaModule", slow_control())]
    things = [folder("histos", modules), folder("RunInfo", [told, summary])]
    return root_file(things, (FOLDER, described), packing)


GENERATIONS = {"lem": lem, "folders": folders, "directories": directories}
