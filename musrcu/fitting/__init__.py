"""Costs, start values, the minimum, and what is known about it."""
