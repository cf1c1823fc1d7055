"""Every registered component: its own checks, its derivatives, its behaviour at the edges."""

from __future__ import annotations

import itertools
from decimal import Decimal, getcontext
from typing import Any

import numpy as np
import pytest

from musrcu.errors import ModelError
from musrcu.models import registry
from musrcu.models.parameter import Check, Parameter
from musrcu.models.registry import Component, component, components, find_component

BUILT_IN = components()
CHECKS = [
    pytest.param(key, check, id=f"{key}-{k}")
    for key, made in BUILT_IN.items()
    for k, check in enumerate(made.checks)
]
OF_TIME = sorted(key for key, made in BUILT_IN.items() if made.variable == "t")
TIMES = np.array([0.0, 1e-9, 0.003, 0.5, 1.0, 2.7, 8.0, 40.0])


def typical(made: Component) -> list[list[float]]:
    """Sets of parameters inside the limits: the defaults, and two away from them."""
    sets = [[p.default for p in made.parameters]]
    for factor in (0.37, 1.61):
        row = []
        for p in made.parameters:
            value = p.default * factor + (17.0 * factor if p.kind == "phase" else 0.0)
            row.append(float(np.clip(value, p.lower or -np.inf, p.upper or np.inf)))
        sets.append(row)
    return sets


def corners(made: Component) -> list[tuple[float, ...]]:
    """Every parameter at its lower limit, at its default, or at its upper one."""
    choices = [[v for v in (p.lower, p.default, p.upper) if v is not None] for p in made.parameters]
    return list(itertools.product(*choices))


def test_the_first_components_are_there() -> None:
    assert set(BUILT_IN) >= {
        "constant",
        "exponential",
        "gaussian",
        "stretched_exponential",
        "cosine",
        "damped_cosine",
        "gaussian_cosine",
        "order_parameter",
    }


@pytest.mark.parametrize(("key", "check"), CHECKS)
def test_check(key: str, check: Check) -> None:
    made = BUILT_IN[key]
    values = [check.parameters[p.name] for p in made.parameters]
    assert len(check.parameters) == len(values)
    found = float(np.squeeze(made(check.t, *values)))
    assert found == pytest.approx(check.expected, rel=0, abs=check.tolerance), check.source


@pytest.mark.parametrize("key", BUILT_IN)
def test_entry_is_complete(key: str) -> None:
    made = BUILT_IN[key]
    assert made.key == key
    assert len(made.checks) >= 2
    assert made.formula and made.reference and made.meaning
    assert made.derivatives or made.together or not made.parameters
    for check in made.checks:
        assert check.source
    for p in made.parameters:
        assert p.meaning
        assert p.unit in ("", "1/us", "MHz", "deg", "G", "K", "meV", "A")
        assert all(
            (p.lower is None or seed >= p.lower) and (p.upper is None or seed <= p.upper)
            for seed in p.trials
        )
        # rates, widths, frequencies and temperatures are not negative; a phase is not bounded, nor
        # is the amplitude of a law, which may be that of any quantity
        unbounded = p.unit == "deg" or (p.kind == "amplitude" and p.unit == "")
        assert (p.lower is None and p.upper is None) == unbounded


@pytest.mark.parametrize("key", BUILT_IN)
def test_derivatives_against_central_differences(key: str) -> None:
    made = BUILT_IN[key]
    t = TIMES if made.variable == "t" else np.array([0.0, 0.01, 0.3, 0.36, 0.9, 1.5, 2.0])
    for values in typical(made):
        value = made.function(t, *values)
        rows = made.gradient(t, value, values)
        assert len(rows) == len(values)
        for k, row in enumerate(rows):
            numeric = five_points(made, t, values, k)
            size = np.abs(numeric).max()
            # muonium turns a million times in 40 us, which leaves ten digits of a cosine
            np.testing.assert_allclose(row, numeric, rtol=1e-7, atol=5e-8 * size + 1e-10)


def five_points(made: Component, t: np.ndarray, values: list[float], k: int) -> np.ndarray:
    """Derivative by the five-point formula: error h^4, rounding 1e-16 / h."""
    # t nu turns up to 40 times the step in a phase, so the step is small against 1/(2 pi 40)
    h = 2e-5 * max(abs(values[k]), 1.0)
    if made.parameters[k].unit == "deg":
        h = 0.1
    elif made.certificate is not None and made.certificate.phase is not None:
        # the fastest line turns by 0.01 in a step
        moved = [value + h * (n == k) for n, value in enumerate(values)]
        phase = made.certificate.phase
        h *= min(1.0, 0.01 / max(abs(phase(40.0, *moved) - phase(40.0, *values)), 1e-9))

    def at(steps: int) -> np.ndarray:
        moved = list(values)
        moved[k] += steps * h
        return np.asarray(made.function(t, *moved))

    return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h)


