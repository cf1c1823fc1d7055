"""A saved fit made again from its file, to see whether it still says the same."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from musrcu.containers.kinds import an
from musrcu.containers.run import Run
from musrcu.errors import MusrcuError
from musrcu.files import PathLike, checksum
from musrcu.fitting.fit import fit
from musrcu.fitting.fitted_data import Fittable
from musrcu.fitting.recorded import arguments, group_of
from musrcu.fitting.result import FitResult
from musrcu.output.load import all_in, load
from musrcu.output.repetition import Repetition
from musrcu.readers.registry import read
from musrcu.readers.run_files import data_folders, files_called
from musrcu.reduction.histograms import reduce_histograms
from musrcu.reduction.recipe import Reduction, reduce, reduce_counts

_DIGITS = 19
"""Letters of a checksum that are shown: ``sha256:`` and 12 digits."""


def repeat(source: FitResult | PathLike, *, data: str | None = None) -> Repetition:
    """A saved fit made again: its file read, reduced and fitted as it was then.

    The file is looked for where it was, beside the result, and by its name in the data folder.

    Parameters
    ----------
    source : a JSON file that :meth:`musrcu.FitResult.save` or ``musrcu fit -o`` wrote, or a result.
    data : folder of the runs; None takes those of MUSRCU_DATA.

    Returns
    -------
    Repetition, with both fits; ``agrees`` says whether values are within 0.001 of their errors and
    errors within 0.1 %.

    Raises
    ------
    MusrcuError if the source is no fit, does not say what was fitted, or its file is not found, is
    another one than was fitted (by its checksum), or cannot be read or reduced.
    """
    if isinstance(source, FitResult):
        return _repeated(source, "the result", Path(), data)
    if not isinstance(source, (str, os.PathLike)):
        raise MusrcuError(f"repeat takes a saved fit, not {an(source)}")
    found = load(source)
    if not isinstance(found, FitResult):
        raise MusrcuError(f"{source} is no fit of one run; FitResult.save writes one")
    return _repeated(found, str(source), Path(source).parent, data)


def repeat_all(path: PathLike, *, data: str | None = None) -> Iterator[Repetition | MusrcuError]:
    """Each fit in a JSON file made again, or why it cannot be; one file may hold several.

    Raises
    ------
    MusrcuError if the file is no JSON of fits.
    """
    fits = all_in(path)
    for place, found in enumerate(fits, start=1):
        where = str(path) if len(fits) == 1 else f"{path}: fit {place}"
        if not isinstance(found, FitResult):
            raise MusrcuError(f"{where} is no fit of one run; FitResult.save writes one")
        try:
            yield _repeated(found, where, Path(path).parent, data)
        except MusrcuError as error:
            yield error


def _repeated(saved: FitResult, where: str, folder: Path, data: str | None) -> Repetition:
    recipe, asked = _instructions(saved, where)
    path, notes = _file(saved, where, folder, data)
    run = read(path)
    try:
        fitted = _reduced(run, recipe, saved, where)
        again = fit(fitted, saved.model, **asked)
    except MusrcuError as error:
        raise MusrcuError(f"{where}: {error}") from error
    lost = [stage for stage in saved.reduction if stage not in again.reduction]
    if lost:
        raise MusrcuError(
            f"{where}: the run was prepared by {', '.join(lost)} before it was reduced, which is "
            f"not saved; repeat it in Python"
        )
    return Repetition(saved=saved, again=again, path=path, notes=notes)


def _instructions(saved: FitResult, where: str) -> tuple[Reduction, dict[str, Any]]:
    """The recipe and the arguments of the fit."""
    if saved.recipe is None:
        raise MusrcuError(
            f"{where} does not say how its run was reduced; results of mu.fit(mu.reduce(run, "
            "recipe), ...) and of musrcu fit do"
        )
    recipe = Reduction.from_tables(saved.recipe, where)
    try:
        return recipe, arguments(saved.request)
    except MusrcuError as error:
        raise MusrcuError(f"{where}: {error}") from error


def _reduced(run: Run, recipe: Reduction, saved: FitResult, where: str) -> Fittable:
    """What was fitted."""
    form = saved.request.get("data")
    if form == "asymmetry":
        return reduce(run, recipe)
    if form == "counts":
        return reduce_counts(run, recipe)
    if form == "histogram":
        return reduce_histograms(run, recipe, group_of(saved.request))[0]
    raise MusrcuError(f"it was fitted to {form!r}, which is not known here")


def _file(
    saved: FitResult, where: str, folder: Path, data: str | None
) -> tuple[Path, tuple[str, ...]]:
    """The file that was fitted, by its checksum, and what should be known about it."""
    if not isinstance(saved.path, str):
        raise MusrcuError(f"{where} does not say which file it was fitted to")
    others: list[str] = []
    for path in _candidates(saved.path, folder, data):
        if saved.checksum is None:
            return path, ("no checksum was saved, so the file may be another one",)
        found = checksum(path)
        if found == saved.checksum:
            return path, ()
        others.append(f"{path} ({str(found)[:_DIGITS]})")
    if others:
        raise MusrcuError(
            f"{where} was fitted to a file with the checksum {str(saved.checksum)[:_DIGITS]}, but "
            f"{', '.join(others)} is another one or has changed"
        )
    raise MusrcuError(
        f"{where} was fitted to {saved.path}, which is not there, nor beside the result; name "
        "the folder of the runs with data= (--data) or MUSRCU_DATA"
    )


def _candidates(name: str, folder: Path, data: str | None) -> Iterator[Path]:
    """Files that may be meant: where it was, beside the result, in the data folder."""
    seen = set()
    for path in (Path(name), folder / name, folder / Path(name).name):
        if not os.path.isfile(path):  # noqa: PTH113 - Path.is_file may raise
            continue
        if (real := path.resolve()) not in seen:
            seen.add(real)
            yield path
    if data is None and not os.environ.get("MUSRCU_DATA"):
        return
    for path in files_called(Path(name).name, data_folders(data, None)):
        if (real := path.resolve()) not in seen:
            seen.add(real)
            yield path
