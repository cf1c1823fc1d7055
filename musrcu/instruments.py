"""What is known of the muon instruments: detectors, default pairs along the spin, evidence.

``forward`` of a pair is the group that the muon spin points to when the muon arrives, so that a
zero-field run starts with a positive asymmetry. PSI names its detectors after the beam: the spin
of a surface muon points against the beam, at the detector called Back. ISIS groups are spin-forward
as they are.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from musrcu.errors import MusrcuWarning, ReductionError

ANY = 0
"""Number of detectors in a :class:`Pair` that holds for any number of them."""

_ADVICE = "pass forward= and backward= (--forward and --backward): labels or numbers"


@dataclass(frozen=True, slots=True)
class Pair:
    """Longitudinal pair by detector numbers, counted from 1."""

    n_detectors: int
    """Number of detectors for which it holds; ``ANY`` for all."""
    forward: str
    """Detectors that the muon spin points to, such as ``33-64``."""
    backward: str
    """Detectors on the other side."""


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
    """Default pairs by number, used where the file has neither labels nor grouping."""
    evidence: str
    """Where this comes from, and what is not verified."""

    @property
    def forward(self) -> str | None:
        """Default group that the spin points to: a label, else numbers; None where unknown."""
        return self._named(self.pairs[-1].forward) if self.pairs else None

    @property
    def backward(self) -> str | None:
        """Default group on the other side, likewise."""
        return self._named(self.pairs[-1].backward) if self.pairs else None

    def _named(self, numbers: str) -> str:
        return self.detectors[int(numbers) - 1] if self.detectors else numbers


INSTRUMENTS: tuple[Instrument, ...] = (
    Instrument(
        name="LTF",
        facility="PSI",
        source="continuous",
        aliases=(),
        detectors=("Forw", "Back", "Rite", "Left"),
        pairs=(Pair(ANY, "2", "1"),),
        evidence="not verified: no LTF file is public, so the labels in the file decide; without "
        "them Forw first and Back second is assumed from GPS and Dolly",
    ),
    Instrument(
        name="GPS",
        facility="PSI",
        source="continuous",
        aliases=(),
        detectors=("Forw", "Back", "Up", "Down", "Rite", "Left"),
        pairs=(Pair(ANY, "2", "1"),),
        evidence="labels of eight files of 2006-2017, Left only in the last; pair: Amato et al., "
        "Rev. Sci. Instrum. 88, 093301 (2017), Eq. 2, and run 4255, whose asymmetry starts "
        "positive",
    ),
    Instrument(
        name="Dolly",
        facility="PSI",
        source="continuous",
        aliases=(),
        detectors=("Forw", "Back", "Left", "Rite"),
        pairs=(Pair(ANY, "2", "1"),),
        evidence="labels of run 1020 (2013)",
    ),
    Instrument(
        name="GPD",
        facility="PSI",
        source="continuous",
        aliases=(),
        detectors=("Back", "Forw"),
        pairs=(Pair(ANY, "1", "2"),),
        evidence="labels of run 423 (2009), the reverse of GPS; decay-channel muons may have "
        "either sign of polarisation, so the sign of the asymmetry needs a calibration run",
    ),
    Instrument(
        name="FLAME",
        facility="PSI",
        source="continuous",
        aliases=(),
        detectors=("Forward", "Backward", "Right", "Left", "R_F", "R_B", "L_F", "L_B"),
        pairs=(Pair(ANY, "2", "1"),),
        evidence="not verified: detector table of another program, no file at hand",
    ),
    Instrument(
        name="HAL-9500",
        facility="PSI",
        source="continuous",
        aliases=("HAL", "HAL9500"),
        detectors=("MV", *(f"F{k}" for k in range(1, 9)), *(f"B{k}" for k in range(1, 9))),
        pairs=(),
        evidence="instrument table of musrfit; a transverse-field instrument (its files say hifi, "
        "it is not HiFi of ISIS), for which no pair along the spin is known",
    ),
    Instrument(
        name="LEM",
        facility="PSI",
        source="continuous",
        aliases=(),
        detectors=("L_D", "T_D", "R_D", "B_D", "L_U", "T_U", "R_U", "B_U"),
        pairs=(),
        evidence="instrument table of musrfit (downstream 1-4, upstream 5-8, the rest are copies "
        "with rejected pile-up); the spin may be rotated, so no pair along it is known",
    ),
    Instrument(
        name="EMU",
        facility="ISIS",
        source="pulsed",
        aliases=(),
        detectors=(),
        pairs=(Pair(32, "1-16", "17-32"), Pair(96, "1-48", "49-96")),
        evidence="grouping in files with 32 detectors (before about 2009) and with 96",
    ),
    Instrument(
        name="MuSR",
        facility="ISIS",
        source="pulsed",
        aliases=(),
        detectors=(),
        pairs=(Pair(32, "1-16", "17-32"), Pair(64, "33-64", "1-32")),
        evidence="grouping in runs 32482 (1999, 32 detectors) and 2100 (64 detectors)",
    ),
    Instrument(
        name="HiFi",
        facility="ISIS",
        source="pulsed",
        aliases=("HIF",),
        detectors=(),
        pairs=(Pair(64, "1-32", "33-64"),),
        evidence="grouping in run 183810 (2023)",
    ),
)
"""Every instrument of which a file or a published table is known."""


def find_instrument(name: str | None) -> Instrument | None:
    """The instrument of that name or alias, in any case; None where it is not in the table."""
    wanted = (name or "").strip().casefold()
    for instrument in INSTRUMENTS:
        if wanted in (known.casefold() for known in (instrument.name, *instrument.aliases)):
            return instrument
    return None


def default_pair(
    instrument_name: str | None, labels: Sequence[str], grouping: Sequence[int] | None
) -> tuple[str, str, str]:
    """The pair of detector groups along the muon spin.

    Labels Forw and Back (in any case and length) come first, Back being forward at PSI; then two
    groups in the file, the lower number being forward; then the table of instruments by number of
    detectors.

    Parameters
    ----------
    instrument_name : as the file has it, or None.
    labels : one name a detector, empty texts where there is none.
    grouping : one group number a detector, 0 = in no group; None where the file has none.

    Returns
    -------
    (forward, backward, origin) : two selections such as ``Back`` or ``1-48`` and a sentence that
    says where they come from.

    Raises
    ------
    ReductionError if nothing is known, or two detectors are called Forw or Back.

    Warns
    -----
    MusrcuWarning if numbers are taken from the table for an instrument whose files have labels.
    """
    instrument = find_instrument(instrument_name)
    pulsed = instrument is not None and instrument.source == "pulsed"
    title = instrument.name if instrument else instrument_name or "unknown instrument"
    if any(label.strip() for label in labels) and not pulsed:
        return _by_label(title, labels)
    groups = sorted({group for group in grouping or () if group > 0})
    known = _by_number(instrument, len(labels))
    if grouping is not None and (len(groups) == 2 or (len(groups) > 2 and known is None)):
        forward, backward = (_ranges(grouping, group) for group in groups[:2])
        origin = f"groups {groups[0]} (forward) and {groups[1]} of {len(groups)} in the file"
        if len(groups) > 2:
            _doubt(origin := f"{origin}: whether they lie along the spin is not known")
        return forward, backward, origin
    if known is None:
        raise ReductionError(_nothing_known(title, instrument, len(labels)))
    origin = f"default pair of {title} with {len(labels)} detectors along the muon spin"
    if instrument is not None and instrument.detectors:
        _doubt(origin := f"{origin}; the file has no labels, so check it ({instrument.evidence})")
    return known.forward, known.backward, origin


def _by_label(title: str, labels: Sequence[str]) -> tuple[str, str, str]:
    forward = _named(title, labels, "Back", ("b", "bwd"))
    backward = _named(title, labels, "Forw", ("f", "fwd"))
    origin = (
        f"labels {labels[forward].strip()} and {labels[backward].strip()} of {title}: the muon "
        "spin points against the beam, at Back"
    )
    if title == "GPD":
        origin += "; decay-channel muons may have the other sign"
    return _selection(labels, forward), _selection(labels, backward), origin


def _named(title: str, labels: Sequence[str], name: str, short: tuple[str, ...]) -> int:
    """Position of the one detector called ``name`` in full, in part or in short."""
    folded = [label.strip().casefold() for label in labels]
    full = f"{name}ard".casefold() if name == "Forw" else f"{name}ward".casefold()
    exact = [k for k, label in enumerate(folded) if label in (name.casefold(), full, *short)]
    found = exact or [k for k, label in enumerate(folded) if label.startswith(name.casefold())]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f"{k} {label or 'unnamed'}" for k, label in enumerate(labels, 1))
    count = "no detector is" if not found else f"{len(found)} detectors are"
    raise ReductionError(f"{title}: {count} called {name} among {listed}; {_ADVICE}")


def _selection(labels: Sequence[str], position: int) -> str:
    """The label of a detector where it names no other one, else its number."""
    label = labels[position].strip()
    alone = [other.strip().casefold() for other in labels].count(label.casefold()) == 1
    return label if alone and "," not in label else str(position + 1)


def _by_number(instrument: Instrument | None, n_detectors: int) -> Pair | None:
    pairs = instrument.pairs if instrument else ()
    return next((pair for pair in pairs if pair.n_detectors in (ANY, n_detectors)), None)


def _ranges(grouping: Sequence[int], group: int) -> str:
    """The detectors of a group as a text such as ``1-16,33``."""
    members = [k for k, found in enumerate(grouping, 1) if found == group]
    parts: list[str] = []
    start = members[0]
    for member, after in zip(members, [*members[1:], 0], strict=True):
        if after != member + 1:
            parts.append(str(start) if start == member else f"{start}-{member}")
            start = after
    return ",".join(parts)


def _nothing_known(title: str, instrument: Instrument | None, n_detectors: int) -> str:
    if instrument is None:
        known = ", ".join(known.name for known in INSTRUMENTS)
        reason = f"the file has neither labels nor groups and the table has only {known}"
    elif instrument.pairs:
        numbers = " or ".join(str(pair.n_detectors) for pair in instrument.pairs)
        reason = f"its default pair is known for {numbers} detectors only"
    else:
        reason = instrument.evidence
    return f"no default pair for {title} with {n_detectors} detectors: {reason}; {_ADVICE}"


def _doubt(sentence: str) -> None:
    warnings.warn(f"pair taken without proof: {sentence}", MusrcuWarning, stacklevel=3)
