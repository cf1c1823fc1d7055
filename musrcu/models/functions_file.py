"""A user's own functions from a Python file, which is run only where somebody names it."""

from __future__ import annotations

import contextlib
import hashlib
import sys
from collections.abc import Iterable, Iterator
from importlib.abc import SourceLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

from musrcu.errors import ModelError
from musrcu.files import PathLike
from musrcu.models import registry
from musrcu.models.foreign import said

_loaded: dict[str, tuple[str, ...]] = {}
"""Names that each file declared, by its absolute path."""


def load_functions(path: PathLike) -> tuple[str, ...]:
    """Run a Python file that declares components with :func:`musrcu.component`.

    The code in the file is run with all rights of the user: name only files that you trust. What
    it prints goes to standard error. A file that was changed may be loaded again.

    Parameters
    ----------
    path : the file.

    Returns
    -------
    Names of the components it declares.

    Raises
    ------
    ModelError if there is no such file, an error is raised in it, or it declares nothing; what was
    declared before stays.
    """
    registry.components()
    file = Path(path)
    where = str(file.resolve())
    before = dict(registry._components)
    mark = registry.reading.set(where)
    try:
        with contextlib.redirect_stdout(sys.stderr), _beside(file), _told(file):
            _run(file, where)
    except ModelError:
        registry._components.clear()
        registry._components.update(before)
        raise
    finally:
        registry.reading.reset(mark)
    new = tuple(key for key, one in registry._components.items() if before.get(key) is not one)
    if not new and where not in _loaded:
        raise ModelError(f"{path} declares no function; write @mu.component above one")
    _loaded[where] = new or _loaded[where]
    return _loaded[where]


def functions_files() -> tuple[str, ...]:
    """The files that were loaded, for other processes."""
    return tuple(_loaded)


def load_all(paths: Iterable[str]) -> None:
    """Load files that are not loaded yet: what a process of a pool begins with."""
    for path in paths:
        if path not in _loaded:
            load_functions(path)


class _Source(SourceLoader):
    """A file as a module, without the compiled copy that an import would leave beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def get_filename(self, fullname: str) -> str:
        return str(self.path)

    def get_data(self, path: str | bytes) -> bytes:
        if Path(str(path)) != self.path:
            raise OSError("a compiled copy is not looked for")
        return self.path.read_bytes()


def _run(file: Path, where: str) -> None:
    name = f"functions_{hashlib.sha256(where.encode()).hexdigest()[:12]}"
    loader = _Source(file)
    spec = spec_from_loader(name, loader, origin=where)
    assert spec is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    loader.exec_module(module)


@contextlib.contextmanager
def _beside(file: Path) -> Iterator[None]:
    """Modules in the folder of a file can be imported by it, as by a script."""
    folder = str(file.resolve().parent)
    sys.path.append(folder)
    try:
        yield
    finally:
        if folder in sys.path:
            sys.path.remove(folder)


class _told:
    """Any error of a file in one sentence that says where; a file that wants to end the program
    ends its own loading only."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or not isinstance(error, (Exception, SystemExit)):
            return
        if isinstance(error, OSError) and error.filename == str(self.file):
            reason = (error.strerror or "cannot be read").lower()
            raise ModelError(f"{self.file}: {reason}; --functions names a Python file") from None
        raise ModelError(f"{self.file}{self._line(error)}: {said(error)}") from error

    def _line(self, error: BaseException) -> str:
        """``, line 12``: the last line of the file that was running."""
        if isinstance(error, SyntaxError) and error.filename == str(self.file):
            return f", line {error.lineno}"
        line, trace = None, error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == str(self.file):
                line = trace.tb_lineno
            trace = trace.tb_next
        return "" if line is None else f", line {line}"
