"""The exceptions and the warning that musrcu raises; nothing else leaves the package on purpose."""

from __future__ import annotations

LONGEST_ERROR = 800
"""Letters of a ReadError; of a longer one the middle is left out."""


class MusrcuError(Exception):
    """Base of every error that musrcu raises on purpose; its text is one sentence for the user."""


class ReadError(MusrcuError):
    """A file could not be read; the text names the file, the place, what was expected and found.

    A text with something long of a damaged file in it is cut in the middle.
    """

    def __init__(self, text: str = "") -> None:
        if len(text) > LONGEST_ERROR:
            text = f"{text[: LONGEST_ERROR // 2]} ... {text[5 - LONGEST_ERROR // 2 :]}"
        super().__init__(text)


class ReductionError(MusrcuError):
    """A reduction stage cannot work with the run or the options it was given."""


class ModelError(MusrcuError):
    """A model expression, a component or a parameter name is wrong."""


class FitError(MusrcuError):
    """A fit was asked for that cannot be set up (a fit that fails is a result, not an error)."""


class MusrcuWarning(UserWarning):
    """Doubt that does not stop the work."""


def quoted(value: object, most: int = 60) -> str:
    """A value of a file in quotes, cut where it is long."""
    text = repr(value)
    return text if len(text) <= most else f"{text[: most - 4]}...{text[-1]}"


def nearest(name: str, known: list[str] | tuple[str, ...]) -> str:
    """The clause ``; did you mean 'x'?`` for the known name closest to ``name``, or no text."""
    import difflib

    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if not close:
        folded = {candidate.lower(): candidate for candidate in known}
        close = difflib.get_close_matches(name.lower(), list(folded), n=1, cutoff=0.5)
        close = [folded[close[0]]] if close else []
    return f"; did you mean {close[0]!r}?" if close else ""
