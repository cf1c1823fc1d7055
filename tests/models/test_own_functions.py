"""Functions of users: declared in few words, their derivatives, and what is wrong with them."""

from __future__ import annotations

import math
import multiprocessing
import pickle
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from scipy.special import j0, j1
from sent_away import value_at_one

import musrcu as mu
from musrcu.errors import ModelError
from musrcu.models import functions_file, registry
from musrcu.models.functions_file import functions_files, load_all, load_functions
from musrcu.models.registry import Component

T = np.linspace(0.0, 10.0, 300)


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test declares is gone after it."""
    registry.components()
    monkeypatch.setattr(registry, "_components", dict(registry._components))
    monkeypatch.setattr(functions_file, "_loaded", {})
    yield


def file(folder: Path, text: str, name: str = "my_models.py") -> Path:
    path = folder / name
    path.write_text("import numpy as np\nimport musrcu as mu\n\n\n" + text)
    return path


DECAY = """
@mu.component
def my_decay(t, lambda_=0.5, beta=1.2):
    "A stretched exponential."
    return np.exp(-((lambda_ * t) ** beta))
"""


# --- declaring


def test_a_plain_function_is_enough() -> None:
    @mu.component
    def my_decay(t, lambda_=0.5, beta=1.2):  # type: ignore[no-untyped-def]
        """A stretched exponential."""
        return np.exp(-((lambda_ * t) ** beta))

    assert isinstance(my_decay, Component)
    model = mu.Model("my_decay + constant")
    assert model.names == ("A1", "lambda1", "beta1", "A_bg")
    assert model.formula == "A1 my_decay(t; lambda1, beta1) + A_bg"
    assert [p.default for p in my_decay.parameters] == [0.5, 1.2]
    found = model.value_and_gradient(T, [0.2, 0.5, 1.2, 0.1])
    true = mu.Model("stretched_exponential + constant").value_and_gradient(T, [0.2, 0.5, 1.2, 0.1])
    np.testing.assert_allclose(found[0], true[0], rtol=1e-15)
    np.testing.assert_allclose(found[1], true[1], rtol=1e-13, atol=1e-15)


def test_a_function_and_a_table() -> None:
    table = [mu.Parameter("rate", "1/us", 0.5, lower=0.0)]
    made = mu.component(parameters=table)(of_a_table)
    assert made.parameters[0].lower == 0.0
    assert made.reference == ""
    np.testing.assert_allclose(made.gradient(T, made(T, 0.3), (0.3,))[0], -T * np.exp(-0.3 * T))


def of_a_table(t: np.ndarray, rate: float) -> np.ndarray:
    return np.asarray(np.exp(-rate * t))


def test_a_function_without_parameters() -> None:
    @mu.component
    def bare_ones(t):  # type: ignore[no-untyped-def]
        return np.ones_like(t)

    assert bare_ones.formula == "bare_ones(t)"
    assert mu.Model("bare_ones").value_and_gradient(T, [2.0])[0].tolist() == [2.0] * T.size


def test_an_argument_without_a_default_is_named() -> None:
    with pytest.raises(ModelError, match="component fading: the argument rate has no default"):

        @mu.component
        def fading(t, rate):  # type: ignore[no-untyped-def]
            return t


def test_a_cell_may_be_run_twice() -> None:
    """The same module may declare a name again; another one, or musrcu's own, may not be taken."""

    def declare(slope: float) -> Component:
        @mu.component
        def twice_run(t, a=1.0):  # type: ignore[no-untyped-def]
            return slope * a * t

        assert isinstance(twice_run, Component)
        return twice_run

    declare(1.0)
    declare(2.0)
    assert mu.Model("twice_run").value(3.0, [1.0, 1.0]) == 6.0
    with pytest.raises(ModelError, match="two components are called 'gaussian'; rename one"):

        @mu.component
        def gaussian(t, a=1.0):  # type: ignore[no-untyped-def]
            return t


