from __future__ import annotations

import configparser
import importlib
from pathlib import Path

import pytest

import musrcu as mu
from musrcu.errors import MusrcuError
from musrcu.instrument_table import INSTRUMENTS
from musrcu.readers.registry import BUILT_IN, formats


def row(text: str, name: str) -> str:
    return next(line for line in text.split("\n") if line.split()[:1] == [name])


def test_every_format() -> None:
    text = mu.catalogue("formats")
    for known in formats():
        assert known.title in row(text, known.name)
        assert known.title in mu.catalogue("formats", known.name)
        assert known.where in row(text, known.name)


def test_what_a_format_needs_and_whether_it_is_written() -> None:
    text = mu.catalogue("formats")
    assert row(text, "psi-bin").split()[-2:] == ["-", ".bin"]
    assert row(text, "isis-nexus-v2").endswith(".nxs, .nexus, .nxs_v2")
    assert row(text, "musr-root").split()[-4:] == ["pip", "install", '"musrcu[root]"', "-"]
    assert row(text, "mud").split()[-2:] == ["-", "-"]
    assert 'HDF4 files: pip install "musrcu[hdf4]"' in row(text, "isis-nexus-v1")
    one = mu.catalogue("formats", "isis-nexus-v2")
    assert "  written as: .nxs, .nexus, .nxs_v2" in one
    assert "  written as" not in mu.catalogue("formats", "mud")
    assert "  needs" not in mu.catalogue("formats", "mud")


def test_every_built_in_format_says_where_and_its_extra_exists() -> None:
    setup = configparser.ConfigParser()
    setup.read(Path(__file__).parents[2] / "setup.cfg", encoding="utf-8")
    extras = setup["options.extras_require"]
    for place in BUILT_IN:
        known = importlib.import_module(place.split(":")[0]).FORMAT
        assert known.where, known.name
        assert not known.extra or known.extra in extras, known.name


def test_every_instrument() -> None:
    text = mu.catalogue("instruments")
    for known in INSTRUMENTS:
        assert known.facility in row(text, known.name)
        assert known.evidence in mu.catalogue("instruments", known.name)
    # forward is where the spin points
    assert row(text, "LTF").split()[-5:] == ["Back", "Forw", "Rite", "/", "Left"]
    both = mu.catalogue("instruments", "musr")
    assert "32 detectors: forward 1-16, backward 17-32" in both
    assert "64 detectors: forward 33-64, backward 1-32" in both
    assert "also called: HIF" in mu.catalogue("instruments", "hif")
    assert "transverse pair, 64 detectors: forward 9-16,57-64" in both
    lem = mu.catalogue("instruments", "LEM")
    across = "transverse pair, 8 detectors: forward 1,5, backward 3,7 (L_D,L_U and R_D,R_U), to be"
    assert across in lem
    assert lem.count("to be checked: the spin may be rotated") == 1
    assert "files: lem{yy}_his_{run}.root" in lem


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (("model",), "no catalogue is called 'model'; did you mean 'models'"),
        (("models", "damped_cosin"), "did you mean 'damped_cosine'"),
        (("formats", "psibin"), "no format is called 'psibin'; did you mean 'psi-bin'"),
        (("instruments", "GSP"), "no instrument is called 'GSP'; did you mean 'GPS'"),
        (("formats", "zzz"), r"no format is called 'zzz' \(known: psi-bin, "),
    ],
)
def test_a_wrong_name_offers_the_nearest(asked: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(MusrcuError, match=sentence):
        mu.catalogue(*asked)
