"""JSON files of fits and scans, with what is needed to draw their data again."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musrcu.cli.terminal import dumps, say
from musrcu.errors import MusrcuError
from musrcu.files import PathLike, read_text, write_text

if TYPE_CHECKING:
    from musrcu.containers.asymmetry import Asymmetry
    from musrcu.fitting.result import FitResult
    from musrcu.reduction.recipe import Reduction


def print_and_save(
    content: Sequence[dict[str, Any]], arguments: Namespace, *, several: bool
) -> None:
    """Print results and then save them as JSON, as far as ``--json`` and ``--output`` ask for it.

    Parameters
    ----------
    content : one for each run that could be fitted.
    several : whether more than one run was asked for: then JSON is a list, even an empty one.
    """
    if not (content or several):
        return
    text = dumps(content if several else content[0])
    if arguments.json:
        say(text)
    if arguments.output is not None and content:
        write_text(arguments.output, text + "\n", overwrite=arguments.force)
        if not arguments.json:
            say(f"saved: {arguments.output}")


def recipe_to_dict(recipe: Reduction) -> dict[str, Any]:
    """A recipe as plain data: ``{reduction: ..., calibration: ... or None}``."""
    return recipe.to_tables()


def recipe_from_dict(data: Any, where: PathLike) -> Reduction:
    """The inverse of :func:`recipe_to_dict`; ``where`` is the file, for the error."""
    from musrcu.reduction.recipe import Reduction

    return Reduction.from_tables(data, str(where))


def contents(path: PathLike) -> dict[str, Any]:
    """All that a JSON file holds that :func:`musrcu.load` takes, its recipe and paths included."""
    import json

    return dict(json.loads(read_text(path)))


def reduced(
    path: str | None, recipe: Reduction, where: PathLike, result: FitResult | None = None
) -> Asymmetry:
    """The asymmetry of a run that a saved result names; as a fit of its counts found it.

    Raises
    ------
    MusrcuError if no file is named, or it cannot be read or reduced.
    """
    from musrcu.analysis.as_fitted import recipe_as_fitted
    from musrcu.readers.registry import read
    from musrcu.reduction.recipe import reduce

    if path is None:
        raise MusrcuError(f"{where} does not say which file it was fitted to")
    if not Path(path).exists() and not Path(path).is_absolute():
        path = str(Path(where).parent / path)
    return reduce(read(path), recipe if result is None else recipe_as_fitted(recipe, result))
