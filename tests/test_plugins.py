"""What another package can add: two files on the path, no change in musrcu."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import musrcu
from musrcu.containers.asymmetry import Asymmetry
from musrcu.containers.history import History
from musrcu.containers.run import Run
from musrcu.models import registry as models
from musrcu.readers import registry

Install = Callable[[str, str, str], None]

FORMAT_MODULE = """
import numpy as np
from musrcu.containers.run import Run
from musrcu.errors import ReadError
from musrcu.readers.registry import Format


def read_counts(path, max_bytes):
    lines = path.read_text().splitlines()
    if len(lines) < 3:
        raise ReadError(f"{path} has {len(lines)} lines, expected a title and two detectors")
    counts = np.array([[int(word) for word in line.split()] for line in lines[1:]])
    n = len(counts)
    return Run(
        counts=counts[np.newaxis], bin_width=0.016, t0=np.zeros(n),
        first_good=np.zeros(n, int), last_good=np.full(n, counts.shape[1] - 1),
        labels=("",) * n, source="pulsed", title=lines[0].removeprefix("COUNTS "),
    )


FORMAT = Format("counts-text", "Counts as text", lambda head, path: head[:6] == b"COUNTS",
                read_counts)
"""

MODEL_MODULE = """
import numpy as np
from musrcu.models.parameter import Check, Parameter
from musrcu.models.registry import component


def derivatives(t, value, rate, power):
    x = 1 + rate * t
    return -power * t * value / x, -np.log(x) * value


@component(
    "(1 + rate t)^-power",
    parameters=[
        Parameter("rate", "1/us", 0.5, "relaxation rate", lower=0.0),
        Parameter("power", "", 1.0, "exponent", lower=0.1, upper=5.0),
    ],
    derivatives=derivatives,
    checks=[Check({"rate": 0.5, "power": 1.5}, t=2.0, expected=0.35355339059327, source="2^-1.5")],
    reference="none",
)
def power_of_time(t, rate, power):
    "Power law."
    return (1 + rate * t) ** -power
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a distribution of one module on the path, with one entry point of a group.

    ``install(code, group, entry)`` writes the module ``musrcu_extra`` and its metadata, as an
    installer would, but without one. What musrcu remembers of entry points is forgotten before
    and after.
    """
    caches = [registry.formats, models._load]
    known_components = models.components()

    def put(code: str, group: str, entry: str) -> None:
        site = tmp_path / "site"
        metadata = site / "musrcu_extra-1.0.dist-info"
        metadata.mkdir(parents=True)
        (site / "musrcu_extra.py").write_text(code)
        (metadata / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: musrcu-extra\nVersion: 1.0\n"
        )
        (metadata / "entry_points.txt").write_text(f"[{group}]\n{entry}\n")
        monkeypatch.syspath_prepend(site)
        importlib.invalidate_caches()
        for cache in caches:
            cache.cache_clear()

    yield put
    monkeypatch.undo()
    sys.modules.pop("musrcu_extra", None)
    models._components.clear()
    models._components.update(known_components)
    for cache in caches:
        cache.cache_clear()


def test_other_package_adds_a_format(install: Install, tmp_path: Path) -> None:
    path = tmp_path / "run.txt"
    path.write_text("COUNTS a run of two detectors\n1 2 3 4\n5 6 7 8\n")
    with pytest.raises(musrcu.ReadError, match="which no reader knows"):
        musrcu.read(path)

    install(FORMAT_MODULE, registry.ENTRY_POINT_GROUP, "counts = musrcu_extra:FORMAT")

    assert "counts-text" in [known.name for known in registry.formats()]
    run = musrcu.read(path)
    np.testing.assert_array_equal(run.counts, [[[1, 2, 3, 4], [5, 6, 7, 8]]])
    assert (run.format, run.title, run.path) == ("counts-text", "a run of two detectors", path)
    path.write_text("COUNTS cut\n")
    with pytest.raises(musrcu.ReadError, match="has 1 lines, expected"):
        musrcu.read(path)


def falling(t: np.ndarray, value: np.ndarray) -> Asymmetry:
    run = Run(
        counts=np.ones((1, 1, 1), dtype=int),
        bin_width=0.01,
        t0=[0.0],
        first_good=[0],
        last_good=[0],
        labels=("",),
        source="pulsed",
    )
    return Asymmetry(
        time=t,
        value=value,
        error=np.full(t.size, 0.002),
        bin_width=float(t[1] - t[0]),
        packing=1,
        alpha=1.0,
        run=run,
        history=History(),
    )


def test_other_package_adds_a_model_that_is_fitted_by_name(install: Install) -> None:
    with pytest.raises(musrcu.MusrcuError, match="no component is called 'power_of_time'"):
        musrcu.Model("power_of_time + constant")

    install(MODEL_MODULE, models.ENTRY_POINT_GROUP, "power = musrcu_extra")

    model = musrcu.Model("power_of_time + constant")
    assert model.names == ("A1", "rate1", "power1", "A_bg")
    check = models.find_component("power_of_time").checks[0]
    assert model.value(check.t, [1.0, 0.5, 1.5, 0.0]) == pytest.approx(check.expected, abs=1e-13)
    t = np.linspace(0.0, 8.0, 800)
    noise = np.random.default_rng(1).normal(0.0, 0.002, t.size)
    data = falling(t, 0.2 / (1 + 1.5 * t) ** 1.2 + 0.05 + noise)
    result = musrcu.fit(data, "power_of_time + constant", fixed={"power": 1.2})
    assert result.valid, result.reason
    for name, truth in {"A1": 0.2, "rate": 1.5, "A_bg": 0.05}.items():
        found = result[name]
        assert found.value is not None and found.error is not None
        assert abs(found.value - truth) < 4 * found.error < 0.4 * truth


@pytest.mark.parametrize(
    ("code", "entry"),
    [
        ("", "power = musrcu_missing"),
        ("", "power = musrcu_extra:power_of_time"),
        ("import nope", None),
    ],
)
def test_a_package_that_cannot_be_loaded_is_named(
    install: Install, code: str, entry: str | None
) -> None:
    install(code, models.ENTRY_POINT_GROUP, entry or "power = musrcu_extra")
    with pytest.raises(musrcu.MusrcuError, match="entry point power = .* cannot be loaded"):
        musrcu.Model("exponential")


def test_after_it_is_gone_nothing_is_left() -> None:
    assert "power_of_time" not in models.components()
