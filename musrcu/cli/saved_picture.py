"""The picture of a fit, of one run or a joint one, just made or saved."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musrcu.cli import options
from musrcu.cli.terminal import Files, complain, say
from musrcu.errors import MusrcuError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from musrcu.containers.asymmetry import Asymmetry
    from musrcu.containers.histogram import Histogram
    from musrcu.containers.run import Run
    from musrcu.fitting.result import FitResult
    from musrcu.joint.result import JointResult
    from musrcu.reduction.recipe import Reduction

    Visible = tuple[Asymmetry | Histogram, FitResult]


def visible(
    run: Run, recipe: Reduction, result: FitResult, data: object = None
) -> Asymmetry | Histogram:
    """What is drawn of a fit: its asymmetry or histogram, or what its counts stand for.

    Parameters
    ----------
    run, recipe, result : what was fitted and how.
    data : what was fitted, where it is at hand.
    """
    from musrcu.analysis.as_fitted import recipe_as_fitted
    from musrcu.containers.asymmetry import Asymmetry
    from musrcu.containers.histogram import Histogram
    from musrcu.fitting.recorded import group_of
    from musrcu.reduction.histograms import reduce_histograms
    from musrcu.reduction.recipe import reduce

    if isinstance(data, (Asymmetry, Histogram)):
        return data
    if result.request.get("data") == "histogram":
        return reduce_histograms(run, recipe, group_of(result.request))[0]
    return reduce(run, recipe_as_fitted(recipe, result))


def picture(drawn: Sequence[Visible], **view: Any) -> Axes:
    """One fit with its residuals, or several in a stack."""
    from musrcu import plot

    if len(drawn) == 1:
        return plot.asymmetry(*drawn[0], **view)
    return plot.scan([data for data, _ in drawn], [fit for _, fit in drawn], **view)


def draw(drawn: Sequence[Visible], arguments: Namespace) -> None:
    """The picture of ``--plot`` of a fit, written and named."""
    from musrcu import plot

    plot.save(picture(drawn), arguments.plot, overwrite=arguments.force)
    if not arguments.json:
        say(f"figure: {arguments.plot}")


def of_fit(saved: FitResult, arguments: Namespace) -> list[Visible]:
    """The saved fit of one run, and what was fitted.

    Raises
    ------
    MusrcuError if its file is not there or has changed, unless a file is named behind the fit.
    """
    where, *named = arguments.sources
    if len(named) > 1:
        raise MusrcuError(f"{where} is the fit of one run; name one file behind it, or none")
    if named:
        files = Files(named, arguments.data)
        if len(files.paths) != 1:
            raise MusrcuError(f"{where} is the fit of one run; {named[0]} names no single file")
        return [_Drawing(arguments).drawn(saved, where, files.paths[0])]
    return [_Drawing(arguments).drawn(saved, where)]


def of_joint(saved: JointResult, arguments: Namespace) -> list[Visible]:
    """The runs of a saved joint fit, all or those that are named behind it, and what was fitted.

    Raises
    ------
    MusrcuError if a named one is none of them, or its file is not there or has changed, unless the
    file itself is named.
    """
    where, *named = arguments.sources
    chosen: dict[int, Path | None] = {} if named else dict.fromkeys(range(len(saved.runs)))
    for word in named:
        places = [k for k, one in enumerate(saved.runs) if _called(one, word)]
        if not places:
            known = ", ".join(one.name or f"run {one.run}" for one in saved.runs)
            raise MusrcuError(f"{word} is no run of {where}, which has {known}")
        chosen |= dict.fromkeys(places, Path(word) if Path(word).is_file() else None)
    drawing = _Drawing(arguments)
    return [
        drawing.drawn(saved.runs[k], f"{where}: {saved.runs[k].name or f'run {k + 1}'}", file)
        for k, file in sorted(chosen.items())
    ]


def _called(one: FitResult, word: str) -> bool:
    """Whether a word means the run of a fit: number, name, file; of a histogram its detector."""
    label, detectors = one.request.get("label"), one.request.get("detectors")
    names = {one.name, str(label), Path(one.path or "").name, str(one.path)}
    if word in names or Path(word).name == Path(one.path or "").name:
        return True
    if not word.isdecimal():
        return False
    return int(word) == one.run if label is None else detectors == [int(word)]


class _Drawing:
    """Runs read once and recipes made once, however many fits share them."""

    def __init__(self, arguments: Namespace) -> None:
        self._arguments = arguments
        self._runs: dict[Path, Run] = {}
        self._recipes: dict[str, Reduction] = {}
        self._paths: dict[tuple[Any, ...], Path] = {}

    def drawn(self, saved: FitResult, where: str, named: Path | None = None) -> Visible:
        """What was fitted, with what was typed over its recipe, and the fit."""
        from musrcu.readers.registry import read

        path = self._path(saved, where) if named is None else _as_named(saved, where, named)
        if path not in self._runs:
            self._runs[path] = read(path)
        return visible(self._runs[path], self._recipe(saved, where), saved.best), saved

    def _path(self, saved: FitResult, where: str) -> Path:
        from musrcu.output.repeat import file_of

        key = (saved.path, saved.checksum)
        if key not in self._paths:
            folder = Path(self._arguments.sources[0]).parent
            try:
                self._paths[key] = file_of(saved, where, folder, self._arguments.data)[0]
            except MusrcuError as error:
                raise MusrcuError(
                    f"{error}; a file named behind the saved fit is drawn all the same"
                ) from error
        return self._paths[key]

    def _recipe(self, saved: FitResult, where: str) -> Reduction:
        from musrcu.cli.saved import recipe_from_dict

        key = repr(saved.recipe)
        if key not in self._recipes:
            made = recipe_from_dict(saved.recipe, where)
            self._recipes[key] = options.recipe(self._arguments, made)
        return self._recipes[key]


def _as_named(saved: FitResult, where: str, path: Path) -> Path:
    """A file that was named, with a sentence where it is not the one that was fitted."""
    from musrcu.files import checksum

    if saved.checksum not in (None, checksum(path)):
        complain(f"{path} is not the file that {where} was fitted to, or it has changed; drawn")
    return path
