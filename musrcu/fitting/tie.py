"""Ties between parameters, ``lambda2 = "2*lambda1"``: parsed, never executed, with derivatives."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from musrcu.errors import ModelError

Dual = tuple[float, dict[str, float]]
"""A value and its derivative by each parameter in it."""

FUNCTIONS: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "sqrt": (math.sqrt, lambda x: 0.5 / math.sqrt(x)),
    "exp": (math.exp, math.exp),
    "log": (math.log, lambda x: 1 / x),
    "sin": (math.sin, math.cos),
    "cos": (math.cos, lambda x: -math.sin(x)),
    "tan": (math.tan, lambda x: 1 / math.cos(x) ** 2),
    "atan": (math.atan, lambda x: 1 / (1 + x * x)),
}
CONSTANTS = {"pi": math.pi}
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
            return _evaluate(self.tree, values)
        except (ZeroDivisionError, ValueError, OverflowError):
            return math.nan, dict.fromkeys(self.names, math.nan)


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


def _evaluate(node: ast.expr, values: Mapping[str, float]) -> Dual:
    match node:
        case ast.Constant(value=number):
            return float(number), {}  # type: ignore[arg-type]
        case ast.Name(id=name):
            return (
                (CONSTANTS[name], {}) if name in CONSTANTS else (float(values[name]), {name: 1.0})
            )
        case ast.UnaryOp(op=op, operand=operand):
            value, slope = _evaluate(operand, values)
            sign = -1.0 if isinstance(op, ast.USub) else 1.0
            return sign * value, {name: sign * d for name, d in slope.items()}
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            function, derivative = FUNCTIONS[name]
            value, slope = _evaluate(argument, values)
            return function(value), {n: derivative(value) * d for n, d in slope.items()}
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(op, _evaluate(left, values), _evaluate(right, values))
    raise ModelError(f"{ast.dump(node)} in a tie")


def _binary(op: ast.operator, left: Dual, right: Dual) -> Dual:
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
            value = math.pow(a, b)
            by_a = b * math.pow(a, b - 1) if da else 0.0
            by_b = value * math.log(a) if db else 0.0
    names = da.keys() | db.keys()
    return value, {n: by_a * da.get(n, 0.0) + by_b * db.get(n, 0.0) for n in names}
