"""MUD trees of every shape: what was built is what is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mud_bytes as mb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from musrcu.readers.mud import read_mud

TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12)
WIDTHS = {0: 2**32 - 1, 1: 2**8 - 1, 2: 2**16 - 1, 4: 2**32 - 1}


@st.composite
def histograms(draw: st.DrawFn) -> list[dict[str, Any]]:
    """1 to 12 histograms with a common bin width, each with its own length, packing and bins."""
    width, made = draw(st.sampled_from([0, 19, 48828, 390625, 781250, 10000000])), []
    for _ in range(draw(st.integers(1, 12))):
        packing = draw(st.sampled_from(sorted(WIDTHS)))
        counts = draw(st.lists(st.integers(0, WIDTHS[packing]), min_size=1, max_size=40))
        bins = st.integers(1, len(counts))
        made.append({
            "counts": counts, "bytesPerBin": packing, "fsPerBin": width, "title": draw(TEXT),
            "t0_bin": draw(bins), "goodBin1": draw(bins), "goodBin2": draw(bins),
        })  # fmt: skip
    return made


OPTIONAL = {
    "scalers": mb.group(mb.SCALERS, [mb.scaler(1, 2**32 - 1, 0, "TM")]),
    "no scalers": mb.group(mb.SCALERS, []),
    "variables": mb.group(mb.VARIABLES, [mb.variable(4, "/Sample/x")]),
    "comments": mb.group(mb.COMMENT, [mb.comment(1, "a", "b", "c")]),
    "unknown section": mb.section(0x01029999, 3, b"whatever"),
    "unknown group": mb.group(0x07070707, [mb.section(0x07070708, 1, b"x"), mb.group(1, [])]),
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
@given(histograms(), st.permutations(["run", "histograms", *OPTIONAL]), st.data())
def test_any_tree(
    tmp_path: Path, wanted: list[dict[str, Any]], order: list[str], data: st.DataObject
) -> None:
    sections: list[bytes] = []
    for number, one in enumerate(wanted, 1):
        header, packed = mb.histogram(number, **one)
        sections += [header, packed] if data.draw(st.booleans()) else [packed, header]
    run_texts = {name: data.draw(TEXT) for name in ("title", "sample", "orient", "apparatus")}
    members = {
        "run": mb.run_description(**run_texts),
        "histograms": mb.group(mb.HISTOGRAMS, sections),
        **{name: part for name, part in OPTIONAL.items() if data.draw(st.booleans())},
    }
    path = tmp_path / "x.msr"
    path.write_bytes(mb.whole([members[name] for name in order if name in members]))
    run = read_mud(path)
    longest = max(len(one["counts"]) for one in wanted)
    for detector, one in enumerate(wanted):
        padding = [0] * (longest - len(one["counts"]))
        assert run.counts[0, detector].tolist() == one["counts"] + padding
        assert run.t0[detector] == one["t0_bin"] - 1
        assert run.first_good[detector] == one["goodBin1"] - 1
        assert run.last_good[detector] == one["goodBin2"] - 1
        assert run.labels[detector] == one["title"]
    assert (run.title or "", run.sample or "") == (run_texts["title"], run_texts["sample"])
    assert (run.orientation or "", run.header["apparatus"]) == (
        run_texts["orient"], run_texts["apparatus"],
    )  # fmt: skip
    assert (run.comment == "b: c") == ("comments" in members)
    assert len(run.header["scalers"]) == ("scalers" in members)
    assert len(run.header["variables"]) == ("variables" in members)
    assert not any("event counts" in text or "group" in text for text in run.warnings)
