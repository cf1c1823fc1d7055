"""Several calibration runs: their mean against plain least squares, and disagreement."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import musrcu as mu
from musrcu.calibration.combined_calibration import combine_calibrations
from musrcu.containers.calibration import Calibration
from musrcu.errors import FitError

TRUTH = np.array([1.3, 0.9, 0.22])
COVARIANCE = np.array([[4e-4, 1e-4, 0.0], [1e-4, 9e-4, -4e-5], [0.0, -4e-5, 1.6e-5]])


def made(number: int, values: np.ndarray = TRUTH, scale: float = 1.0, **more: Any) -> Calibration:
    covariance = scale * COVARIANCE
    errors = np.sqrt(np.diag(covariance))
    known = {
        "forward": "1", "backward": "2", "instrument": "SIM", "run": number, "method": "counts",
        "names": ("alpha", "detector_beta", "total"),
        "correlation": covariance / np.outer(errors, errors),
        "field": 20.0 + number, "field_error": 0.1, "phase": 3.0, "phase_error": 0.1,
        "probability": 0.5,
    }  # fmt: skip
    for name, value, error in zip(known["names"], values, errors, strict=True):
        known |= {name: float(value), f"{name}_error": float(error)}
    known["correlation"] = np.round(0.5 * (known["correlation"] + known["correlation"].T), 12)
    return Calibration(**(known | more))


def thrown(rng: np.random.Generator, scale: float = 1.0) -> np.ndarray:
    return rng.multivariate_normal(TRUTH, scale * COVARIANCE)


def test_the_mean_is_that_of_least_squares() -> None:
    """Stack all numbers, whiten by the joint covariance, solve: np.linalg.lstsq knows no weights
    of ours."""
    rng = np.random.default_rng(1)
    scales = (1.0, 4.0, 0.25)
    values = [thrown(rng, scale) for scale in scales]
    found = combine_calibrations(
        [made(k, v, s) for k, (v, s) in enumerate(zip(values, scales, strict=True), 1)]
    )
    whiten = [np.linalg.inv(np.linalg.cholesky(s * COVARIANCE)) for s in scales]
    design = np.concatenate(whiten)
    seen = np.concatenate([w @ v for w, v in zip(whiten, values, strict=True)])
    mean, chi2, *_ = np.linalg.lstsq(design, seen, rcond=None)
    names, got, covariance = found.constraint("alpha", "detector_beta", "total")
    np.testing.assert_allclose(got, mean, rtol=1e-9)
    np.testing.assert_allclose(covariance, np.linalg.inv(design.T @ design), rtol=1e-5, atol=1e-10)
    assert found.names == names
    from scipy.stats import chi2 as law

    assert found.probability == pytest.approx(law.sf(chi2[0], 6), rel=1e-9)
    assert (found.run, found.runs, found.notes) == (1, (1, 2, 3), ())
    assert (found.field, found.phase) == (None, None)
    assert "from SIM 1, 2, 3 (forward 1, backward 2; counts)" in found.summary()


def test_agreement_is_chi_square_and_pulls_are_normal() -> None:
    rng = np.random.default_rng(2)
    sets = [combine_calibrations([made(k, thrown(rng)) for k in range(1, 5)]) for _ in range(300)]
    probabilities = np.array([one.probability for one in sets])
    assert abs(probabilities.mean() - 0.5) < 3.5 / np.sqrt(12 * 300)
    assert sum(bool(one.notes) for one in sets) <= 3  # 12 numbers each, 4 errors: 0.2 expected
    pulls = np.array([(one.alpha - TRUTH[0]) / one.alpha_error for one in sets])
    assert abs(pulls.mean()) < 0.03 + 3.5 / np.sqrt(300)
    assert abs(pulls.std(ddof=1) - 1) < 0.03 + 3.5 / np.sqrt(600)


def test_a_run_that_disagrees_is_named_and_errors_are_not_stretched() -> None:
    off = TRUTH + np.array([0.15, 0.0, 0.0])
    runs = [made(1), made(2), made(3, off)]
    found = combine_calibrations(runs)
    assert found.probability is not None
    assert found.probability < 1e-6
    (note,) = found.notes
    # 0.15 / sqrt(0.02^2 + 0.02^2 / 2) = 6.1
    assert note.startswith("SIM 3 disagrees: alpha = 1.45(2), 6.1 errors from 1.30(1) of the")
    assert found.alpha_error == pytest.approx(0.02 / np.sqrt(3), rel=1e-6)
    text = found.summary()
    assert "note: SIM 3 disagrees" in text
    assert "the runs do not agree within their errors" in text
    assert combine_calibrations([made(1), made(2, TRUTH + [0.05, 0.0, 0.0])]).notes == ()


def test_one_wrong_run_does_not_blame_the_one_that_outweighs_the_rest() -> None:
    """Run 1 has the weight of 30 others; run 3, nearly as heavy, is wrong and pulls their mean."""
    off = np.array([0.15, 0.0, 0.0])
    runs = [made(1, scale=0.01), made(2), made(3, TRUTH + off, 0.04), made(4), made(5)]
    (note,) = combine_calibrations(runs).notes
    assert note.startswith("SIM 3 disagrees: alpha = 1.450(4), ")
    assert note.endswith("from 1.300(2) of the others")
    two = combine_calibrations([*runs[:4], made(5, TRUTH - off)]).notes
    assert [one.split(" disagrees")[0] for one in two] == ["SIM 3", "SIM 5"]
    pair = combine_calibrations([made(1), made(2, TRUTH + off)]).notes
    assert [one.split(" disagrees")[0] for one in pair] == ["SIM 1", "SIM 2"]


def test_an_improbable_run_is_named() -> None:
    found = combine_calibrations([made(1), made(2, probability=1e-9)])
    assert found.notes == ("SIM 2: the model does not describe this run (probability 1e-09)",)


def test_the_other_way_round_is_turned() -> None:
    found = combine_calibrations([made(1), made(2).reversed()])
    assert (found.forward, found.backward) == ("1", "2")
    np.testing.assert_allclose(found.constraint("alpha", "total")[1], [1.3, 0.22], rtol=1e-6)


def test_one_run_is_itself() -> None:
    assert combine_calibrations([made(1)]) == made(1)


def test_numbers_of_detectors_detector_by_detector() -> None:
    rows = {"detectors": (1, 2), "t0_error": (0.1, 0.2), "phases_error": (1.0, 1.0)}
    runs = [
        made(1, t0=(10.0, 20.0), phases=(179.0, 3.0), **rows),
        made(2, t0=(10.2, 20.0), phases=(-179.0, 3.0), **rows),
        made(3, t0=(10.1, 21.2), phases=(-180.0, 3.0), **rows),
    ]
    found = combine_calibrations(runs)
    assert found.t0 == pytest.approx((10.1, 61.2 / 3))
    assert found.t0_error == pytest.approx((0.1 / 3**0.5, 0.2 / 3**0.5))
    assert abs(found.phases[0]) == pytest.approx(180.0)
    assert found.phases[1] == pytest.approx(3.0)
    (note,) = found.notes
    assert "SIM 3 disagrees: t0 of detector 2 = 21.2(2), 4.9 errors from 20.0(1)" in note
    bare = combine_calibrations([runs[0], made(2)])
    assert (bare.t0, bare.t0_error) == ((), ())


@pytest.mark.parametrize(
    ("runs", "sentence"),
    [
        ([], "no calibrations to combine"),
        ([made(1), made(1)], "run 1 is among the calibrations twice"),
        ([made(1), made(2, forward="3")], "their pairs are 1/2 and 3/2"),
        ([made(1), made(2, instrument="GPS")], "their instrument is 'SIM' and 'GPS'"),
        ([made(1), made(2, method="sum")], "their method is 'counts' and 'sum'"),
        ([made(1), made(2, alpha_error=0.0)], "SIM 2: alpha has no error to weigh it by"),
    ],
)
def test_what_cannot_be_combined(runs: list[Calibration], sentence: str) -> None:
    with pytest.raises(FitError, match=sentence):
        combine_calibrations(runs)


def test_it_is_public() -> None:
    assert mu.combine_calibrations is combine_calibrations


def test_bins_of_two_widths() -> None:
    """t0 counts bins: of two widths it has no mean; alpha knows no bins."""
    t0: dict[str, Any] = {"detectors": (1, 2), "t0": (9.0, 9.0), "t0_error": (0.1, 0.1)}
    with pytest.raises(FitError, match=r"SIM 1 and SIM 2 .* bins of 0.016 and 0.008 us"):
        combine_calibrations([made(1, bin_width=0.016, **t0), made(2, bin_width=0.008, **t0)])
    assert combine_calibrations([made(1, bin_width=0.016), made(2, bin_width=0.008)]).runs == (1, 2)
    one = combine_calibrations([made(1, bin_width=0.016, **t0), made(2, bin_width=0.016, **t0)])
    assert (one.bin_width, one.t0) == (0.016, (9.0, 9.0))


def test_beta_that_only_one_run_knows() -> None:
    bare = Calibration(alpha=1.3, alpha_error=0.02, forward="1", backward="2", instrument="SIM",
                       run=2, method="counts", total=0.22, total_error=0.01)  # fmt: skip
    with pytest.raises(FitError, match="only one of them has detector_beta"):
        combine_calibrations([made(1), bare])


def test_what_only_some_runs_know_is_noted() -> None:
    t0: dict[str, Any] = {"detectors": (1, 2), "t0": (9.0, 9.0), "t0_error": (0.1, 0.1)}
    found = combine_calibrations([made(1, **t0), made(2)])
    assert found.notes == ("t0 is left out: only 1 of 2 runs know it",)
    unnamed = combine_calibrations([made(1, run=None), made(1, run=None)])
    assert "runs without a number are among them" in unnamed.notes[0]


def test_any_iterable_of_calibrations_and_nothing_else() -> None:
    runs = [made(1), made(2)]
    assert combine_calibrations(one for one in runs) == combine_calibrations(runs)
    for wrong in (made(1), None, "a.toml", ["a.toml"], [made(1), 3]):
        with pytest.raises(FitError, match="calibrations"):
            combine_calibrations(wrong)  # type: ignore[arg-type]
