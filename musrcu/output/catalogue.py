"""What musrcu knows, as text: models, file formats, instruments."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from musrcu.errors import MusrcuError, nearest
from musrcu.notation import table

if TYPE_CHECKING:
    from musrcu.instrument_table import Instrument


def catalogue(kind: str, name: str | None = None, *, width: int | None = None) -> str:
    """Text that lists everything of a kind, or says all about one of them.

    Parameters
    ----------
    kind : ``models`` (components by family with formula and parameters; of one also units, limits,
        derivatives, certificate and reference), ``formats`` (files that can be read) or
        ``instruments`` (detectors and default pairs).
    name : one of them, such as ``damped_cosine``, ``psi-bin`` or ``GPS``; None lists all.
    width : columns of the terminal, into which formulas of models are shortened; None prints them
        in full.

    Raises
    ------
    MusrcuError for an unknown kind or name; the text offers the nearest one.
    """
    kinds = ("models", *_KINDS)
    if kind not in kinds:
        raise MusrcuError(
            f"no catalogue is called {kind!r}{nearest(kind, kinds)} (there are {', '.join(kinds)})"
        )
    if kind == "models":
        from musrcu.output import model_catalogue

        if name is None:
            return model_catalogue.overview(width)
        return model_catalogue.entry(name, width)
    overview, one = _KINDS[kind]
    return overview() if name is None else one(name)


def _formats() -> str:
    from musrcu.readers.registry import formats

    rows = [
        [one.name, one.title, one.where or "-", one.needs or "-", _endings(one.name) or "-"]
        for one in formats()
    ]
    return table(rows, ["format", "what it is", "where", "needs", "written as"])


def _endings(name: str) -> str:
    """The endings of file names for which a format is written; empty where it is only read."""
    from musrcu.writers.registry import LAYOUTS

    return ", ".join(suffix for one in LAYOUTS if one.name == name for suffix in one.suffixes)


def _format(name: str) -> str:
    from musrcu.readers.registry import formats

    known = {one.name: one for one in formats()}
    if name not in known:
        raise _unknown("format", name, tuple(known))
    one = known[name]
    lines = [f"{one.name}: {one.title}"]
    for what, text in (
        ("where", one.where),
        ("needs", one.needs),
        ("written as", _endings(name)),
        ("read by", one.read.__module__),
    ):
        lines += [f"  {what}: {text}"] if text else []
    return "\n".join(lines)


def _instruments() -> str:
    from musrcu.instrument_table import INSTRUMENTS

    rows = [
        [
            one.name,
            one.facility,
            one.source,
            " ".join(one.detectors) or "-",
            one.forward or "-",
            one.backward or "-",
            _across(one),
        ]
        for one in INSTRUMENTS
    ]
    header = [
        "instrument",
        "facility",
        "source",
        "detectors",
        "forward",
        "backward",
        "across the beam",
    ]
    return table(rows, header)


def _across(one: Instrument) -> str:
    """The first transverse pair of an instrument."""
    pairs = [pair for pair in one.pairs if pair.geometry == "transverse"]
    return f"{one.named(pairs[0].forward)} / {one.named(pairs[0].backward)}" if pairs else "-"


def _instrument(name: str) -> str:
    from musrcu.instrument_table import ANY, INSTRUMENTS
    from musrcu.instruments import find_instrument

    one = find_instrument(name)
    if one is None:
        raise _unknown("instrument", name, tuple(known.name for known in INSTRUMENTS))
    lines = [f"{one.name}: {one.facility}, {one.source} source"]
    if one.aliases:
        lines.append(f"  also called: {', '.join(one.aliases)}")
    if one.detectors:
        lines.append(f"  detectors: {', '.join(one.detectors)}")
    for pair in one.pairs:
        names = one.named(pair.forward), one.named(pair.backward)
        if pair.n_detectors == ANY:
            text = f"any number of detectors: forward {names[0]}, backward {names[1]}"
        else:
            text = f"{pair.n_detectors} detectors: forward {pair.forward}, backward {pair.backward}"
            if names != (pair.forward, pair.backward):
                text += f" ({names[0]} and {names[1]})"
        lines.append(f"  {pair.geometry} pair, {text}{', to be checked' if pair.doubt else ''}")
    doubts = dict.fromkeys(pair.doubt for pair in one.pairs if pair.doubt)
    lines += [f"  to be checked: {doubt}" for doubt in doubts]
    lines.append(f"  files: {', '.join(one.files)}")
    return "\n".join([*lines, f"  evidence: {one.evidence}"])


_KINDS: dict[str, tuple[Callable[[], str], Callable[[str], str]]] = {
    "formats": (_formats, _format),
    "instruments": (_instruments, _instrument),
}


def _unknown(what: str, name: str, known: tuple[str, ...]) -> MusrcuError:
    hint = nearest(name, known)
    return MusrcuError(f"no {what} is called {name!r}{hint} (known: {', '.join(known)})")
