"""The muon instruments: detectors, default pairs, names of their files, evidence for each.

``forward`` of a pair is the group that the muon spin points to when the muon arrives, so that a
zero-field run starts with a positive asymmetry. Of a transverse pair it is the one that comes
first in the source; which of the two the spin meets first is a phase of the precession.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Geometry = Literal["longitudinal", "transverse"]
GEOMETRIES: tuple[Geometry, ...] = ("longitudinal", "transverse")

ANY = 0
"""Number of detectors in a :class:`Pair` that holds for any number of them."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two opposite groups by detector numbers, counted from 1."""

    n_detectors: int
    """Number of detectors for which it holds; ``ANY`` for all."""
    forward: str
    """Detectors that the muon spin points to, such as ``33-64``."""
    backward: str
    """Detectors on the other side."""
    geometry: Geometry = "longitudinal"
    """Longitudinal: along the beam, as is the spin unless it is rotated. Transverse: across."""
    doubt: str = ""
    """What is not proved, said whenever the pair is taken; no text where a run proves it."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """One instrument as its files show it."""

    name: str
    facility: str
    source: Literal["pulsed", "continuous"]
    aliases: tuple[str, ...]
    """Other spellings met in files and file names."""
    detectors: tuple[str, ...]
    """Labels in the expected order; empty where the files carry none."""
    pairs: tuple[Pair, ...]
    """Default pairs by number, the usual one first."""
    files: tuple[str, ...]
    """How the files of a run are called: ``{run}`` with any zeros before it, ``{year}`` of four
    digits, ``{yy}`` of two; folders and capitals do not matter."""
    evidence: str
    """Where this comes from, and what is not verified."""
    spin: str = "Back"
    """The detector that the spin points to, Back or Forw, where these are labels of the file."""

    @property
    def forward(self) -> str | None:
        """Default group that the spin points to: labels, else numbers; None where unknown."""
        return self.named(self.pairs[0].forward) if self.pairs else None

    @property
    def backward(self) -> str | None:
        """Default group on the other side, likewise."""
        return self.named(self.pairs[0].backward) if self.pairs else None

    def named(self, numbers: str) -> str:
        """Detector numbers of a pair as labels, where these are known and few."""
        parts = numbers.split(",")
        if not all(part.isdecimal() and int(part) <= len(self.detectors) for part in parts):
            return numbers
        return ",".join(self.detectors[int(part) - 1] for part in parts)


def _across(n_detectors: int, doubt: str, *groups: tuple[str, str]) -> tuple[Pair, ...]:
    """Transverse pairs that share their number of detectors and what is not proved of them."""
    return tuple(Pair(n_detectors, *group, "transverse", doubt) for group in groups)


def _psi(name: str) -> tuple[str, ...]:
    """Names of the files of a bulk instrument of PSI."""
    return (
        f"deltat_tdc_{name}_{{run}}.bin",
        f"deltat_pta_{name}_{{run}}.bin",
        f"deltat_{name}_{{run}}.bin",
        f"deltat_tdc_{name}_{{year}}_{{run}}.bin",
        f"tdc_{name}_{{year}}_{{run}}.mdu",
        f"pta_{name}_{{year}}_{{run}}.mdu",
        f"deltat_tdc_{name}_{{run}}.root",
        f"deltat_tdc_{name}_{{year}}_{{run}}.root",
    )


def _isis(name: str) -> tuple[str, ...]:
    """Names of the files of an instrument of ISIS."""
    return (f"{name}{{run}}.nxs", f"{name}{{run}}.nxs_v2", f"{name}{{run}}.nxs_v1")


_LEM_DOUBT = (
    "the spin may be rotated; it points to Left in run 2466 (2012), and the instrument table of "
    "musrfit takes Left and Right in zero and transverse field, downstream and upstream in "
    "longitudinal field"
)
_HAL_DOUBT = (
    "opposite segments of a ring in the instrument table of musrfit, no file at hand; the spin is "
    "rotated by about 90 degrees in transverse field"
)
_EMU_DOUBT = (
    "ISIS gives none: halves of both rings by the numbering of the EMU guide, whose axis of "
    "sectors 5 and 13 precesses in run 114062; the sign is not verified"
)
_HIFI_DOUBT = "grouping of another program after the HiFi manual, not checked on a run"

INSTRUMENTS: tuple[Instrument, ...] = (
    Instrument(
        name="LTF",
        facility="PSI",
        source="continuous",
        aliases=(),
        detectors=("Forw", "Back", "Rite", "Left"),
        pairs=(
            Pair(ANY, "2", "1"),
            *_across(ANY, "no LTF file is public", ("3", "4")),
        ),
        files=_psi("ltf"),
        evidence="not verified: no LTF file is public, so the labels in the file decide; without "
        "them Forw first and Back second is assumed from GPS and Dolly",
    ),
    Instrument(
        name="GPS",
        facility="PSI",
        source="continuous",
        aliases=(),
        detectors=("Forw", "Back", "Up", "Down", "Rite", "Left"),
        pairs=(Pair(ANY, "2", "1"), *_across(ANY, "", ("3", "4"), ("5", "6"))),
        files=_psi("gps"),
        evidence="labels of eight files of 2006-2017, Left only in the last; pair: Amato et al., "
        "Rev. Sci. Instrum. 88, 093301 (2017), Eq. 2, and run 4255, whose asymmetry starts "
        "positive; transverse: instrument table of musrfit, and run 3114 (150 G), where Up starts "
        "high, Down low and Rite in between; ROOT files (not at hand) split Up, Down, Right and "
        "Left into halves _B and _F, which belong together",
    ),
    Instrument(
        name="Dolly",
        facility="PSI",
        source="continuous",
        aliases=(),
        detectors=("Forw", "Back", "Left", "Rite"),
        pairs=(
            Pair(ANY, "2", "1"),
            *_across(ANY, "no run in a transverse field at hand", ("4", "3")),
        ),
        files=_psi("dolly"),
        evidence="labels of run 1020 (2013); spin against the beam: page of the instrument at "
        "lmu.web.psi.ch (2010)",
    ),
    Instrument(
        name="VMS",
        facility="PSI",
        source="continuous",
        aliases=(),
        detectors=(),
        pairs=(
            Pair(8, "1", "2", doubt="no VMS file at hand"),
            *_across(8, "no VMS file at hand", ("6-8", "3-5")),
        ),
        files=_psi("vms"),
        evidence="not verified: page of the instrument at psi.ch (the upgraded Dolly: 1 Back, "
        "2 Forw, 3-5 Left, 6-8 Right), no file at hand",
    ),
    Instrument(
        name="GPD",
        facility="PSI",
        source="continuous",
        aliases=(),
        detectors=("Back", "Forw"),
        pairs=(Pair(ANY, "2", "1"),),
        files=_psi("gpd"),
        evidence="labels of run 423 (2009), the reverse of GPS; its spin points along the beam, at "
        "Forw (phase in 100 G: 0 in Forw, 180 degrees in Back), as decay-channel muons may have "
        "either sign of polarisation; for another run check the sign of the asymmetry",
        spin="Forw",
    ),
    Instrument(
        name="FLAME",
        facility="PSI",
        source="continuous",
        aliases=(),
        detectors=("Forward", "Backward", "Right", "Left", "R_F", "R_B", "L_F", "L_B"),
        pairs=(Pair(ANY, "2", "1"), *_across(ANY, "no FLAME file at hand", ("3", "4"))),
        files=_psi("flame"),
        evidence="not verified: detector table of another program, no file at hand",
    ),
    Instrument(
        name="HAL-9500",
        facility="PSI",
        source="continuous",
        aliases=("HAL", "HAL9500"),
        detectors=("MV", *(f"F{k}" for k in range(1, 9)), *(f"B{k}" for k in range(1, 9))),
        pairs=(
            *_across(17, _HAL_DOUBT, *((str(k), str(k + 4)) for k in (2, 3, 4, 5, 10, 11, 12, 13))),
            Pair(17, "10-17", "2-9", doubt="the two rings, from another program; no file at hand"),
        ),
        files=_psi("hifi"),
        evidence="instrument table of musrfit; 2 x 8 detectors, spin rotation of 90 or 10 degrees: "
        "page of the instrument at psi.ch; its files say hifi, it is not HiFi of ISIS",
    ),
    Instrument(
        name="LEM",
        facility="PSI",
        source="continuous",
        aliases=(),
        detectors=("L_D", "T_D", "R_D", "B_D", "L_U", "T_U", "R_U", "B_U"),
        pairs=(
            *_across(8, _LEM_DOUBT, ("1,5", "3,7"), ("2,6", "4,8")),
            Pair(8, "1-4", "5-8", doubt=_LEM_DOUBT),
            *_across(16, _LEM_DOUBT, ("1,5", "3,7"), ("2,6", "4,8")),
            Pair(16, "1-4", "5-8", doubt=_LEM_DOUBT),
            *_across(4, _LEM_DOUBT, ("1", "3"), ("2", "4")),
        ),
        files=("lem{yy}_his_{run}.root", "deltat_tdc_lem_{run}.bin"),
        evidence="instrument table of musrfit and names in runs 2279 (2008, four detectors) and "
        "2466 (downstream 1-4, upstream 5-8, "
        "the rest are copies with rejected pile-up); phases there: Left 5, Top -78, Right -174, "
        "Bottom 98 degrees",
    ),
    Instrument(
        name="EMU",
        facility="ISIS",
        source="pulsed",
        aliases=(),
        detectors=(),
        pairs=(
            Pair(96, "1-48", "49-96"),
            Pair(32, "1-16", "17-32"),
            *_across(
                96,
                _EMU_DOUBT,
                ("1-24,49-72", "25-48,73-96"),
                ("1-12,37-60,85-96", "13-36,61-84"),
            ),
        ),
        files=_isis("emu"),
        evidence="grouping in files with 32 detectors (before about 2009) and with 96; which of "
        "the 32 lie where across the beam is not known",
    ),
    Instrument(
        name="MuSR",
        facility="ISIS",
        source="pulsed",
        aliases=(),
        detectors=(),
        pairs=(
            Pair(64, "33-64", "1-32"),
            Pair(32, "1-16", "17-32"),
            *_across(
                64,
                "transverse grouping of Mantid after the MuSR manual, not checked on a run",
                ("9-16,57-64", "25-32,41-48"),
                ("17-24,49-56", "1-8,33-40"),
            ),
        ),
        files=_isis("musr"),
        evidence="grouping in runs 32482 (1999, 32 detectors) and 2100 (64 detectors); its 32 "
        "detectors are not numbered by quadrants (phases of run 32482 in 20 G)",
    ),
    Instrument(
        name="MUT",
        facility="ISIS",
        source="pulsed",
        aliases=(),
        detectors=(),
        pairs=(
            Pair(32, "1-16", "17-32"),
            *_across(32, "", ("9-16", "17-24"), ("1-8", "25-32")),
        ),
        files=_isis("mut"),
        evidence="MuSR turned across the beam; run 53578 (2005, 20 G): detectors 1-8, 9-16, 25-32 "
        "and 17-24 are quadrants with mean phases of 43, -39, -140 and 146 degrees, so that 1-16 "
        "lie on the side that the spin points to",
    ),
    Instrument(
        name="HiFi",
        facility="ISIS",
        source="pulsed",
        aliases=("HIF",),
        detectors=(),
        pairs=(
            Pair(64, "1-32", "33-64"),
            *_across(
                64,
                _HIFI_DOUBT,
                ("5-13,52-60", "21-29,36-44"),
                ("13-21,44-52", "1-5,29-36,60-64"),
            ),
        ),
        files=_isis("hifi"),
        evidence="grouping in run 183810 (2023); transverse: Left and Right in the instrument "
        "table of musrfit, Top and Bottom in another program",
    ),
    Instrument(
        name="ARGUS",
        facility="ISIS",
        source="pulsed",
        aliases=(),
        detectors=(),
        pairs=(Pair(192, "1-96", "97-192", doubt="grouping of Mantid, no ARGUS file at hand"),),
        files=_isis("argus"),
        evidence="not verified: longitudinal grouping of Mantid, no file at hand; no transverse "
        "pair is known",
    ),
    Instrument(
        name="M15",
        facility="TRIUMF",
        source="continuous",
        aliases=(),
        detectors=("Back", "Forw", "Right", "Left"),
        pairs=(
            Pair(ANY, "1", "2", doubt="from M20; no M15 file at hand"),
            *_across(ANY, "no M15 file at hand", ("3", "4")),
        ),
        files=("{run}.msr",),
        evidence="labels of run 6515 as another program shows them; spin as on M20, not verified",
    ),
    Instrument(
        name="M20",
        facility="TRIUMF",
        source="continuous",
        aliases=("M20B",),
        detectors=("Back", "Forw", "Up", "Down"),
        pairs=(Pair(ANY, "1", "2"), *_across(ANY, "", ("3", "4"))),
        files=("{run}.msr",),
        evidence="labels of run 100 (2009), whose Back starts high in zero field, and of run 6 "
        "(2007, 300 G, spin rotated), where Up, Right, Down and Left precess with phases of 9, "
        "-81, -174 and 95 degrees; counters differ from spectrometer to spectrometer",
    ),
)
"""Every instrument of which a file or a published table is known."""
