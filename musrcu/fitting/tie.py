"""Ties between parameters, ``lambda2 = "2*lambda1"``: parsed, never executed, with derivatives."""

from __future__ import annotations

import ast
import cmath
import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from musrcu.constants import GAMMA_MU_OVER_2PI
from musrcu.errors import ModelError

Dual = tuple[float, dict[str, float]]
"""A value and its derivative by each parameter in it."""
Functions = dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]]
"""Functions and their derivatives by name."""


def _functions(kit: Any) -> Functions:
    """The functions of a tie from :mod:`math`, or from :mod:`cmath` for derivatives of them."""
    return {
        "sqrt": (kit.sqrt, lambda x: 0.5 / kit.sqrt(x)),
        "exp": (kit.exp, kit.exp),
        "log": (kit.log, lambda x: 1 / x),
        "sin": (kit.sin, kit.cos),
        "cos": (kit.cos, lambda x: -kit.sin(x)),
        "tan": (kit.tan, lambda x: 1 / kit.cos(x) ** 2),
        "atan": (kit.atan, lambda x: 1 / (1 + x * x)),
    }


FUNCTIONS = _functions(math)
COMPLEX = _functions(cmath)
CONSTANTS = {"pi": math.pi, "gamma_mu": GAMMA_MU_OVER_2PI}
"""``gamma_mu`` is that of nu = gamma_mu * field, MHz/G."""
TINY = 1e-30
"""Step into the complex plane, which costs a derivative no digits."""
LONGEST = 500
DEEPEST = 60
"""Levels of brackets, signs and operators inside each other."""


@dataclass(frozen=True, slots=True)
class Tie:
    """An arithmetic expression of other parameters."""

    text: str
    tree: ast.expr
    names: frozenset[str]
    """Parameters in it."""

    def evaluate(self, values: Mapping[str, float]) -> Dual:
        """(value, derivative by parameter) at ``values``; NaN where it is undefined there."""
        try:
            found = _evaluate(self.tree, {name: float(values[name]) for name in self.names})
        except (ZeroDivisionError, ValueError, OverflowError):
            return math.nan, dict.fromkeys(self.names, math.nan)
        return float(found[0]), found[1]

    def curvature(self, values: Mapping[str, float]) -> dict[tuple[str, str], float]:
        """Second derivatives by pairs of parameters, both orders; NaN where it is undefined."""
        found: dict[tuple[str, str], float] = {}
        for name in self.names:
            turned = {one: complex(values[one], TINY * (one == name)) for one in self.names}
            try:
                slopes = _evaluate(self.tree, turned, COMPLEX)[1]
            except (ZeroDivisionError, ValueError, OverflowError):
                slopes = dict.fromkeys(self.names, complex(math.nan, math.nan))
            for other, slope in slopes.items():
                found[name, other] = complex(slope).imag / TINY
        return found

    @property
    def proportional(self) -> bool:
        """Whether it is one parameter, or a number times it or over a number."""
        match self.tree:
            case ast.Name():
                return True
            case ast.BinOp(left=ast.Name(), op=ast.Mult() | ast.Div(), right=ast.Constant()):
                return True
            case ast.BinOp(left=ast.Constant(), op=ast.Mult(), right=ast.Name()):
                return True
        return False

    def bound(self, known: Mapping[str, float]) -> Tie:
        """The same with numbers in the place of some names."""
        tree = _Bound(known).visit(copy.deepcopy(self.tree))
        return Tie(self.text, tree, self.names - known.keys())


def parse_tie(text: str) -> Tie:
    """A tie from its text: numbers, parameter names, + - * / **, brackets and a few functions.

    Raises
    ------
    ModelError if the text holds anything else.
    """
    if len(text) > LONGEST:
        raise ModelError(f"a tie of {len(text)} characters; at most {LONGEST} are taken")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ModelError(f"tie {text!r} is not an arithmetic expression") from error
    names: set[str] = set()
    _check(tree, text, names, 0)
    return Tie(text, tree, frozenset(names))


def _check(node: ast.expr, text: str, names: set[str], depth: int) -> None:
    if depth > DEEPEST:
        raise ModelError(f"tie {text!r} is nested deeper than {DEEPEST} levels; write it shorter")
    match node:
        case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
            return
        case ast.Name(id=name):
            if name not in CONSTANTS:
                names.add(name)
        case ast.UnaryOp(op=ast.UAdd() | ast.USub(), operand=operand):
            _check(operand, text, names, depth + 1)
        case ast.BinOp(
            left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() | ast.Pow(), right=right
        ):
            _check(left, text, names, depth + 1)
            _check(right, text, names, depth + 1)
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
            _check(argument, text, names, depth + 1)
        case _:
            found = ast.get_source_segment(text.strip(), node) or text
            raise ModelError(
                f"tie {text!r}: {found!r} is not allowed; use numbers, parameter names, "
                f"+ - * / ** and {', '.join(FUNCTIONS)}"
            )


class _Bound(ast.NodeTransformer):
    """Puts numbers in the place of names."""

    def __init__(self, known: Mapping[str, float]) -> None:
        self.known = known

    def visit_Name(self, node: ast.Name) -> ast.expr:  # noqa: N802
        """A number where one is known."""
        return ast.Constant(float(self.known[node.id])) if node.id in self.known else node


def _evaluate(node: ast.expr, values: Mapping[str, Any], functions: Functions = FUNCTIONS) -> Any:
    match node:
        case ast.Constant(value=number):
            return float(number), {}  # type: ignore[arg-type]
        case ast.Name(id=name):
            return (CONSTANTS[name], {}) if name in CONSTANTS else (values[name], {name: 1.0})
        case ast.UnaryOp(op=op, operand=operand):
            value, slope = _evaluate(operand, values, functions)
            sign = -1.0 if isinstance(op, ast.USub) else 1.0
            return sign * value, {name: sign * d for name, d in slope.items()}
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            function, derivative = functions[name]
            value, slope = _evaluate(argument, values, functions)
            return function(value), {n: derivative(value) * d for n, d in slope.items()}
        case ast.BinOp(left=left, op=op, right=right):
            pair = _evaluate(left, values, functions), _evaluate(right, values, functions)
            return _binary(op, *pair, functions)
    raise ModelError(f"{ast.dump(node)} in a tie")


def _binary(op: ast.operator, left: Any, right: Any, functions: Functions) -> Any:
    (a, da), (b, db) = left, right
    match op:
        case ast.Add():
            value, by_a, by_b = a + b, 1.0, 1.0
        case ast.Sub():
            value, by_a, by_b = a - b, 1.0, -1.0
        case ast.Mult():
            value, by_a, by_b = a * b, b, a
        case ast.Div():
            value, by_a, by_b = a / b, 1 / b, -a / b**2
        case _:
            power = math.pow if functions is FUNCTIONS else pow
            value = power(a, b)
            by_a = b * power(a, b - 1) if da else 0.0
            # 0 to any power above 0 stays 0
            by_b = value * functions["log"][0](a) if db and value != 0 else 0.0
    names = da.keys() | db.keys()
    return value, {n: by_a * da.get(n, 0.0) + by_b * db.get(n, 0.0) for n in names}
