"""What musrcu knows, as text: models, file formats, instruments."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from musrcu.errors import MusrcuError, nearest
from musrcu.notation import table

if TYPE_CHECKING:
    from musrcu.instrument_table import Instrument


def catalogue(kind: str, name: str | None = None) -> str:
    """Text that lists everything of a kind, or says all about one of them.

    Parameters
    ----------
    kind : ``models`` (components with formula, parameters, units, limits and reference),
        ``formats`` (files that can be read) or ``instruments`` (detectors and default pairs).
    name : one of them, such as ``damped_cosine``, ``psi-bin`` or ``GPS``; None lists all.

    Raises
    ------
    MusrcuError for an unknown kind or name; the text offers the nearest one.
    """
    if kind not in _KINDS:
        raise MusrcuError(
            f"no catalogue is called {kind!r}{nearest(kind, tuple(_KINDS))} "
            f"(there are {', '.join(_KINDS)})"
        )
    overview, one = _KINDS[kind]
    return overview() if name is None else one(name)


def _models() -> str:
    from musrcu.models.registry import components

    rows = [
        [
            known.key,
            known.formula,
            ", ".join(_short(p.name, p.unit, p.lower, p.upper) for p in known.parameters) or "-",
            known.reference,
        ]
        for known in components().values()
    ]
    return table(rows, ["component", "formula", "parameters", "reference"])


def _model(name: str) -> str:
    from musrcu.models.model import Model
    from musrcu.models.registry import find_component

    known = find_component(name)
    variable = "time, us" if known.variable == "t" else "temperature, K"
    rows = [
        [f"  {p.name}", p.unit or "-", f"{p.default:g}", _limits(p.lower, p.upper), p.meaning]
        for p in known.parameters
    ]
    header = ["  parameter", "unit", "default", "limits", "meaning"]
    return "\n".join(
        [
            f"{known.key}: {known.meaning}",
            f"  {known.formula}   ({known.variable}: {variable})",
            *(table(rows, header).split("\n") if rows else ["  no parameters"]),
            f"  alone in a model: {', '.join(Model(known.key).names)}",
            f"  source: {known.reference}",
        ]
    )


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
    "models": (_models, _model),
    "formats": (_formats, _format),
    "instruments": (_instruments, _instrument),
}


def _unknown(what: str, name: str, known: tuple[str, ...]) -> MusrcuError:
    hint = nearest(name, known)
    return MusrcuError(f"no {what} is called {name!r}{hint} (known: {', '.join(known)})")


def _short(name: str, unit: str, lower: float | None, upper: float | None) -> str:
    """``lambda (1/us, from 0)``."""
    about = [part for part in (unit, _limits(lower, upper)) if part and part != "none"]
    return f"{name} ({', '.join(about)})" if about else name


def _limits(lower: float | None, upper: float | None) -> str:
    if lower is None and upper is None:
        return "none"
    if upper is None:
        return f"from {lower:g}"
    return f"up to {upper:g}" if lower is None else f"{lower:g} to {upper:g}"
