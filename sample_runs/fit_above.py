"""One run above T_N: relaxation without precession at 112 mK. The run is SIMULATED.

python sample_runs/fit_above.py
"""

from pathlib import Path

import musrcu as mu

folder = Path(__file__).parent

# Calibration and reduction are those of the runs below T_N (see fit_below.py).
calibration = mu.calibrate(mu.read(folder / "deltat_tdc_ltf_0021.bin"))
run = mu.read(folder / "deltat_tdc_ltf_0018.bin")
recipe = mu.Reduction(forward="Back", backward="Forw", calibration=calibration)
asymmetry = mu.reduce(run, recipe)

# Above T_N the spectra were fitted with
#     A(t) = A1 exp(-sigma1^2 t^2 / 2) + A2 exp(-lambda2 t) + A_bg:
# a Gaussian for fields that stand still, an exponential for moments that fluctuate, and muons that
# stop outside the sample.
model = mu.Model("gaussian + exponential + constant")
result = mu.fit(asymmetry, model, t_range=(0.01, 8.0))

# For comparison: a precessing term in place of the Gaussian has two parameters more.
ordered = mu.Model("exponential + damped_cosine + constant")
precession = mu.fit(asymmetry, ordered, t_range=(0.01, 8.0), limits={"nu2": (0.3, None)})

print(run)
print(result.summary())
print(f"chi2 = {result.chi2:.1f} without precession, {precession.chi2:.1f} with it")
