"""The header of a LEM file before 2012: a TLemRunHeader, told in the words of MusrRoot.

Source: ``TLemRunHeader.h`` of musrfit, and the class description that each file holds.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from typing import Any

from musrcu.readers.musr_root_header import Value

HEADER = "TLemRunHeader"
PILE_UP_OFFSET = 20
"""From the number of a histogram to that of its copy without what came before another muon."""
MOST_HISTOGRAMS = 32
"""Length of the array of t0."""

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_TEXTS = {
    "fRunTitle": "Run Title",
    "fLemSetup": "Setup",
    "fModerator": "Moderator",
    "fCuts": "Cuts",
}
_QUANTITIES = {
    "fSampleTemperature": ("Sample Temperature", "K"),
    "fSampleBField": ("Sample Magnetic Field", "G"),
}


def in_words_of_musr_root(members: Mapping[str, Any]) -> dict[str, Value]:
    """The entries of a MusrRoot header that the members of a TLemRunHeader stand for.

    t0 counts histograms from 1 here, and holds for the copies at :data:`PILE_UP_OFFSET` too.
    """
    found: dict[str, Value] = {"RunInfo/Laboratory": "PSI", "RunInfo/Instrument": "LEM"}
    for member, name in _TEXTS.items():
        found[f"RunInfo/{name}"] = _behind_colon(members.get(member))
    for which in ("Start", "Stop"):
        typed = _behind_colon(members.get(f"f{which}TimeString"))
        found[f"RunInfo/Run {which} Time"] = _moment(typed) or typed
    for member, (name, unit) in _QUANTITIES.items():
        value, error = _number(members, member), _number(members, f"{member}Error")
        if value is not None:
            spread = "" if error is None else f" +- {error!r}"
            found[f"RunInfo/{name}"] = f"{value!r}{spread} {unit}"
    for member, name in (("fRunNumber", "Run Number"), ("fNHist", "No of Histos")):
        number = _number(members, member)
        if number is not None:
            found[f"RunInfo/{name}"] = number
    resolution = _number(members, "fTimeResolution")
    if resolution is not None:
        found["RunInfo/Time Resolution"] = f"{resolution!r} ns"
    return found | _detectors(members)


def _detectors(members: Mapping[str, Any]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    zeros = members.get("fTimeZero")
    length = _number(members, "fNChannels")
    for index, zero in enumerate([] if zeros is None else list(zeros)[:MOST_HISTOGRAMS]):
        for number in (index + 1, index + 1 + PILE_UP_OFFSET):
            if zero >= 0 and f"DetectorInfo/Detector{number:03d}/Time Zero Bin" not in found:
                found[f"DetectorInfo/Detector{number:03d}/Time Zero Bin"] = float(zero)
                if length is not None:
                    found[f"DetectorInfo/Detector{number:03d}/Histo Length"] = length
    return found


def _number(members: Mapping[str, Any], name: str) -> float | None:
    value = members.get(name)
    number = float(value) if isinstance(value, int | float) else math.nan
    return number if math.isfinite(number) else None


def _behind_colon(text: Any) -> str:
    """``Sample, Bpar, Konti-2`` out of ``01 Setup: Sample, Bpar, Konti-2``."""
    head, colon, value = str(text or "").partition(":")
    return (value if colon else head).strip()


def _moment(typed: str) -> str | None:
    """ISO 8601 of ``Tue Sep 30 02:39:23 2008``, whatever the language of the computer is."""
    words = typed.split()
    if len(words) != 5 or words[1] not in _MONTHS:
        return None
    try:
        clock = datetime.time.fromisoformat(words[3])
        day = datetime.date(int(words[4]), _MONTHS.index(words[1]) + 1, int(words[2]))
    except ValueError:
        return None
    return datetime.datetime.combine(day, clock).isoformat(" ", "seconds")
