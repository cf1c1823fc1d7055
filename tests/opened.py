"""Whether a file was opened, by anyone: readers must not follow a path out of their file."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

IN_OPEN = 0x20


class Watch:
    """Notes each opening of a file or a folder's files, on Linux (inotify); elsewhere none."""

    def __init__(self, path: Path) -> None:
        self.number = -1
        if sys.platform == "linux":
            library = ctypes.CDLL(None, use_errno=True)
            self.number = library.inotify_init1(os.O_NONBLOCK)
            if library.inotify_add_watch(self.number, os.fsencode(path), IN_OPEN) < 0:
                raise OSError(ctypes.get_errno(), f"cannot watch {path}")

    @property
    def works(self) -> bool:
        """Whether openings are noted on this system."""
        return self.number >= 0

    def opened(self) -> bool:
        """Whether it was opened since this was asked last."""
        try:
            return self.works and bool(os.read(self.number, 1 << 16))
        except BlockingIOError:
            return False

    def close(self) -> None:
        """Watch no longer."""
        if self.works:
            os.close(self.number)
            self.number = -1
