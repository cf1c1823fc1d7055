"""The one-step fit: nu0, T_N and beta from the spectra of all runs at once."""
