"""HDF4 files where pyhdf is not installed, and other files where it is: it stays out of the way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import h5py
import pytest

from musrcu.errors import ReadError
from musrcu.readers.hdf4 import open_hdf4
from musrcu.readers.nexus_file import open_nexus
from musrcu.readers.registry import read

HEAD = b"\x0e\x03\x13\x01\0\xc8\0\0\0\0\0\x1e\0\x01\0\0"
ADVICE = ' is an HDF4 file; install its reader with: pip install "musrcu[hdf4]"'


@pytest.fixture
def without_pyhdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """``import pyhdf`` fails, as where it is not installed."""
    for name in [name for name in sys.modules if name.split(".")[0] == "pyhdf"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyhdf", None)


@pytest.mark.usefixtures("without_pyhdf")
def test_the_error_says_what_to_install(tmp_path: Path) -> None:
    path = tmp_path / "MUSR00015189.nxs"
    path.write_bytes(HEAD)
    for opened in (open_hdf4, open_nexus):
        with pytest.raises(ReadError) as caught, opened(path):
            pass
        assert str(caught.value) == str(path) + ADVICE
    with pytest.raises(ReadError) as caught:
        read(path)
    assert str(caught.value) == str(path) + ADVICE


def test_pyhdf_is_not_imported_for_other_files(tmp_path: Path) -> None:
    path = tmp_path / "x.nxs"
    with h5py.File(path, "w") as file:
        file["a"] = 1
    code = (
        "import sys, musrcu\n"
        "from musrcu.readers.registry import read\n"
        "try:\n"
        f"    read({str(path)!r})\n"
        "except musrcu.MusrcuError as error:\n"
        "    print(error)\n"
        "print([name for name in sys.modules if 'hdf4' in name or 'pyhdf' in name])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "without a NeXus entry" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"
