"""Stages from a run to an asymmetry: pure functions, one container in, one out."""