def test_a_name_of_musrcu_is_taken_before_anything_is_loaded(tmp_path: Path) -> None:
    code = (
        "import musrcu as mu\ndef exponential(t, a=1.0): return t\n"
        "try: mu.component(exponential)\nexcept mu.MusrcuError as error: print(error)\n"
        "print(mu.Model('exponential').names)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "two components are called 'exponential'; rename one\n('A1', 'lambda1')\n"


# --- derivatives


def with_absolute(t, nu=1.0, rate=0.3):  # type: ignore[no-untyped-def]
    return np.cos(2 * np.pi * np.abs(nu) * t) * np.exp(-rate * t)


def with_bessel(t, nu=1.0):  # type: ignore[no-untyped-def]
    return j0(2 * np.pi * nu * t)


def with_loop(t, rate=1.0):  # type: ignore[no-untyped-def]
    out = np.zeros_like(t)
    for place, x in enumerate(t):
        out[place] = math.exp(-rate * x)
    return out


def with_mask(t, rate=1.0):  # type: ignore[no-untyped-def]
    out = np.zeros_like(t)
    late = t > 1
    out[late] = np.exp(-rate * t[late])  # drops an imaginary part with a warning
    return out


def with_real(t, rate=1.0, beta=1.0):  # type: ignore[no-untyped-def]
    return np.exp(-np.real(rate) * t) * (1 + t) ** -beta


DERIVATIVES = [
    (with_absolute, [1.3, 0.2], "complex step (rate), central differences (nu)",
     lambda nu, rate: (-2 * np.pi * T * np.sin(2 * np.pi * nu * T) * np.exp(-rate * T),
                       -T * np.cos(2 * np.pi * nu * T) * np.exp(-rate * T))),
    (with_bessel, [1.3], "central differences",
     lambda nu: (-2 * np.pi * T * j1(2 * np.pi * nu * T),)),
    (with_loop, [0.7], "central differences", lambda rate: (-T * np.exp(-rate * T),)),
    (with_mask, [0.7], "central differences", lambda rate: (-T * np.exp(-rate * T) * (T > 1),)),
    (with_real, [0.7, 0.4], "complex step (beta), central differences (rate)",
     lambda rate, beta: (-T * np.exp(-rate * T) * (1 + T) ** -beta,
                         -np.log1p(T) * np.exp(-rate * T) * (1 + T) ** -beta)),
]  # fmt: skip


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("function", "at", "said", "true"), DERIVATIVES, ids=lambda a: str(a)[:24])
def test_what_a_complex_step_cannot_do_differences_do(function, at, said, true) -> None:  # type: ignore[no-untyped-def]
    made = mu.component(function)
    rows = made.gradient(T, made(T, *at), at)
    assert made.numeric is not None
    assert made.numeric.text == said
    for row, expected in zip(rows, true(*at), strict=True):
        np.testing.assert_allclose(row, expected, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize("rate", [0.0, 1e-9, 3.0, 5.0])
def test_differences_stay_inside_the_limits(rate: float) -> None:
    def inside_only(t, rate):  # type: ignore[no-untyped-def]
        assert 0.0 <= rate <= 5.0
        return np.exp(-float(rate) * t)

    table = [mu.Parameter("rate", "1/us", 0.5, lower=0.0, upper=5.0)]
    made = mu.component(parameters=table)(inside_only)
    row = made.gradient(T, made(T, rate), (rate,))[0]
    np.testing.assert_allclose(row, -T * np.exp(-rate * T), atol=1e-8)


def test_a_step_that_the_function_refuses_is_made_smaller() -> None:
    def positive_only(t, rate=0.5):  # type: ignore[no-untyped-def]
        if rate <= 0:
            raise ValueError("a rate is positive")
        return np.exp(-float(rate) * t)

    made = mu.component(positive_only)
    row = made.gradient(T, made(T, 1e-3), (1e-3,))[0]
    np.testing.assert_allclose(row, -T * np.exp(-1e-3 * T), rtol=1e-6, atol=1e-9)


def test_what_ends_to_be_analytic_is_noticed_later() -> None:
    """Analytic where it is used first; the comparison comes back after a few more uses."""

    def half_analytic(t, rate=0.5):  # type: ignore[no-untyped-def]
        return np.exp(-(rate if np.real(rate) < 1 else np.real(rate)) * t)

    made = mu.component(half_analytic)
    made.gradient(T, made(T, 0.5), (0.5,))
    assert made.numeric is not None and made.numeric.text == "complex step"
    for _ in range(2):
        row = made.gradient(T, made(T, 2.0), (2.0,))[0]
    assert made.numeric.text == "central differences"
    np.testing.assert_allclose(row, -T * np.exp(-2.0 * T), atol=1e-9)


def test_differences_are_good_for_fast_lines() -> None:
    """40 us at 50 MHz: 2000 turns, where a step of a thousandth is two turns."""
    t = np.linspace(0.0, 40.0, 4001)

    def fast_line(t, nu=50.0):  # type: ignore[no-untyped-def]
        return np.cos(2 * np.pi * float(nu) * t)

    made = mu.component(fast_line)
    row = made.gradient(t, made(t, 49.3), (49.3,))[0]
    true = -2 * np.pi * t * np.sin(2 * np.pi * 49.3 * t)
    np.testing.assert_allclose(row, true, atol=1e-6 * np.abs(true).max())


# --- what goes wrong


def wrong_shape(t, a=1.0):  # type: ignore[no-untyped-def]
    return np.array([a, a])


def one_number(t, a=1.0):  # type: ignore[no-untyped-def]
    return a


def complex_result(t, a=1.0):  # type: ignore[no-untyped-def]
    return np.exp(1j * a * t)


def no_number(t, a=1.0):  # type: ignore[no-untyped-def]
    return np.array(["x"] * len(t))


def raises(t, a=1.0):  # type: ignore[no-untyped-def]
    return t[10_000] * a


class Own(Exception):
    pass


def raises_its_own(t, a=1.0):  # type: ignore[no-untyped-def]
    raise Own("not today")


BROKEN = [
    (wrong_shape, r"component wrong_shape: it returned the shape \(2,\) for times .*\(300,\)"),
    (one_number, r"component one_number: it returned the shape \(\)"),
    (complex_result, "component complex_result: it returned numbers of the type complex128"),
    (no_number, "component no_number: it returned numbers of the type <U1; expected real ones"),
    (raises, "component raises: it failed at a = 2: IndexError: index 10000 is out of bounds"),
    (raises_its_own, "component raises_its_own: it failed at a = 2: Own: not today"),
]


@pytest.mark.parametrize(("function", "sentence"), BROKEN, ids=[b[0].__name__ for b in BROKEN])
def test_a_broken_function_is_one_sentence(function, sentence) -> None:  # type: ignore[no-untyped-def]
    made = mu.component(function)
    with pytest.raises(ModelError, match=sentence):
        mu.Model(made.key).value_and_gradient(T, [1.0, 2.0])


def test_broken_derivatives_are_one_sentence() -> None:
    def whole_decay(t, a=1.0):  # type: ignore[no-untyped-def]
        return np.exp(-a * t)

    for derivatives, sentence in [
        (lambda t, value, a: (value[:3],), "derivative with respect to a has the shape"),
        (lambda t, value, a: (1 / 0,), "its derivatives failed at a = 1: ZeroDivisionError"),
        (lambda t, value, a: (value, value), "2 derivatives for 1 parameters"),
    ]:
        made = mu.component("e", derivatives=derivatives)(whole_decay)
        with pytest.raises(ModelError, match=f"component whole_decay: .*{sentence}"):
            made.gradient(T, made(T, 1.0), (1.0,))


def test_a_broken_solution_is_one_sentence() -> None:
    def solved_decay(t, a=1.0):  # type: ignore[no-untyped-def]
        return np.exp(-a * t)

    for together, sentence in [
        (lambda t, a: (t[:3], (t,)), "returned the shape"),
        (lambda t, a: (t, (t[:3],)), "derivative with respect to a has the shape"),
        (lambda t, a: t, "it failed at a = 1: ValueError"),
    ]:
        made = mu.component("e", together=together)(solved_decay)
        with pytest.raises(ModelError, match=f"component solved_decay: .*{sentence}"):
            made.value_and_gradient(T, (1.0,))
    made = mu.component("e", together=lambda t, a: (t * a, [t]))(solved_decay)
    value, rows = made.value_and_gradient(T, (2.0,))
    np.testing.assert_array_equal([value, rows[0]], [2 * T, T])


# --- files


def test_a_file_declares_what_is_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = file(tmp_path, "print('hello')\n" + DECAY)
    assert load_functions(path) == ("my_decay",)
    assert mu.Model("my_decay").value(0.0, [0.2, 0.5, 1.0]) == 0.2
    assert [one.name for one in tmp_path.iterdir()] == ["my_models.py"]  # no compiled copy
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "hello\n")
    path.write_text(path.read_text().replace("0.5", "0.7"))
    assert load_functions(str(path)) == ("my_decay",)
    assert registry.find_component("my_decay").parameters[0].default == 0.7


