"""What stands in the sections of a MUD file, under the names of the MUD library.

Source: ``mud_gen.c`` and ``mud_all.c`` of the MUD library of TRIUMF.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from musrcu.readers import mud_sections as mud
from musrcu.readers.binary import BinaryFile
from musrcu.readers.mud_sections import Body, Section

Record = dict[str, Any]
"""Numbers and stripped texts by name."""

_RUN_NUMBERS = ("exptNumber", "runNumber", "timeBegin", "timeEnd", "elapsedSec")
_RUN_TEXTS = (
    "title", "lab", "area", "method", "apparatus", "insert", "sample", "orient", "das",
    "experimenter", "temperature", "field",
)  # fmt: skip
_HISTOGRAM = (
    "histType", "nBytes", "nBins", "bytesPerBin", "fsPerBin", "t0_ps", "t0_bin", "goodBin1",
    "goodBin2", "bkgd1", "bkgd2", "nEvents",
)  # fmt: skip
_VARIABLE = ("low", "high", "mean", "stddev", "skewness")
_COMMENT = ("ID", "prevReplyID", "nextReplyID", "time")


def _run(body: Body) -> Record:
    record: Record = dict(zip(_RUN_NUMBERS, body.numbers(len(_RUN_NUMBERS)), strict=True))
    for name in _RUN_TEXTS:  # the first files of 1994 end before temperature and field
        record[name] = body.text() if body.left else ""
    return record


def _variable(body: Body) -> Record:
    numbers = body.doubles(len(_VARIABLE)).tolist()
    record: Record = dict(zip(_VARIABLE, numbers, strict=True))
    return record | {name: body.text() for name in ("name", "description", "units")}


def _numbered(body: Body, numbers: tuple[str, ...], texts: tuple[str, ...]) -> Record:
    record: Record = dict(zip(numbers, body.numbers(len(numbers)), strict=True))
    return record | {name: body.text() for name in texts}


_DECODERS: dict[int, tuple[str, Callable[[Body], Record]]] = {
    mud.RUN: ("run description", _run),
    mud.HISTOGRAM: (
        "header of histogram", partial(_numbered, numbers=_HISTOGRAM, texts=("title",))
    ),
    mud.SCALER: ("scaler", partial(_numbered, numbers=("total", "recent"), texts=("label",))),
    mud.VARIABLE: ("independent variable", _variable),
    mud.COMMENT: (
        "comment", partial(_numbered, numbers=_COMMENT, texts=("author", "title", "comment"))
    ),
}  # fmt: skip


def records(file: BinaryFile, sections: list[Section], kind: int) -> dict[int, Record]:
    """What the sections of one kind hold, by their numbers and in the order of these.

    Parameters
    ----------
    kind : ``RUN``, ``HISTOGRAM``, ``SCALER``, ``VARIABLE`` or ``COMMENT``.

    Raises
    ------
    ReadError if a section is too short for what it should hold, or two have the same number.
    """
    what, decode = _DECODERS[kind]
    found: dict[int, Record] = {}
    for section in sections:
        if section.kind != kind:
            continue
        if section.number in found:
            raise file.error(section.offset, f"a second {what} {section.number}, expected one")
        found[section.number] = decode(Body(file, section, f"{what} {section.number}"))
    return dict(sorted(found.items()))
