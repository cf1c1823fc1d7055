"""Writing files so that nothing is overwritten unasked and nothing is ever left half written."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from musrcu.errors import MusrcuError

PathLike = str | os.PathLike[str]


def check_target(path: PathLike, *, overwrite: bool = False) -> Path:
    """The path of a file that may be written; for asking before hours of work, not after.

    Raises
    ------
    MusrcuError if it is a directory, its folder does not exist, or it exists and may not be
    replaced.
    """
    target = Path(path)
    if target.is_dir():
        raise MusrcuError(f"{target} is a directory; name a file to write")
    if not target.parent.is_dir():
        raise MusrcuError(f"{target} cannot be written: there is no folder {target.parent}")
    if target.exists() and not overwrite:
        raise MusrcuError(
            f"{target} exists and is not overwritten; choose another name or ask for it "
            "(overwrite=True in Python, --force on the command line)"
        )
    return target


@contextlib.contextmanager
def replacing(path: PathLike, *, overwrite: bool = False) -> Iterator[Path]:
    """A temporary path beside ``path`` that becomes ``path`` when the block ends without an error.

    Parameters
    ----------
    path : the file to be written; its folder must exist.
    overwrite : whether an existing file may be replaced.

    Raises
    ------
    MusrcuError if the file exists and may not be replaced, or the system refuses to write it.
    """
    target = check_target(path, overwrite=overwrite)
    if target.is_symlink():  # a link stays a link, the file behind it is replaced
        target = target.resolve()
    try:
        handle, name = tempfile.mkstemp(
            dir=target.parent, prefix=f".{target.stem[:20]}-", suffix=target.suffix
        )
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise MusrcuError(f"{path} cannot be written: {error.strerror or error}") from error


def write_text(path: PathLike, text: str, *, overwrite: bool = False) -> Path:
    """Write ``text`` as UTF-8 to ``path`` by way of :func:`replacing`; returns the path."""
    with replacing(path, overwrite=overwrite) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return Path(path)


def read_text(path: PathLike) -> str:
    """The text of a UTF-8 file.

    Raises
    ------
    MusrcuError if the file is missing, is a directory, or is not UTF-8 text.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise MusrcuError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise MusrcuError(f"{path} is not a UTF-8 text file ({error.reason})") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
