"""Frequencies: Fourier spectra and periodograms of asymmetries and counts."""
