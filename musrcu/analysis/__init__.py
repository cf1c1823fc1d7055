"""Series of runs: calibration, the scan in temperature, the order parameter."""
