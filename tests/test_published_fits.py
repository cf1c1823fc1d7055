"""Fits of counts, and one of an asymmetry, that another program published on real files.

Its conventions (studied on its source and by running it): levels are per ns; a packed point lies at
the mean of the centres of its bins and has exp(-t/tau) of that time where we integrate over the
bin, a factor that all points share; t0 is a whole bin; the last packed bin is dropped though it is
complete. ``published.histograms`` gives the same bins at the same times. Older versions took
tau = 2.197019 us. Errors of its likelihood fits are those of half a unit of a cost that is twice
the likelihood, too small by the root of 2. Values to ten and more digits are those of the program
itself at the printed parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from published import Block, histograms, parameters, published, reduced

import musrcu as mu
from musrcu.fitting.cost import Cost
from musrcu.fitting.freedom import settle
from musrcu.fitting.histogram_data import HistogramData

GAMMA = 0.01355388094  # MHz / G
MUSR_T0 = 40  # of the file, as if it counted from 0
Own = tuple[float, float, float]
"""Phase, N0 and background of a histogram, the latter per ns."""


def cost_at(
    block: Block, model: str, cost: str, shared: Sequence[float], own: Own
) -> tuple[Cost, np.ndarray]:
    """The cost of one histogram, and printed parameters in our units."""
    data = HistogramData(block.histogram, block.t_range, False, cost)
    seen, _ = data.seen(model, set(), set())
    phase, n0, level = own
    x = np.array([*shared, phase, n0 * block.ns / block.centre, level * block.ns])
    return data.cost(settle(seen), []), x


def summed(
    blocks: Sequence[Block], model: str, cost: str, shared: Sequence[float], own: Sequence[Own]
) -> float:
    """The cost of all histograms at printed parameters."""
    pairs = zip(blocks, own, strict=True)
    made = [cost_at(block, model, cost, shared, words) for block, words in pairs]
    return sum(one(x) for one, x in made)


def of_empty(block: Block, model: str, shared: Sequence[float], own: Own) -> float:
    """Sum of the squares of the means of points without counts."""
    cost, x = cost_at(block, model, "neyman", shared, own)
    means = cost.freedom.model.value(cost.time, x)
    data = HistogramData(block.histogram, block.t_range)
    return float((means[data.counted == 0] ** 2).sum())


def joint(
    blocks: Sequence[Block], model: str, phase: str, cost: str, **words: Any
) -> mu.JointResult:
    """Phases, N0 and backgrounds of each, the rest in common; no start values."""
    result = mu.joint_fit(
        [block.histogram for block in blocks], model, local=[phase],
        t_range=blocks[0].t_range, cost=cost, **words,
    )  # fmt: skip
    assert result.valid, result.reason
    return result


def assert_near(
    ours: tuple[float, float], theirs: tuple[float, float], digit: float, times: float = 1.0
) -> None:
    """Within 0.05 of the error, and half of the last digit printed; the error within 6 %."""
    assert abs(ours[0] - theirs[0]) < 0.05 * theirs[1] + 0.51 * digit, (ours, theirs)
    assert ours[1] == pytest.approx(times * theirs[1], rel=0.06)


def of(fitted: Any, scale: float = 1.0) -> tuple[float, float]:
    return fitted.value * scale, fitted.error * scale


def levels(block: Block, run: mu.FitResult) -> tuple[tuple[float, float], tuple[float, float]]:
    """N0 and background of a histogram as that program has them."""
    return of(run["N0"], block.centre / block.ns), of(run["b"], 1 / block.ns)


# --- GPD 0423: FeSe in 100 G, two histograms -----------------------------------------------------


def test_fese_single_histograms(real: Path) -> None:
    """chi2 / NDF = 663.9 / 515, 524 points: Neyman's, packing 25."""
    one = published(real, "test-histo-PSI-BIN")
    theirs, blocks = parameters(one), histograms(real, one)
    assert sum(block.n_points for block in blocks) == 524
    result = joint(blocks, "damped_cosine", "phi1", "neyman")
    assert result.chi2 == pytest.approx(663.88, abs=0.05)
    assert result.ndof == 515
    assert result.n_free == 9
    assert_near(of(result["A1"]), theirs["Asy"], 1e-4)
    assert_near(of(result["lambda1"]), theirs["Rate"], 1e-4)
    assert_near(of(result["nu1"], 1 / GAMMA), theirs["Field"], 1e-3)
    for side, block, run in zip("LR", blocks, result.runs, strict=True):
        n0, level = levels(block, run)
        assert_near(of(run["phi1"]), theirs[f"Phase_{side}"], 0.01)
        assert_near(n0, theirs[f"N0_{side}"], 0.1)
        assert_near(level, theirs[f"Bkg_{side}"], 0.01)


