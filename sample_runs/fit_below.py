"""One run below T_N: a muon frequency at 20 mK. The run is SIMULATED; so is its calibration.

python sample_runs/fit_below.py
"""

from pathlib import Path

import musrcu as mu

folder = Path(__file__).parent

# The balance of the two detectors along the muon spin and the total asymmetry were found from a run
# in a field of 50 G perpendicular to the spin.
calibration = mu.calibrate(mu.read(folder / "deltat_tdc_ltf_0021.bin"))

# The asymmetry (F - alpha B) / (F + alpha B) was formed from the detector that the spin points to
# (F, at PSI called Back) and the opposite one (B), after the flat background, measured before the
# muon arrives, had been subtracted from each.
run = mu.read(folder / "deltat_tdc_ltf_0001.bin")
recipe = mu.Reduction(forward="Back", backward="Forw", calibration=calibration)
asymmetry = mu.reduce(run, recipe)

# Below T_N the spectra were fitted with
#     A(t) = A1 exp(-lambda1 t) + A2 exp(-lambda2 t) cos(2 pi nu2 t + phi2) + A_bg:
# muons whose spin relaxes, muons that precess in the field of the ordered moments, and muons that
# stop outside the sample. No start values are given.
model = mu.Model("exponential + damped_cosine + constant")
result = mu.fit(asymmetry, model, t_range=(0.01, 8.0))

print(run)
print(calibration.summary())
print(asymmetry.history)
print(result.summary())