def test_a_file_may_import_its_neighbour(tmp_path: Path) -> None:
    file(tmp_path, DECAY, "my_neighbour_of_tests.py")
    path = file(tmp_path, "import my_neighbour_of_tests\n")
    assert load_functions(path) == load_functions(path) == ("my_decay",)
    assert str(tmp_path) not in sys.path


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x = 1\n", "my_models.py declares no function; write @mu.component above one"),
        ("\n\nfoo()\n", "my_models.py, line 7: NameError: name 'foo' is not defined"),
        ("def f(:\n", "my_models.py, line 5: SyntaxError"),
        ("raise SystemExit(3)\n", "my_models.py, line 5: SystemExit: 3"),
        ("import nothing_of_that_name\n", "line 5: ModuleNotFoundError: No module named"),
        (DECAY.replace("my_decay", "gaussian"), "two components are called 'gaussian'"),
        (DECAY + "1 / 0\n", "line 10: ZeroDivisionError: division by zero"),
    ],
)
def test_a_file_that_fails_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    before = dict(registry._components)
    with pytest.raises(ModelError, match=sentence):
        load_functions(file(tmp_path, text))
    assert registry._components == before


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nope.py: no such file or directory; --functions names"):
        load_functions(tmp_path / "nope.py")
    with pytest.raises(ModelError, match="directory; --functions names a Python file"):
        load_functions(tmp_path)
    (tmp_path / "bytes.py").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match="bytes.py"):
        load_functions(tmp_path / "bytes.py")