@pytest.mark.parametrize("key", BUILT_IN)
def test_finite_at_every_limit_from_0_to_40_us(key: str) -> None:
    made = BUILT_IN[key]
    for values in corners(made):
        value = made.function(TIMES, *values)
        assert np.isfinite(value).all(), values
        if made.parameters:
            rows = np.array(made.gradient(TIMES, value, values))
            assert rows.shape == (len(values), TIMES.size)
            assert np.isfinite(rows).all(), values


@pytest.mark.parametrize("key", OF_TIME)
def test_polarisation_starts_at_one_and_never_exceeds_it(key: str) -> None:
    made = BUILT_IN[key]
    for values in typical(made):
        start = start_value(made, dict(zip(names(made), values, strict=True)))
        assert float(made(0.0, *values)) == pytest.approx(start, abs=1e-15)
        assert (np.abs(made(TIMES, *values)) <= 1 + 1e-15).all()


def start_value(made: Component, values: dict[str, float]) -> float:
    """cos(phi), or J0(phi), of what turns; 1 of the rest."""
    phi = np.deg2rad(values.get("phi", 0.0))
    steps = np.arange(64) * np.pi / 64
    turns = np.cos(phi * np.sin(steps)).mean() if "bessel" in made.key else np.cos(phi)
    fraction = values.get("fraction", 1.0)
    seen = 0.5 if made.key == "muonium_tf_low" else 1.0  # the other half turns too fast
    return float(seen * (fraction * turns + 1.0 - fraction))


def names(made: Component) -> list[str]:
    return [p.name for p in made.parameters]


@pytest.mark.parametrize("key", BUILT_IN)
@pytest.mark.parametrize("shape", [(), (1,), (2, 3)])
def test_any_shape_of_times(key: str, shape: tuple[int, ...]) -> None:
    made = BUILT_IN[key]
    assert made(np.full(shape, 0.5), *[p.default for p in made.parameters]).shape == shape


def test_a_stretched_exponential_at_rate_zero() -> None:
    """d/dlambda is -t for beta = 1 at every rate; 0 beyond beta = 1 and without bound below it."""
    made, t = BUILT_IN["stretched_exponential"], np.array([0.0, 1.0, 5.0])
    np.testing.assert_allclose(made.gradient(t, np.ones(3), (0.0, 1.0))[0], -t, rtol=1e-12)
    np.testing.assert_allclose(made.gradient(t, np.ones(3), (0.0, 2.0))[0], 0.0, atol=1e-9)
    steep = made.gradient(t, np.ones(3), (0.0, 0.5))[0]
    assert steep[0] == 0.0
    assert (steep[1:] < -1e5).all()


def test_a_stretched_exponential_is_one_before_the_muon() -> None:
    """Half a raw bin before t0 happens, where t0 is fractional; a root of it is no number."""
    made, t = BUILT_IN["stretched_exponential"], np.array([-0.0005, 0.0])
    value = made.function(t, 0.5, 0.7)
    np.testing.assert_array_equal(value, 1.0)
    assert np.isfinite(made.gradient(t, value, (0.5, 0.7))).all()


