"""Patterns of run files: paths, globs, lists and ranges in braces."""

from __future__ import annotations

import glob
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import musrcu as mu
from musrcu.errors import ReadError
from musrcu.readers.find import MOST, find_runs


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"1N")


def names(found: list[Path], folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in found]


def test_a_path_is_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a.bin")
    assert find_runs(tmp_path / "a.bin") == [tmp_path / "a.bin"]
    assert find_runs("a.bin", tmp_path) == [tmp_path / "a.bin"]
    assert find_runs(str(tmp_path / "a.bin"), "/nowhere") == [tmp_path / "a.bin"]
    monkeypatch.chdir(tmp_path)
    assert find_runs("a.bin") == [Path("a.bin")]
    assert mu.find_runs is find_runs


def test_list_and_range_as_the_log_sheet_has_them(tmp_path: Path) -> None:
    make(tmp_path, *(f"deltat_tdc_ltf_{number:04d}.bin" for number in range(1, 30)))
    found = find_runs("deltat_tdc_ltf_{0001-0020,0025}.bin", tmp_path)
    assert names(found, tmp_path) == [
        f"deltat_tdc_ltf_{number:04d}.bin" for number in [*range(1, 21), 25]
    ]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("{9-11}.bin", ["9.bin", "10.bin", "11.bin"]),  # no padding
        ("{009..011}.bin", ["009.bin", "010.bin", "011.bin"]),
        ("{010, 009}.bin", ["010.bin", "009.bin"]),  # the order as written
        ("{9-10,9,10,9-9}.bin", ["9.bin", "10.bin"]),  # no duplicates
        ("{gps,ltf}_{1-2}.mdu", ["gps_1.mdu", "gps_2.mdu", "ltf_1.mdu", "ltf_2.mdu"]),
        ("*.bin", ["009.bin", "010.bin", "011.bin", "10.bin", "11.bin", "9.bin"]),
        ("{ltf,gps}_*.mdu", ["ltf_1.mdu", "ltf_2.mdu", "gps_1.mdu", "gps_2.mdu"]),
        ("[0-1]?.bin", ["10.bin", "11.bin"]),
        ("**/deep.bin", ["y/2019/deep.bin"]),
        ("[x].bin", ["[x].bin"]),  # a file of that very name
        ("{x-y}.bin", ["{x-y}.bin"]),
    ],
)
def test_patterns(tmp_path: Path, pattern: str, expected: list[str]) -> None:
    folder = tmp_path / "with [brackets] and {braces}"
    make(folder, "9.bin", "10.bin", "11.bin", "009.bin", "010.bin", "011.bin", "y/2019/deep.bin")
    make(folder, "gps_1.mdu", "gps_2.mdu", "ltf_1.mdu", "ltf_2.mdu", "y/z.mdu")
    (folder / "folder.bin").mkdir()
    if "x" in pattern:
        make(folder, "[x].bin", "{x-y}.bin", "x.bin")
    assert names(find_runs(pattern, folder), folder) == expected


def test_links_do_not_double_a_file(tmp_path: Path) -> None:
    """Two links to a parent folder: glob would go round through them without end."""
    make(tmp_path, "x.bin", "data/2019/y.bin", "data/.hidden/z.bin")
    (tmp_path / "data" / "up").symlink_to("..")
    (tmp_path / "data" / "2019" / "top").symlink_to("../..")
    (tmp_path / "a_link").symlink_to("data/2019")
    (tmp_path / "a.bin").symlink_to("x.bin")
    (tmp_path / "broken.bin").symlink_to("nowhere")
    (tmp_path / "itself").symlink_to("itself")
    for pattern in ("**/*.bin", "**/**/*.bin", "**", "{**/*,x}.bin"):
        assert names(find_runs(pattern, tmp_path), tmp_path) == ["data/2019/y.bin", "x.bin"]
    assert names(find_runs("*/y.bin", tmp_path), tmp_path) == ["a_link/y.bin"]
    assert names(find_runs("a_link/**/y.bin", tmp_path), tmp_path) == ["a_link/y.bin"]
    assert names(find_runs("{a,x}.bin", tmp_path), tmp_path) == ["a.bin"]
    assert names(find_runs("a.bin", tmp_path), tmp_path) == ["a.bin"]  # as it was named
    assert names(find_runs("{x,a}.bin", tmp_path), tmp_path) == ["x.bin"]


