"""What a test sends to a process of its own, which knows this module but no file of tests."""

from __future__ import annotations

import musrcu as mu


def same(model: mu.Model) -> mu.Model:
    return model


def value_at_one(model: mu.Model | str) -> float:
    """Of a model of one decay, 1 µs after the muon."""
    model = mu.Model(model) if isinstance(model, str) else model
    return float(model.value(1.0, [0.2, 0.5, 1.0]))
