"""A saved fit made again from its file, to see whether it still says the same."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from musrcu.containers.kinds import an
from musrcu.containers.run import Run
from musrcu.errors import MusrcuError
from musrcu.files import PathLike, checksum
from musrcu.fitting.fit import fit
from musrcu.fitting.fitted_data import Fittable
from musrcu.fitting.recorded import arguments, group_of
from musrcu.fitting.result import FitResult
from musrcu.joint.joint_fit import joint_fit
from musrcu.joint.recorded import JOINTLY
from musrcu.joint.recorded import arguments as joint_arguments
from musrcu.joint.result import JointResult
from musrcu.output.joint_repetition import JointRepetition
from musrcu.output.load import Loaded, all_in, load
from musrcu.output.repetition import Repetition
from musrcu.readers.registry import read
from musrcu.readers.run_files import data_folders, files_called
from musrcu.reduction.histograms import reduce_histograms
from musrcu.reduction.recipe import Reduction, reduce, reduce_counts

_DIGITS = 19
"""Letters of a checksum that are shown: ``sha256:`` and 12 digits."""


Repeated = Repetition | JointRepetition


def repeat(
    source: FitResult | JointResult | PathLike, *, data: str | None = None
) -> Repetition | JointRepetition:
    """A saved fit made again: its file read, reduced and fitted as it was then.

    The file is looked for where it was, beside the result, and by its name in the data folder; so
    is each of those of a joint fit.

    Parameters
    ----------
    source : a JSON file that :meth:`musrcu.FitResult.save`, :meth:`musrcu.JointResult.save` or
        ``musrcu fit -o`` wrote, or a result.
    data : folder of the runs; None takes those of MUSRCU_DATA.

    Returns
    -------
    Repetition, or JointRepetition of a joint fit, with both fits; ``agrees`` says whether values
    are within 0.001 of their errors and errors within 0.1 %.

    Raises
    ------
    MusrcuError if the source is no fit, does not say what was fitted, or its file is not found, is
    another one than was fitted (by its checksum), or cannot be read or reduced.
    """
    if isinstance(source, (FitResult, JointResult)):
        return _repeated(source, "the result", Path(), data)
    if not isinstance(source, (str, os.PathLike)):
        raise MusrcuError(f"repeat takes a saved fit, not {an(source)}")
    return _repeated(load(source), str(source), Path(source).parent, data)


def repeat_all(path: PathLike, *, data: str | None = None) -> Iterator[Repeated | MusrcuError]:
    """Each fit in a JSON file made again, or why it cannot be; one file may hold several.

    Raises
    ------
    MusrcuError if the file is no JSON of fits.
    """
    fits = all_in(path)
    for place, found in enumerate(fits, start=1):
        where = str(path) if len(fits) == 1 else f"{path}: fit {place}"
        try:
            yield _repeated(found, where, Path(path).parent, data)
        except MusrcuError as error:
            yield error


def _repeated(saved: Loaded, where: str, folder: Path, data: str | None) -> Repeated:
    if isinstance(saved, FitResult):
        return _alone(saved, where, folder, data)
    if isinstance(saved, JointResult):
        return _jointly(saved, where, folder, data)
    raise MusrcuError(f"{where} is no fit; FitResult.save and JointResult.save write one")


def _alone(saved: FitResult, where: str, folder: Path, data: str | None) -> Repetition:
    """The fit of one run."""
    if JOINTLY in saved.request:
        raise MusrcuError(f"{where} is one run of a joint fit; repeat that")
    recipe = _recipe(saved, where)
    try:
        asked = arguments(saved.request)
    except MusrcuError as error:
        raise MusrcuError(f"{where}: {error}") from error
    path, notes = file_of(saved, where, folder, data)
    run = read(path)
    try:
        again = fit(_reduced(run, recipe, saved), saved.model, **asked)
    except MusrcuError as error:
        raise MusrcuError(f"{where}: {error}") from error
    _check_stages(saved, again, where)
    return Repetition(saved=saved, again=again, path=path, notes=notes)


def _jointly(saved: JointResult, where: str, folder: Path, data: str | None) -> JointRepetition:
    """The joint fit of all runs."""
    try:
        asked = joint_arguments(saved.request)
    except MusrcuError as error:
        raise MusrcuError(f"{where}: {error}") from error
    paths: list[Path] = []
    notes: list[str] = []
    fitted: list[Fittable] = []
    places = [f"{where}: {run.name or f'run {k}'}" for k, run in enumerate(saved.runs, start=1)]
    raw, last = None, None
    for one, place in zip(saved.runs, places, strict=True):
        recipe = _recipe(one, place)
        if raw is None or (one.path, one.checksum) != last:  # several histograms are of one file
            path, more = file_of(one, place, folder, data)
            raw, last = read(path), (one.path, one.checksum)
            notes += more
        paths.append(path)
        try:
            fitted.append(_reduced(raw, recipe, one))
        except MusrcuError as error:
            raise MusrcuError(f"{place}: {error}") from error
    try:
        again = joint_fit(fitted, saved.model, **asked)
    except MusrcuError as error:
        raise MusrcuError(f"{where}: {error}") from error
    for one, other, place in zip(saved.runs, again.runs, places, strict=True):
        _check_stages(one, other, place)
    unique = tuple(dict.fromkeys(notes))
    return JointRepetition(saved=saved, again=again, paths=tuple(paths), notes=unique)


def _check_stages(saved: FitResult, again: FitResult, where: str) -> None:
    """Refuse a run to which more was done than its recipe says."""
    lost = [stage for stage in saved.reduction if stage not in again.reduction]
    if lost:
        raise MusrcuError(
            f"{where}: the run was prepared by {', '.join(lost)} before it was reduced, which is "
            f"not saved; repeat it in Python"
        )


def _recipe(saved: FitResult, where: str) -> Reduction:
    """How what was fitted was made of its run."""
    if saved.recipe is None:
        raise MusrcuError(
            f"{where} does not say how its run was reduced; results of mu.fit(mu.reduce(run, "
            "recipe), ...) and of musrcu fit do"
        )
    return Reduction.from_tables(saved.recipe, where)


def _reduced(run: Run, recipe: Reduction, saved: FitResult) -> Fittable:
    """What was fitted."""
    form = saved.request.get("data")
    if form == "asymmetry":
        return reduce(run, recipe)
    if form == "counts":
        return reduce_counts(run, recipe)
    if form == "histogram":
        return reduce_histograms(run, recipe, group_of(saved.request))[0]
    raise MusrcuError(f"it was fitted to {form!r}, which is not known here")


def file_of(
    saved: FitResult, where: str, folder: Path, data: str | None
) -> tuple[Path, tuple[str, ...]]:
    """The file that was fitted, by its checksum, and what should be known about it.

    Raises
    ------
    MusrcuError if it is not there, or is another one or has changed.
    """
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
