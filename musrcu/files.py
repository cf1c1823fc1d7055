"""Writing files so that nothing is overwritten unasked and nothing is ever left half written."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from musrcu.errors import MusrcuError, quoted

PathLike = str | os.PathLike[str]
LARGEST_TEXT = 50_000_000
"""Bytes of the largest text file that is read."""


def check_target(path: PathLike, *, overwrite: bool = False) -> Path:
    """The path of a file that may be written; for asking before hours of work, not after.

    Raises
    ------
    MusrcuError if its folder does not exist or may not be written to, if it is a directory, a
    device or a pipe, or if it exists and may not be replaced.
    """
    target = Path(path)
    try:
        folder = _behind(target).parent
        if not folder.is_dir():
            raise MusrcuError(f"{target} cannot be written: there is no folder {folder}")
        if target.exists():
            _refuse_existing(target, overwrite)
    except OSError as error:
        raise _not_written(path, error) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise MusrcuError(f"{target} cannot be written: no permission to write in {folder}")
    return target


def _refuse_existing(target: Path, overwrite: bool) -> None:
    if target.is_dir():
        raise MusrcuError(f"{target} is a directory; name a file to write")
    if not target.is_file():
        raise MusrcuError(
            f"{target} is a device, pipe or socket and is never replaced; name a file to write"
        )
    if not overwrite:
        raise MusrcuError(
            f"{target} exists and is not overwritten; choose another name or ask for it "
            "(overwrite=True in Python, --force on the command line)"
        )


def _behind(target: Path) -> Path:
    """The file that a link leads to, whether it exists or not; what is no link stays as it is."""
    if not target.is_symlink():
        return target
    try:
        real = target.resolve()
        looping = real.is_symlink()
    except RuntimeError:  # Python before 3.13
        looping = True
    if looping:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return real


def _not_written(path: PathLike, error: OSError) -> MusrcuError:
    return MusrcuError(f"{path} cannot be written: {error.strerror or error}")


@contextlib.contextmanager
def replacing(path: PathLike, *, overwrite: bool = False) -> Iterator[Path]:
    """A temporary path beside ``path`` that becomes ``path`` when the block ends without an error.

    Parameters
    ----------
    path : the file to be written; its folder must exist.
    overwrite : whether an existing file may be replaced.

    Raises
    ------
    MusrcuError if :func:`check_target` refuses the file, or the system does.
    """
    target = check_target(path, overwrite=overwrite)
    try:
        target = _behind(target)  # a link stays a link, the file behind it is replaced
        unique = f".{target.stem[:20]}-{secrets.token_hex(8)}{target.suffix}"
        temporary = target.with_name(unique)
        try:  # from before there is a file: a signal may come right after it was made
            temporary.touch(exist_ok=False)
            yield temporary
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise _not_written(path, error) from error


def write_text(path: PathLike, text: str, *, overwrite: bool = False) -> Path:
    """Write ``text`` as UTF-8 to ``path`` by way of :func:`replacing`; returns the path.

    Raises
    ------
    MusrcuError as :func:`replacing`, and if the text cannot be UTF-8 because it holds the name of
    a file that is not.
    """
    try:
        content = text.encode()
    except UnicodeEncodeError as error:
        part = text[max(error.start - 20, 0) : error.end + 20]
        raise MusrcuError(
            f"{path} cannot be written: {part!r} in it is not UTF-8; rename the file that is "
            "called so"
        ) from error
    return write_bytes(path, content, overwrite=overwrite)


def write_bytes(path: PathLike, content: bytes, *, overwrite: bool = False) -> Path:
    """Write ``content`` to ``path`` by way of :func:`replacing`; returns the path.

    Raises
    ------
    MusrcuError as :func:`replacing`.
    """
    with replacing(path, overwrite=overwrite) as temporary:
        temporary.write_bytes(content)
    return Path(path)


def checksum(path: PathLike) -> str | None:
    """``sha256:`` and the digest of a file's bytes; None where there is no such file to read."""
    import hashlib

    digest = hashlib.sha256()
    try:
        if not Path(path).is_file():  # opening a pipe would wait for ever
            return None
        with Path(path).open("rb") as file:
            while part := file.read(1 << 20):
                digest.update(part)
    except OSError:
        return None
    return f"sha256:{digest.hexdigest()}"


def read_text(path: PathLike) -> str:
    """The text of a UTF-8 file.

    Raises
    ------
    MusrcuError if the file is missing, is no regular file, holds more than :data:`LARGEST_TEXT`
    bytes, or is not UTF-8 text.
    """
    file = Path(path)
    try:
        size = file.stat().st_size
        if not (file.is_file() or file.is_dir()):  # opening a pipe would wait for ever
            raise MusrcuError(f"{path} cannot be read: it is a device, pipe or socket, not a file")
        if size > LARGEST_TEXT and file.is_file():
            raise MusrcuError(
                f"{path} cannot be read: it holds {size / 1e6:.0f} MB, expected a text file of at "
                f"most {LARGEST_TEXT / 1e6:.0f} MB"
            )
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise MusrcuError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise MusrcuError(f"{path} is not a UTF-8 text file ({error.reason})") from error
    except ValueError as error:  # a null character
        raise MusrcuError(f"{quoted(str(path))} is no path: {error}") from error