def test_a_stretched_exponential_with_beta_one_and_two() -> None:
    t = np.linspace(0.0, 40.0, 101)
    made = BUILT_IN["stretched_exponential"]
    np.testing.assert_allclose(made(t, 0.3, 1.0), BUILT_IN["exponential"](t, 0.3), rtol=1e-14)
    # exp(-(lambda t)^2) is a Gaussian with sigma = sqrt(2) lambda: the half is in the exponent
    gaussian = BUILT_IN["gaussian"](t, 0.3 * np.sqrt(2.0))
    np.testing.assert_allclose(made(t, 0.3, 2.0), gaussian, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("rate", ["0.3", "2.5"])
def test_relaxations_with_thirty_digits(rate: str) -> None:
    getcontext().prec = 30
    for t in ("0.001", "0.7", "6.25", "40"):
        product = Decimal(rate) * Decimal(t)
        found = float(BUILT_IN["exponential"](float(t), float(rate)))
        # the rounding of the argument, x eps, is that of the value
        room = 4e-16 * (1 + float(product))
        assert found == pytest.approx(float((-product).exp()), rel=room)
        found = float(BUILT_IN["gaussian"](float(t), float(rate)))
        room = 4e-16 * (1 + float(product) ** 2)
        assert found == pytest.approx(float((-product * product / 2).exp()), rel=room)


def test_order_parameter_without_order() -> None:
    """T_N = 0 or alpha = 0 leaves no order at any temperature, and no warning."""
    made, T = BUILT_IN["order_parameter"], np.array([0.0, 0.05, 1.0])
    for T_N, alpha in [(0.0, 3.0), (0.1, 0.0), (0.0, 0.0)]:
        np.testing.assert_array_equal(made(T, 1.59, T_N, alpha, 0.12), 0.0)


def test_a_component_can_be_called_by_name() -> None:
    made = find_component("exponential")
    assert made(2.0, lambda_=0.5) == pytest.approx(np.exp(-1.0), rel=1e-15)


# --- what the registry refuses


@pytest.fixture
def only_for_this_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_components", dict(registry._components))


def declare(name: str, source: str, parameters: list[Parameter], **more: Any) -> Component:
    scope: dict[str, Any] = {}
    exec(f"def {name}({source}):\n    'A function.'\n    return t", scope)
    return component("t", parameters=parameters, reference="none", **more)(scope[name])


RATE = Parameter("rate", "1/us", 1.0, "a rate", lower=0.0)


@pytest.mark.usefixtures("only_for_this_test")
def test_a_new_component_is_found() -> None:
    made = declare("my_decay", "t, rate", [RATE])
    assert find_component("my_decay") is made
    assert made.meaning == "A function."


@pytest.mark.usefixtures("only_for_this_test")
@pytest.mark.parametrize(
    ("name", "source", "parameters", "sentence"),
    [
        ("exponential", "t, rate", [RATE], "two components are called 'exponential'; rename one"),
        ("decay", "t, speed", [RATE], r"its arguments are \['speed'\], its table says \['rate'\]"),
        ("decay", "t", [RATE], r"its arguments are \[\], its table says \['rate'\]"),
        ("decay", "t, rate", [], r"its arguments are \['rate'\], its table says \[\]"),
        ("decay2", "t, rate", [RATE], "lower case and ends in a letter"),
        ("Decay", "t, rate", [RATE], "lower case and ends in a letter"),
        ("_decay", "t, rate", [RATE], "lower case and ends in a letter"),
    ],
)
def test_registry_refuses(
    name: str, source: str, parameters: list[Parameter], sentence: str
) -> None:
    before = dict(registry._components)
    with pytest.raises(ModelError, match=sentence):
        declare(name, source, parameters)
    assert registry._components == before


@pytest.mark.parametrize(
    ("default", "lower", "upper"),
    [(-1.0, 0.0, None), (2.0, None, 1.0), (0.5, 1.0, 2.0), (float("nan"), None, None)],
)
def test_a_default_outside_its_limits_is_refused(
    default: float, lower: float | None, upper: float | None
) -> None:
    with pytest.raises(ModelError, match="parameter x: default .* outside its limits"):
        Parameter("x", "", default, "a number", lower=lower, upper=upper)


@pytest.mark.usefixtures("only_for_this_test")
def test_a_component_without_derivatives_gets_differences() -> None:
    def slow_decay(t: np.ndarray, lambda_: float, phi: float) -> np.ndarray:
        """Without derivatives."""
        return np.exp(-lambda_ * t) * np.cos(np.deg2rad(phi))

    table = [
        Parameter("lambda", "1/us", 0.5, "a rate", lower=0.0),
        Parameter("phi", "deg", 10.0, "a phase", lower=-90.0, upper=90.0),
    ]
    made = component("f", parameters=table, reference="none")(slow_decay)
    t = np.array([0.0, 1.0, 3.0])
    for lambda_, phi in [(0.5, 10.0), (0.0, 90.0)]:  # inside, and at both limits
        rows = made.gradient(t, made(t, lambda_, phi), (lambda_, phi))
        decay, angle = np.exp(-lambda_ * t), np.deg2rad(phi)
        np.testing.assert_allclose(rows[0], -t * decay * np.cos(angle), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(rows[1], -decay * np.sin(angle) * np.pi / 180, rtol=1e-4)


@pytest.mark.usefixtures("only_for_this_test")
def test_a_wrong_number_of_derivatives_is_named() -> None:
    made = declare("decay", "t, rate", [RATE], derivatives=lambda t, value, rate: (t, t))
    with pytest.raises(ModelError, match="component decay: 2 derivatives for 1 parameters"):
        made.gradient(np.ones(2), np.ones(2), (1.0,))


def test_an_unknown_component_offers_the_nearest() -> None:
    with pytest.raises(ModelError, match=r"'exponental'; did you mean 'exponential'\? \(musrcu"):
        find_component("exponental")
    with pytest.raises(ModelError, match="did you mean 'damped_cosine'"):
        find_component("dampedcosine")
