"""Files are replaced as a whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from musrcu import files
from musrcu.errors import MusrcuError
from musrcu.files import check_target, read_text, replacing, write_text


def contents(folder: Path) -> dict[str, str]:
    """Every file of a folder, hidden ones too."""
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def test_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    assert write_text(path, "µ\n") == path
    assert path.read_bytes() == "µ\n".encode()
    assert contents(tmp_path) == {"a.toml": "µ\n"}


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("old")
    with pytest.raises(MusrcuError, match=r"a\.toml exists and is not overwritten; .*--force"):
        write_text(path, "new")
    assert contents(tmp_path) == {"a.toml": "old"}
    write_text(path, "new", overwrite=True)
    assert contents(tmp_path) == {"a.toml": "new"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, MusrcuError])
def test_an_exception_leaves_the_old_file(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "a.toml"
    path.write_text("old")
    with pytest.raises(error), replacing(path, overwrite=True) as temporary:
        temporary.write_text("half")
        raise error("stop")
    assert contents(tmp_path) == {"a.toml": "old"}


def test_an_exception_leaves_no_new_file(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "a.nxs") as temporary:
        temporary.write_text("half")
        1 / 0  # noqa: B018
    assert contents(tmp_path) == {}


def test_the_temporary_file_lies_beside_and_ends_alike(tmp_path: Path) -> None:
    path = tmp_path / "a.nxs"
    with replacing(path) as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".nxs"
        assert temporary != path
        assert not path.exists()
        temporary.write_text("x")
    assert not temporary.exists()


def test_a_very_long_name(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 250 + ".txt")
    write_text(path, "x")
    assert contents(tmp_path) == {path.name: "x"}


def test_the_new_file_is_readable_as_any_other(tmp_path: Path) -> None:
    usual = tmp_path / "usual"
    usual.write_text("")
    path = write_text(tmp_path / "ours", "")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    path, link = tmp_path / "far" / "a.txt", tmp_path / "link.txt"
    path.write_text("old")
    link.symlink_to(path)
    with pytest.raises(MusrcuError, match="link.txt exists"):
        write_text(link, "new")
    write_text(link, "new", overwrite=True)
    assert link.is_symlink()
    assert contents(tmp_path / "far") == {"a.txt": "new"}


def test_folders_and_missing_folders(tmp_path: Path) -> None:
    with pytest.raises(MusrcuError, match="is a directory; name a file to write"):
        write_text(tmp_path, "x", overwrite=True)
    with pytest.raises(MusrcuError, match="there is no folder"):
        write_text(tmp_path / "no" / "a.txt", "x")
    (tmp_path / "file").write_text("")
    with pytest.raises(MusrcuError, match="there is no folder"):
        write_text(tmp_path / "file" / "a.txt", "x")


def test_only_a_regular_file_is_replaced(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for path in (pipe, link):
        with pytest.raises(MusrcuError, match=f"{path.name} is a device, pipe or socket"):
            write_text(path, "x", overwrite=True)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "pipe"]


def test_a_device_is_never_replaced(tmp_path: Path) -> None:
    device = tmp_path / "null"
    try:
        os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except OSError:
        pytest.skip("devices are made by root alone")
    with pytest.raises(MusrcuError, match="null is a device, pipe or socket and is never replaced"):
        write_text(device, "x", overwrite=True)
    assert stat.S_ISCHR(device.stat().st_mode)


def test_links_that_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "new.txt").symlink_to("made.txt")
    write_text(tmp_path / "new.txt", "x")
    assert (tmp_path / "new.txt").is_symlink()
    assert (tmp_path / "made.txt").read_text() == "x"
    (tmp_path / "lost.txt").symlink_to(tmp_path / "no" / "a.txt")
    with pytest.raises(MusrcuError, match=r"lost\.txt cannot be written: there is no folder .*no$"):
        write_text(tmp_path / "lost.txt", "x")
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(MusrcuError, match="a cannot be written: Too many levels"):
        write_text(tmp_path / "a", "x", overwrite=True)
    assert (tmp_path / "a").is_symlink()


def test_permission_is_asked_for_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    with pytest.raises(MusrcuError, match=r"a\.txt cannot be written: no permission to write in "):
        check_target(tmp_path / "a.txt")
    (tmp_path / "open").mkdir()
    (tmp_path / "link.txt").symlink_to(tmp_path / "open" / "a.txt")
    check_target(tmp_path / "link.txt")


@pytest.mark.parametrize("call", ["pathlib.Path.touch", "pathlib.Path.replace"])
def test_what_the_system_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    path = tmp_path / "a.txt"
    path.write_text("old")
    monkeypatch.setattr(call, refuse)
    with pytest.raises(MusrcuError, match=r"a\.txt cannot be written: Permission denied"):
        write_text(path, "new", overwrite=True)
    monkeypatch.undo()
    assert contents(tmp_path) == {"a.txt": "old"}


def test_a_full_disk_inside_the_block(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with (
        pytest.raises(MusrcuError, match="a.txt cannot be written: No space left"),
        replacing(path),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert contents(tmp_path) == {}


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # of files that are open at that moment
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_signal_at_any_moment_leaves_all_or_nothing(tmp_path: Path) -> None:
    """An exception between any two instructions, which is where a handler of signals raises one."""
    path = tmp_path / "a.txt"
    done, moment = False, 0
    while not done:
        path.write_text("old")
        left = moment

        def trace(frame: FrameType, event: str, _: object) -> Any:
            nonlocal left
            frame.f_trace_opcodes = True
            if event in ("line", "opcode"):
                left -= 1
            if left < 0:
                raise SystemExit(143)
            return trace

        before = sys.gettrace()
        sys._getframe().f_trace_opcodes = True  # Python 3.12 asks for it before any tracing
        try:
            sys.settrace(trace)
            write_text(path, "new", overwrite=True)
            sys.settrace(before)
            done = True
        except SystemExit:
            sys.settrace(before)
        found = contents(tmp_path)
        assert found in ({"a.txt": "old"}, {"a.txt": "new"}), moment
        moment += 1
    assert found == {"a.txt": "new"}
    assert moment > 500


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    with pytest.raises(MusrcuError, match="cannot be written: no permission"):
        write_text(folder / "a.txt", "x")


def test_reading(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("ν = 1.59\n".encode())
    assert read_text(path) == "ν = 1.59\n"
    path.write_bytes(b"\xb5")
    with pytest.raises(MusrcuError, match="a.txt is not a UTF-8 text file"):
        read_text(path)
    with pytest.raises(MusrcuError, match="cannot be read: "):
        read_text(tmp_path)
    with pytest.raises(MusrcuError, match="cannot be read: No such file"):
        read_text(tmp_path / "b.txt")


def test_only_regular_files_of_some_size_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(MusrcuError, match="pipe cannot be read: it is a device, pipe or socket"):
        read_text(tmp_path / "pipe")
    with pytest.raises(MusrcuError, match="cannot be read: it is a device"):
        read_text(os.devnull)
    path = tmp_path / "huge.json"
    with path.open("wb") as stream:
        stream.truncate(60_000_000)
    with pytest.raises(MusrcuError, match=r"huge\.json cannot be read: it holds 60 MB, .* 50 MB"):
        read_text(path)
    monkeypatch.setattr(files, "LARGEST_TEXT", 2)
    path.write_text("abc")
    with pytest.raises(MusrcuError, match="it holds 0 MB"):
        read_text(path)
    path.write_text("ab")
    assert read_text(path) == "ab"


def test_text_with_a_file_name_that_is_not_utf8(tmp_path: Path) -> None:
    with pytest.raises(MusrcuError, match=r"a\.txt cannot be written: 'run \\udcff\.bin' in it is"):
        write_text(tmp_path / "a.txt", "run \udcff.bin")
    assert contents(tmp_path) == {}