def test_any_depth_is_that_of_glob(tmp_path: Path) -> None:
    make(
        tmp_path, "a.bin", "b/a.bin", "b/c/a.bin", "b/c/d/x.bin", "e/[c]/a.bin", ".h/a.bin", "b/.a"
    )
    for pattern in ("**/a.bin", "b/**", "**/c/**/*.bin", "**/c/*", "b/**/a.bin", "**/[[]c]/*",
                    "?/**/x.bin", "**/**/d/../*.bin"):  # fmt: skip
        found = glob.glob(str(tmp_path / pattern), recursive=True)  # noqa: PTH207
        expected = sorted(path for path in map(Path, set(found)) if path.is_file())
        assert expected
        assert find_runs(pattern, tmp_path) == expected
        assert find_runs(tmp_path / pattern) == expected


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("b.bin", r"b\.bin does not exist$"),
        ("no/where/b.bin", r"b\.bin does not exist: there is no folder \S*no$"),
        ("0001-0020.bin", r"does not exist; write a range as \{0001-0020\}, in quotes"),
        ("*.nxs", r"no file matches \S*\*\.nxs$"),
        ("gone/*.nxs", r"no file matches \S*: there is no folder \S*gone$"),
        ("r_{1-9}.bin", r"^r_\{1-9\}\.bin: 7 of 9 files are missing in \S*: r_1\.bin, r_3\.bin, "
                        r"r_4\.bin, \.\.\.$"),
        ("r_{2,7}.bin", r"1 of 2 file is missing in \S*: r_7\.bin$"),
        ("{r,s}_*.bin", r"1 of 2 file is missing in \S*: s_\*\.bin$"),
        ("r_{5-2}.bin", r"the range 5-2 runs backwards; write 2-5$"),
        ("r_{1,,2}.bin", r"\{1,,2\} has an empty entry"),
        ("r_{}.bin", r"\{\} has an empty entry"),
        ("r_{1-2.bin", r"a brace is not closed"),
        ("r_{{1-2}}.bin", r"lies inside another"),
        ("r_1}.bin", r"a brace is not closed"),
        ("r_{0-999999999}.bin", rf"stands for 1000000000 files; at most {MOST}"),
        ("r_{0-999}{0-999}.bin", rf"stands for 1000000 files; at most {MOST}"),
        ("r_{1-99999999999999999999}.bin", r"are no run numbers"),
        ("", "is not a file name"),
        ("a\0*.bin", "is not a file name"),
        ("sub", r"sub is a directory; name files in it, such as \S*sub/\*\.bin$"),
        ("x" * 5000, "does not exist"),
    ],
)  # fmt: skip
def test_nothing_found_says_what_and_where(tmp_path: Path, pattern: str, text: str) -> None:
    make(tmp_path, "r_2.bin", "r_6.bin", "sub/a.bin")
    with pytest.raises(ReadError, match=text) as raised:
        find_runs(pattern, tmp_path)
    assert "\n" not in str(raised.value)


NUMBERS = st.lists(
    st.tuples(st.integers(0, 9999), st.integers(0, 12), st.integers(1, 5)), min_size=1, max_size=4
)


@given(parts=NUMBERS)
def test_every_range_is_found_whole_padded_and_once(parts: list[tuple[int, int, int]]) -> None:
    """What a pattern names is what a loop over its numbers names."""
    items, expected = [], []
    for low, more, width in parts:
        items.append(f"{low:0{width}d}-{low + more:0{width}d}" if more else f"{low:0{width}d}")
        actual = len(f"{low:0{width}d}")
        expected += [f"r{n:0{actual}d}.bin" for n in range(low, low + more + 1)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, *expected)
        found = names(find_runs("r{" + ",".join(items) + "}.bin", folder), folder)
    assert found == list(dict.fromkeys(expected))


@given(pattern=st.text(alphabet="ab01{}-,.*?[]/~ \0", max_size=12))
def test_any_text_gives_files_or_a_read_error(pattern: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, "a0", "a1", "b/0")
        try:
            found = find_runs(pattern, folder)
        except ReadError:
            return
    assert found
    assert len(set(found)) == len(found)
