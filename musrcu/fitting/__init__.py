"""Fits: cost, start values, minimum, judgement and result."""