def test_an_unknown_name_says_how_to_declare_it() -> None:
    with pytest.raises(ModelError, match=r"your own is declared first: .* or --functions FILE"):
        mu.Model("my_decay")


# --- other processes


def test_a_new_process_runs_the_file_again(tmp_path: Path) -> None:
    load_functions(file(tmp_path, DECAY))
    model = mu.Model("my_decay")
    assert pickle.loads(pickle.dumps(model)) == model  # noqa: S301
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(value_at_one, model).result() == pytest.approx(0.2 * math.exp(-0.5))


def test_a_pool_begins_with_the_files(tmp_path: Path) -> None:
    """What the command line does: there a model may be named by its expression alone."""
    load_functions(file(tmp_path, DECAY))
    begin = {"initializer": load_all, "initargs": (functions_files(),)}
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), **begin) as pool:
        assert pool.submit(value_at_one, "my_decay").result() == pytest.approx(0.2 * math.exp(-0.5))


# --- names and arguments


def test_two_arguments_of_one_name() -> None:
    with pytest.raises(ModelError, match="component twin: two arguments are called k, .* rename"):

        @mu.component
        def twin(t, k=0.5, k_=0.3):  # type: ignore[no-untyped-def]
            return t

    assert "twin" not in registry.components()


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("tpa + constant", "two parameters A1, that of tpa and the amplitude of a term; give"),
        ("constant + tpa", "two parameters A1, that of tpa and the amplitude of a term; give"),
        ("tpa * stretch", "two parameters A1, that of tpa and the amplitude of a term; give the"),
        ("stretch1 + stretch11", None),
        ("couple1 + couple11", "two parameters k11, that of couple and that of couple; give the"),
    ],
)
def test_an_argument_with_the_name_of_another_parameter(
    expression: str, sentence: str | None
) -> None:
    @mu.component
    def tpa(t, A=0.5, t0=0.1):  # type: ignore[no-untyped-def]
        return A * t

    @mu.component
    def stretch(t, k=0.5):  # type: ignore[no-untyped-def]
        return k * t

    @mu.component
    def couple(t, k=0.5, k1=0.5):  # type: ignore[no-untyped-def]
        return k * t

    if sentence is None:
        assert len(set(mu.Model(expression).names)) == 4
        return
    with pytest.raises(ModelError, match=sentence):
        mu.Model(expression)


