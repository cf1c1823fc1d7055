"""The whole scan: from twenty runs to T_N and beta. The runs are SIMULATED.

python sample_runs/scan_to_TN.py
"""

from pathlib import Path

import musrcu as mu

folder = Path(__file__).parent

# Detector balance and total asymmetry were found from a run in a transverse field of 50 G.
calibration = mu.calibrate(mu.read(folder / "deltat_tdc_ltf_0021.bin"))
recipe = mu.Reduction(forward="Back", backward="Forw", calibration=calibration)

# Asymmetry spectra were measured in zero field at twenty temperatures from 20 to 130 mK. Each was
# fitted with and without a precessing term; where the term lowers chi2 by more than its parameters
# can explain, the run is ordered. The bracket of T_N follows from these verdicts alone.
files = mu.find_runs(folder / "deltat_tdc_ltf_{0001-0020}.bin")
scan = mu.fit_scan(
    files,
    recipe,
    ordered="exponential + damped_cosine + constant",
    paramagnetic="gaussian + exponential + constant",
    t_range=(0.01, 8.0),
    limits={"A1": (0.0, None), "A2": (0.0, None)},  # both parts of the sample relax from above 0
)

# The precession frequency of the ordered runs was fitted with
#     nu(T) = nu0 [1 - (T/T_N)^alpha]^beta, alpha = 3,
# taking the errors of both the frequency and the temperature into account.
order = mu.fit_order_parameter(scan, parameter="nu2", alpha=3.0)

print(scan.summary())
print()
print(order.summary())
