"""Counts from a model and a truth file."""