def test_fese_at_the_printed_values(real: Path) -> None:
    one = published(real, "test-histo-PSI-BIN")
    p = {name: value for name, (value, _) in parameters(one).items()}
    own = [(p[f"Phase_{k}"], p[f"N0_{k}"], p[f"Bkg_{k}"]) for k in "LR"]
    shared = (p["Asy"], p["Rate"], p["Field"] * GAMMA)
    chi2 = summed(histograms(real, one), "damped_cosine", "neyman", shared, own)
    assert chi2 == pytest.approx(663.889519372563, rel=1e-11)


def test_fese_by_the_likelihood_in_raw_bins(real: Path) -> None:
    """The same without packing by Poisson's likelihood: 13,114 points, minimum 15472.40."""
    one = published(real, "test-histo-PSI-BIN")
    blocks = histograms(real, one, packing=1)
    assert sum(block.n_points for block in blocks) == 13114
    result = joint(blocks, "damped_cosine", "phi1", "poisson")
    assert result.chi2 == pytest.approx(15472.40, abs=0.01)
    assert result.ndof == 13114 - 9
    theirs = parameters(one)
    # Packing moves the amplitude by half an error: bins of 31 ns average over the line.
    assert abs(result["nu1"].value / GAMMA - theirs["Field"][0]) < 0.1 * theirs["Field"][1]
    assert abs(result["A1"].value - theirs["Asy"][0]) < theirs["Asy"][1]


# --- Pulsed sources: groups of 16 detectors, no background ---------------------------------------


def test_emu_likelihood(real: Path) -> None:
    """EMU 5989, 1704 points. Printed 2585.1 is with the older lifetime, 2582.500 with ours."""
    one = published(real, "test-histo-NeXus2")
    theirs, blocks = parameters(one), histograms(real, one, t0=16)
    p = {name: value for name, (value, _) in theirs.items()}
    model = "stretched_exponential * cosine"
    shared = (p["asym"], p["rate"], p["beta"], p["field"] * GAMMA)
    phases = {"L": p["phase"], "R": p["phase"] + p["relPhase"]}
    own = [(phases[k], p[f"Norm_{k}"], 0.0) for k in "LR"]
    assert sum(block.n_points for block in blocks) == 1704
    value = summed(blocks, model, "poisson", shared, own)
    assert value == pytest.approx(2582.500083299782, rel=1e-11)
    result = joint(blocks, model, "phi2", "poisson", fixed={"b": 0.0})
    assert value - 0.01 < result.chi2 < value
    assert result.ndof == 1696
    root = np.sqrt(2)
    assert_near(of(result["A1"]), theirs["asym"], 1e-4, root)
    assert_near(of(result["lambda1"]), theirs["rate"], 1e-4, root)
    assert_near(of(result["beta1"]), theirs["beta"], 1e-3, root)
    assert_near(of(result["nu2"], 1 / GAMMA), theirs["field"], 1e-3, root)
    for side, block, run in zip("LR", blocks, result.runs, strict=True):
        # that of the older lifetime differs by 0.06 of its error
        n0 = of(run["N0"], block.centre / block.ns)
        assert_near(n0, theirs[f"Norm_{side}"], 0.02, root)
        assert (run["phi2"].value - phases[side]) % 360 == pytest.approx(0, abs=0.01)


def test_musr_chi_square(real: Path) -> None:
    """MUSR 32482, chi2 3273.567 at the printed values, 2476 points, t0 40.

    That program gives an empty point the variance 1/16 (in 1 / (ns of a bin) counts), we give it
    1: 15 / 16 of the squares of the means of empty points, sum mu^2 x 15, are not in ours.
    """
    one = published(real, "test-histo-NeXus")
    theirs, blocks = parameters(one), histograms(real, one, t0=MUSR_T0)
    p = {name: value for name, (value, _) in theirs.items()}
    model = "stretched_exponential * cosine"
    shared = (p["asym"], p["rate"], p["beta"], p["field"] * GAMMA)
    phases = {"L": p["phase"], "R": p["phase"] + p["relPhase"]}
    own = [(phases[k], p[f"Norm_{k}"], 0.0) for k in "LR"]
    assert sum(block.n_points for block in blocks) == 2476
    ours = summed(blocks, model, "neyman", shared, own)
    empty = sum(of_empty(b, model, shared, o) for b, o in zip(blocks, own, strict=True))
    assert ours + 15 * empty == pytest.approx(3273.567078465761, rel=1e-11)
    result = joint(blocks, model, "phi2", "neyman", fixed={"beta1": 1.0, "b": 0.0})
    assert ours - 0.1 < result.chi2 < ours
    assert result.ndof == 2469
    for name, other in {"A1": "asym", "lambda1": "rate", "nu2": "field"}.items():
        value, error = of(result[name], 1 / GAMMA if name == "nu2" else 1.0)
        assert abs(value - theirs[other][0]) < 0.2 * theirs[other][1]
        assert error == pytest.approx(theirs[other][1], rel=0.06)
    for side, run in zip("LR", result.runs, strict=True):
        assert (run["phi2"].value - phases[side] + 180) % 360 - 180 == pytest.approx(0, abs=0.05)


