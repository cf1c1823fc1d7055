from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from made_runs import made_asymmetry, made_fit

import musrcu as mu
from musrcu.errors import MusrcuError

FIRST = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}


@pytest.mark.parametrize("kind", sorted(FIRST))
def test_each_kind_is_written(kind: str, tmp_path: Path) -> None:
    axes = mu.plot.asymmetry(made_asymmetry(), made_fit())
    path = mu.plot.save(axes, tmp_path / f"run.{kind}")
    assert path == tmp_path / f"run.{kind}"
    assert path.read_bytes().startswith(FIRST[kind])
    same = mu.plot.asymmetry(made_asymmetry(), made_fit())  # as a script does when run again
    again = mu.plot.save(same.figure, tmp_path / f"again.{kind}")
    if kind != "svg":  # where matplotlib numbers clip paths by address
        assert again.read_bytes() == path.read_bytes()
    assert sorted(tmp_path.iterdir()) == sorted([path, again])  # nothing temporary is left


def test_a_png_is_one_column_at_300_dots(tmp_path: Path) -> None:
    from matplotlib.image import imread

    path = mu.plot.save(mu.plot.asymmetry(made_asymmetry()), tmp_path / "run.png")
    assert imread(path).shape[1] == pytest.approx(3.4 * 300, abs=1)
    wide = mu.plot.asymmetry(made_asymmetry(), width=6.8)
    assert imread(mu.plot.save(wide, tmp_path / "w.png")).shape[1] == pytest.approx(2040, abs=1)


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    axes = mu.plot.asymmetry(made_asymmetry())
    path = tmp_path / "run.png"
    path.write_text("mine")
    with pytest.raises(MusrcuError, match="exists and is not overwritten"):
        mu.plot.save(axes, path)
    assert path.read_text() == "mine"
    mu.plot.save(axes, path, overwrite=True)
    assert path.read_bytes().startswith(FIRST["png"])


@pytest.mark.parametrize("name", ["run.gif", "run", "run.json"])
def test_other_endings_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(MusrcuError, match=r"ends in \.png, \.pdf or \.svg"):
        mu.plot.save(mu.plot.asymmetry(made_asymmetry()), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(MusrcuError, match="cannot be written"):
        mu.plot.save(mu.plot.asymmetry(made_asymmetry()), tmp_path / "no" / "run.png")


def test_the_users_settings_are_left_alone(tmp_path: Path) -> None:
    import matplotlib

    with matplotlib.rc_context({"font.size": 23.0, "xtick.direction": "out"}):
        before = dict(matplotlib.rcParams)
        axes = mu.plot.asymmetry(made_asymmetry(), made_fit())
        mu.plot.save(axes, tmp_path / "run.svg")
        assert dict(matplotlib.rcParams) == before
        assert axes.xaxis.label.get_fontsize() == 8.0


def test_no_window_system_and_no_pyplot_is_needed(tmp_path: Path) -> None:
    program = (
        "import sys; import musrcu as mu\n"
        "assert 'matplotlib' not in sys.modules\n"
        "from made_runs import made_asymmetry\n"
        f"mu.plot.save(mu.plot.asymmetry(made_asymmetry()), {str(tmp_path / 'run.png')!r})\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    clean = {"PYTHONPATH": ":".join(path for path in sys.path if path), "MPLBACKEND": "TkAgg"}
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, env=clean)
    assert (tmp_path / "run.png").stat().st_size > 5000
