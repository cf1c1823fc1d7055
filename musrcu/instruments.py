"""The default pair of a run: two groups of detectors, from its file or from the table.

PSI names its detectors after the beam: the spin of a surface muon points against the beam, at the
detector called Back. ISIS groups are spin-forward as they are.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from musrcu.errors import MusrcuWarning, ReductionError
from musrcu.instrument_table import ANY, GEOMETRIES, INSTRUMENTS, Geometry, Instrument, Pair

_ADVICE = "pass forward= and backward= (--forward and --backward): labels or numbers"
_ALONG = {"Back": ("back", "backward", "b", "bwd"), "Forw": ("forw", "forward", "f", "fwd")}
_ACROSS = (
    {"Up": ("up", "u"), "Down": ("down", "d")},
    {"Right": ("right", "rite", "righ", "r"), "Left": ("left", "l")},
)
"""Names in full and in short; a label may also begin with the first."""


def find_instrument(name: str | None) -> Instrument | None:
    """The instrument of that name or alias, in any case; None where it is not in the table."""
    wanted = (name or "").strip().casefold()
    for instrument in INSTRUMENTS:
        if wanted in (known.casefold() for known in (instrument.name, *instrument.aliases)):
            return instrument
    return None


def default_pair(
    instrument_name: str | None,
    labels: Sequence[str],
    grouping: Sequence[int] | None,
    geometry: Geometry | None = None,
) -> tuple[str, str, str]:
    """The pair of detector groups along the muon spin, or across the beam where that is asked for.

    A longitudinal pair is that of the labels Forw and Back (in any case and length), where the
    table says which of the two the spin points to; then two groups in the file, the lower number
    being forward; then that of the table of instruments by number of detectors. A transverse pair
    is that of the labels Up and Down, or Right and Left, halves of a detector (``Up_B``, ``Up_F``)
    together; then that of the table; groups in a file are not taken to lie across the beam.

    Parameters
    ----------
    instrument_name : as the file has it, or None.
    labels : one name a detector, empty texts where there is none.
    grouping : one group number a detector, 0 = in no group; None where the file has none.
    geometry : ``longitudinal`` or ``transverse``; None takes the usual one of the instrument, which
        is longitudinal except where the spin is usually rotated (LEM, HAL-9500).

    Returns
    -------
    (forward, backward, origin) : two selections such as ``Back`` or ``1-48`` and a sentence that
        says where they come from.

    Raises
    ------
    ReductionError if nothing is known, two detectors bear the same name, or there is no such
    geometry.

    Warns
    -----
    MusrcuWarning if what is taken from the table is not proved by a run, its numbers are taken for
    an instrument whose files have labels, or labels along the spin for one that is not known.
    """
    if geometry is not None and geometry not in GEOMETRIES:
        raise ReductionError(f"geometry = {geometry!r}; expected {' or '.join(GEOMETRIES)}")
    instrument = find_instrument(instrument_name)
    title = instrument.name if instrument else instrument_name or "unknown instrument"
    known = _from_table(instrument, len(labels), geometry)
    pulsed = instrument is not None and instrument.source == "pulsed"
    labelled = any(label.strip() for label in labels)
    if labelled and not pulsed and (known is None or known.n_detectors == ANY):
        return _by_label(title, labels, instrument, geometry or "longitudinal")
    groups = sorted({group for group in grouping or () if group > 0})
    enough = len(groups) == 2 or (len(groups) > 2 and known is None)
    if geometry != "transverse" and grouping is not None and enough:
        return _by_group(grouping, groups)
    if known is None:
        raise ReductionError(_nothing_known(title, instrument, len(labels), geometry))
    origin = f"default pair of {title} with {len(labels)} detectors {_where(known)}"
    if instrument is not None and instrument.detectors and not labelled:
        origin += f"; the file has no labels, so check it ({instrument.evidence})"
        _doubt(origin)
    elif known.doubt:
        _doubt(origin := f"{origin}; check it: {known.doubt}")
    return known.forward, known.backward, origin


def _by_label(
    title: str, labels: Sequence[str], instrument: Instrument | None, geometry: Geometry
) -> tuple[str, str, str]:
    if geometry == "longitudinal":
        spin = instrument.spin if instrument else "Back"
        pair = [spin, "Forw" if spin == "Back" else "Back"]
        found = [[_one_named(title, labels, name)] for name in pair]
        why = f"the muon spin points {'against' if spin == 'Back' else 'along'} the beam, at {spin}"
        if spin == "Forw":
            why += "; decay-channel muons may have the other sign"
        if instrument is None:
            why = "the muon spin is taken to point against the beam, at Back, as on GPS; along it, "
            why += f"as on GPD, A has the other sign; {_ADVICE}"
    else:
        found, why = _across(title, labels), "across the beam"
    forward, backward = (_selection(labels, positions) for positions in found)
    shown = " and ".join(" + ".join(labels[k].strip() for k in group) for group in found)
    origin = f"labels {shown} of {title}: {why}"
    known = _from_table(instrument, ANY, geometry)
    if instrument is None and geometry == "longitudinal":
        _doubt(origin)
    if known is not None and known.doubt:
        _doubt(origin := f"{origin}; check it: {known.doubt}")
    return forward, backward, origin


def _by_group(grouping: Sequence[int], groups: Sequence[int]) -> tuple[str, str, str]:
    forward, backward = (_ranges(grouping, group) for group in groups[:2])
    origin = f"groups {groups[0]} (forward) and {groups[1]} of {len(groups)} in the file"
    if len(groups) > 2:
        _doubt(origin := f"{origin}: whether they lie along the spin is not known")
    return forward, backward, origin


def _one_named(title: str, labels: Sequence[str], name: str) -> int:
    """Position of the one detector called ``name`` in full, in part or in short."""
    found = _called(labels, _ALONG[name])
    if len(found) == 1:
        return found[0]
    raise ReductionError(_not_one(title, labels, name, found))


def _across(title: str, labels: Sequence[str]) -> list[list[int]]:
    """Positions of the two sides of the first axis across the beam that has detectors on both."""
    for axis in _ACROSS:
        found = {name: _called(labels, spellings) for name, spellings in axis.items()}
        if not all(found.values()):
            continue
        for name, positions in found.items():
            tails = sorted(labels[k].strip().casefold()[-2:] for k in positions)
            if len(positions) > 1 and tails != ["_b", "_f"]:
                raise ReductionError(_not_one(title, labels, name, positions))
        return list(found.values())
    raise ReductionError(
        f"{title}: no detectors are called Up and Down, or Right and Left, among "
        f"{_listed(labels)}; {_ADVICE}"
    )


def _called(labels: Sequence[str], spellings: Sequence[str]) -> list[int]:
    """Positions of the labels that are one of the spellings, else of those that begin with one."""
    folded = [label.strip().casefold() for label in labels]
    exact = [k for k, label in enumerate(folded) if label in spellings]
    whole = tuple(spelling for spelling in spellings if len(spelling) > 1)
    return exact or [k for k, label in enumerate(folded) if label.startswith(whole)]


def _not_one(title: str, labels: Sequence[str], name: str, found: Sequence[int]) -> str:
    count = "no detector is" if not found else f"{len(found)} detectors are"
    return f"{title}: {count} called {name} among {_listed(labels)}; {_ADVICE}"


def _listed(labels: Sequence[str]) -> str:
    return ", ".join(f"{k} {label or 'unnamed'}" for k, label in enumerate(labels, 1))


def _selection(labels: Sequence[str], positions: Sequence[int]) -> str:
    """The labels of detectors where they name no other one, else their numbers."""
    folded = [other.strip().casefold() for other in labels]
    names = [labels[k].strip() for k in positions]
    if any("," in name or folded.count(name.casefold()) > 1 for name in names):
        return ",".join(str(k + 1) for k in positions)
    return ",".join(names)


def _from_table(
    instrument: Instrument | None, n_detectors: int, geometry: Geometry | None
) -> Pair | None:
    """The first pair of the table for a number of detectors, and of one geometry if asked for."""
    for pair in instrument.pairs if instrument else ():
        if pair.n_detectors in (ANY, n_detectors) and geometry in (None, pair.geometry):
            return pair
    return None


def _where(pair: Pair) -> str:
    return "along the muon spin" if pair.geometry == "longitudinal" else "across the beam"


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


def _nothing_known(
    title: str, instrument: Instrument | None, n_detectors: int, geometry: Geometry | None
) -> str:
    pairs = [
        pair
        for pair in (instrument.pairs if instrument else ())
        if geometry in (None, pair.geometry)
    ]
    if instrument is None:
        listed = ", ".join(known.name for known in INSTRUMENTS)
        reason = f"the file has neither labels nor groups and the table has only {listed}"
    elif pairs:
        numbers = " or ".join(str(n) for n in sorted({pair.n_detectors for pair in pairs}))
        reason = f"its default pair is known for {numbers} detectors only"
    else:
        reason = instrument.evidence
    asked = f"{geometry} " if geometry == "transverse" else ""
    return f"no default {asked}pair for {title} with {n_detectors} detectors: {reason}; {_ADVICE}"


def _doubt(sentence: str) -> None:
    warnings.warn(f"pair taken without proof: {sentence}", MusrcuWarning, stacklevel=3)