# --- TRIUMF: an asymmetry ------------------------------------------------------------------------


def test_mud_asymmetry(real: Path) -> None:
    """M20 100: chi2 134.0 / 99 has the left-over fault of that program, 166.1 is without it."""
    one = published(real, "examples/test-asy-MUD")
    theirs = parameters(one)
    names = {"A1": ("asy", 1e-5), "lambda1": ("rate", 1e-4), "beta1": ("beta", 1e-3)}
    for left_over, printed in ((True, 133.962864525076), (False, 166.104516934836)):
        data, t_range = reduced(real, one, 1.0, left_over)
        values = [theirs[other][0] for other, _ in names.values()]
        curve = mu.Model("stretched_exponential").value(data.time, values)
        used = (data.time >= t_range[0]) & (data.time <= t_range[1])
        chi2 = float((((data.value - curve) / data.error)[used] ** 2).sum())
        assert chi2 == pytest.approx(printed, rel=1e-9)
        free = mu.fit(data, "stretched_exponential", t_range=t_range)
        assert (free.n_bins, free.ndof) == (102, 99)
        if left_over:
            assert free.chi2 == pytest.approx(134.0, abs=0.05)
            for name, (other, digit) in names.items():
                assert_near(of(free[name]), theirs[other], digit)


# --- PSI's low-energy muons: four pairs, three parameters in common ------------------------------


def test_lem_likelihood_of_four_histograms(real: Path) -> None:
    """LEM 2466, maxLH 3971.71 / 4001. N0 of left is AlphaLR NormR there, of top AlphaTB NormB."""
    one = published(real, "test-histo-MusrRoot")
    theirs, blocks = parameters(one), histograms(real, one)
    p = {name: value for name, (value, _) in theirs.items()}
    n0 = {"L": p["AlphaLR"] * p["NormR"], "R": p["NormR"], "T": p["AlphaTB"] * p["NormB"]}
    n0["B"] = p["NormB"]
    phases = {"L": p["PhaseL"]} | {k: p["PhaseL"] + p[f"RelPhase{k}"] for k in "RTB"}
    own = [(phases[k], n0[k], p[f"Bkg{k}"]) for k in "LRTB"]
    shared = (p["AsymT"], p["RateT"], p["Field"] * GAMMA)
    assert sum(block.n_points for block in blocks) == 4016
    value = summed(blocks, "gaussian_cosine", "poisson", shared, own)
    assert value == pytest.approx(3971.712951882341, rel=1e-11)
    result = joint(blocks, "gaussian_cosine", "phi1", "poisson")
    assert value - 0.02 < result.chi2 < value
    assert result.ndof == 4001
    root = np.sqrt(2)
    assert_near(of(result["A1"]), theirs["AsymT"], 1e-5, root)
    assert_near(of(result["sigma1"]), theirs["RateT"], 1e-3, root)
    assert_near(of(result["nu1"], 1 / GAMMA), theirs["Field"], 1e-3, root)
    for side, block, run in zip("LRTB", blocks, result.runs, strict=True):
        ours, level = levels(block, run)
        assert abs(ours[0] - n0[side]) < 0.1 * ours[1]
        assert_near(level, theirs[f"Bkg{side}"], 1e-3, root)
        assert (run["phi1"].value - phases[side] + 180) % 360 - 180 == pytest.approx(0, abs=0.1)
    left, right = (levels(b, r)[0][0] for b, r in zip(blocks[:2], result.runs[:2], strict=True))
    assert left / right == pytest.approx(p["AlphaLR"], abs=0.0001)


def test_lem_likelihood_of_one_histogram(real: Path) -> None:
    """LEM 2279, 249.12 / 197 (printed 124.6: an older version left out the factor of 2)."""
    one = published(real, "test-histo-ROOT-NPP")
    theirs, (block,) = parameters(one), histograms(real, one)
    p = {name: value for name, (value, _) in theirs.items()}
    own = (p["phase"], p["Norm_L"], p["BG_L"])
    value = summed([block], "damped_cosine", "poisson", (p["asym"], p["rate"], p["freq"]), [own])
    assert value == pytest.approx(249.121174864347, rel=1e-9)
    result = mu.fit(block.histogram, "damped_cosine", t_range=block.t_range, minos=["A1", "nu1"])
    assert result.valid, result.reason
    assert result.chi2 == pytest.approx(249.12, abs=0.01)
    assert result.ndof == 197
    names = {"A1": ("asym", 1e-4), "lambda1": ("rate", 1e-3), "nu1": ("freq", 1e-4)}
    for name, (other, digit) in (names | {"phi1": ("phase", 0.1)}).items():
        assert_near(of(result[name]), theirs[other], digit)
    n0, level = levels(block, result)
    assert_near(n0, theirs["Norm_L"], 0.01)
    assert_near(level, theirs["BG_L"], 0.1)