def test_arguments_that_have_no_place() -> None:
    def by_name(t, *, k=0.5):  # type: ignore[no-untyped-def]
        return t

    def any_number(t, *k):  # type: ignore[no-untyped-def]
        return t

    def any_name(t, **k):  # type: ignore[no-untyped-def]
        return t

    table = [mu.Parameter("k", "", 0.5)]
    for parameters in (None, table):
        for function, sentence in [
            (by_name, "component by_name: the argument k can be given by its name only"),
            (any_number, r"component any_number: \*k stands for any number of arguments"),
            (any_name, r"component any_name: \*\*k stands for any number of arguments"),
        ]:
            with pytest.raises(ModelError, match=sentence):
                mu.component(parameters=parameters)(function)


# --- what it does beside computing


@pytest.mark.parametrize("code", [0, 1, None, "enough"])
def test_a_function_cannot_end_the_program(code: object) -> None:
    @mu.component
    def quitting(t, k=0.5):  # type: ignore[no-untyped-def]
        sys.exit(code)  # type: ignore[arg-type]

    with pytest.raises(ModelError, match="component quitting: it failed at k = 0.5: SystemExit"):
        mu.Model("quitting").value_and_gradient(T, [1.0, 0.5])


def test_what_it_prints_is_no_result(capsys: pytest.CaptureFixture[str]) -> None:
    @mu.component
    def talking(t, k=0.5):  # type: ignore[no-untyped-def]
        print("here I am")  # noqa: T201
        mu.Model("inner").value(t, [1.0, 1.0])
        print("and again")  # noqa: T201
        return k * t

    @mu.component
    def inner(t, k=0.5):  # type: ignore[no-untyped-def]
        print("inside")  # noqa: T201
        return k * t

    mu.Model("talking").value(T, [1.0, 0.5])
    print("mine")  # noqa: T201
    printed = capsys.readouterr()
    assert printed.out == "mine\n"
    assert printed.err == "here I am\ninside\nand again\n"


def test_a_long_text_of_an_error_is_cut() -> None:
    @mu.component
    def wordy(t, k=0.5):  # type: ignore[no-untyped-def]
        raise ValueError("x" * 5000)

    with pytest.raises(ModelError) as caught:
        mu.Model("wordy").value(T, [1.0, 0.5])
    assert len(str(caught.value)) < 400
    assert str(caught.value).endswith("xxx ... (5000 characters)")


def test_it_gets_double_precision_and_may_divide_by_zero() -> None:
    @mu.component
    def dividing(t, k=0.5):  # type: ignore[no-untyped-def]
        assert isinstance(k, np.float64)
        return np.cos(t / k)

    k = np.float32(0.1)
    np.testing.assert_array_equal(dividing(T, k), np.cos(T / float(k)))  # type: ignore[operator]
    assert np.isnan(dividing.function(T, 0)).all()  # type: ignore[attr-defined]
