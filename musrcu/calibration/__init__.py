"""What calibration runs say of a spectrometer: balance, dead times, phases."""
