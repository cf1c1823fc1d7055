"""Comparing models: what a fit left in its residuals, and which of several models the data want."""
