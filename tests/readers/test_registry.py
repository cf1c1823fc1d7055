"""Which reader takes a file, and one clear sentence where none does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from conftest import SAMPLES, expected_files
from psi_bin_bytes import small_file

from musrcu.containers.run import Run
from musrcu.errors import ReadError
from musrcu.readers import registry
from musrcu.readers.registry import MAX_BYTES, Format, find_format, formats, read

HEADS = {
    "psi-bin": b"1N\xff\xff\0\0\x11\0        ",
    "psi-mdu": b"M323-DEC-2008\0" + b"00",
    "isis-nexus-v1": b"\x0e\x03\x13\x01\0\xc8\0\0\0\0\0\x1e\0\x01\0\0",
    "isis-nexus-v2": b"\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0",
    "musr-root": b"root\0\0\xca\x58\0\0\0\x64\0\x05\x46\x8f",
    "mud": b"\x44\0\0\0\x03\0\x01\x01\0\0\x01\x02\x04\0\0\0",
}
OTHERS = {
    "text that begins like MDU": b"T4 = 12 K, cooled\n",
    "text that begins like ROOT": b"root:x:0:0:root:/root:/bin/bash\n",
    "text that is called root": b"root\n",
    "text": b"MUSR run 12\n1 2 3\n",
    "numbers": b"1.0 2.0 3.0\n",
    "picture": b"\x89PNG\r\n\x1a\n",
    "zip": b"PK\x03\x04",
    "one byte": b"1",
}


@pytest.fixture
def fresh() -> Iterator[None]:
    """Formats are looked up again, before and after."""
    formats.cache_clear()
    yield
    formats.cache_clear()


def sentence(path: Path | str) -> str:
    with pytest.raises(ReadError) as caught:
        read(path)
    text = str(caught.value)
    assert "\n" not in text
    assert Path(path).name in text
    return text


def test_formats_have_names_and_titles() -> None:
    names = [known.name for known in formats()]
    assert {"psi-bin", "isis-nexus-v2"} <= set(names)
    assert len(names) == len(set(names))
    assert all(known.title and "\n" not in known.title for known in formats())


@pytest.mark.parametrize("name", sorted(HEADS))
def test_each_head_has_one_reader_whatever_the_suffix(tmp_path: Path, name: str) -> None:
    for suffix in (".bin", ".nxs", ".dat", ""):
        path = tmp_path / f"x{suffix}"
        path.write_bytes(HEADS[name])
        assert find_format(path).name == name


def test_read_names_path_and_format(tmp_path: Path) -> None:
    path = tmp_path / "no_suffix"
    path.write_bytes(small_file())
    run = read(str(path))
    assert (run.path, run.format) == (path, "psi-bin")


@pytest.mark.parametrize("what", sorted(OTHERS))
def test_another_format(tmp_path: Path, what: str) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(OTHERS[what])
    text = sentence(path)
    assert "which no reader knows" in text
    assert "psi-bin" in text


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    path.touch()
    assert "is empty (0 bytes)" in sentence(path)


def test_a_directory(tmp_path: Path) -> None:
    assert "is a directory" in sentence(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.bin")
    assert "is a pipe" in sentence(tmp_path / "x.bin")


def test_a_missing_file(tmp_path: Path) -> None:
    assert "cannot be opened: No such file" in sentence(tmp_path / "x.bin")


def test_a_name_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="is not a file name"):
        read(f"{tmp_path}/x\0.bin")


@pytest.mark.parametrize("known", formats(), ids=lambda known: known.name)
def test_readers_called_directly_speak_as_clearly(tmp_path: Path, known: Format) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("no muons here\n" * 200)
    for name in ("missing", "empty", "text", "."):
        with pytest.raises(ReadError, match=str(tmp_path)) as caught:
            known.read(tmp_path / name, MAX_BYTES)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", sorted(expected_files()) or ["real"])
def test_every_sniffer_sees_every_real_file(real: Path, name: str) -> None:
    """At most one reader claims it, and PSI-BIN is claimed by the PSI-BIN reader only."""
    head = (real / name).read_bytes()[: registry.HEAD]
    claims = [known.name for known in formats() if known.sniff(head, real / name)]
    assert len(claims) <= 1
    if name.startswith("psi-bin/") or claims == ["psi-bin"]:
        assert (name.startswith("psi-bin/"), claims) == (True, ["psi-bin"])


def test_every_sniffer_sees_every_sample() -> None:
    for path in sorted(SAMPLES.glob("*.bin")):
        with path.open("rb") as stream:
            head = stream.read(registry.HEAD)
        assert [known.name for known in formats() if known.sniff(head, path)] == ["psi-bin"]


@pytest.mark.parametrize("size", range(registry.HEAD + 1))
def test_sniffers_take_any_beginning(size: int) -> None:
    for head in (b"1N" + bytes(14), b"\x89HDF\r\n\x1a\n" + bytes(8), b"\xff" * 16):
        for known in formats():
            assert known.sniff(head[:size], Path("x")) in (True, False)


def entry_point(name: str, thing: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another package offers ``thing`` as a format."""

    class Point(metadata.EntryPoint):
        def load(self) -> object:
            return thing

    points = [Point(name=name, value=f"other:{name}", group=registry.ENTRY_POINT_GROUP)]
    monkeypatch.setattr(metadata, "entry_points", lambda group: points)


def refuse_to_read(path: Path, max_bytes: int) -> Run:
    raise ReadError(f"{path} is not read in this test")


@pytest.mark.usefixtures("fresh")
def test_two_claims_name_both_readers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    greedy = Format("greedy", "takes all", lambda head, path: True, refuse_to_read)
    entry_point("greedy", greedy, monkeypatch)
    path = tmp_path / "x.bin"
    path.write_bytes(small_file())
    assert "is claimed by psi-bin and greedy" in sentence(path)


@pytest.mark.usefixtures("fresh")
def test_an_entry_point_that_is_no_format(monkeypatch: pytest.MonkeyPatch) -> None:
    entry_point("odd", refuse_to_read, monkeypatch)
    with pytest.raises(ReadError, match="odd = other:odd .* is a function, expected a .*Format"):
        formats()


@pytest.mark.usefixtures("fresh")
def test_a_package_that_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    group = registry.ENTRY_POINT_GROUP
    for value in ("no_such_module:FORMAT", "musrcu.errors:NoSuchName"):
        points = [metadata.EntryPoint("broken", value, group)]
        monkeypatch.setattr(metadata, "entry_points", lambda group, points=points: points)
        with pytest.raises(ReadError, match=f"broken = {value} .* cannot be loaded"):
            formats()


@pytest.mark.usefixtures("fresh")
def test_a_name_taken_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    again = Format("psi-bin", "again", lambda head, path: False, refuse_to_read)
    entry_point("again", again, monkeypatch)
    with pytest.raises(ReadError, match="two readers are called 'psi-bin', one from other:again"):
        formats()
