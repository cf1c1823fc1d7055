"""The nouns: what a file becomes on its way to a fit. NumPy only, frozen, every array read-only."""
