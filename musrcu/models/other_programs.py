"""What other programs call the functions that are here: data, looked up only when asked for.

Names and parameters were read in the sources and manuals of musrfit and Mantid; those of WiMDA are
its types of oscillation and relaxation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A function of another program and what it is here."""

    program: str
    name: str
    here: str
    """Expression of a model; empty where there is none."""
    difference: str = ""
    """Of convention, in a few words: how its parameters become those here, or why there is none."""
    short: str = ""
    """Another spelling in the same program."""

    @property
    def sentence(self) -> str:
        """``Mantid's GausDecay is gaussian here (sigma = sqrt2 Sigma)``."""
        note = f" ({self.difference})" if self.difference else ""
        what = f"is {self.here}" if self.here else "is not"
        return f"{self.program}'s {self.name} {what} here{note}"


FIELD = "B_LF = frequency / 0.01355 MHz/G"
PHASE_FIRST = "the phase comes first there"
RADIANS = "Phi in rad there"
NO_HALF = "no half in the exponent there: sigma = sqrt2 Sigma"
OWN = "declare your own, see mu.component"

MUSRFIT = (
    ("const", "constant", "", "c"),
    ("asymmetry", "", "every term has its amplitude, A1, A2, ...", "a"),
    ("simplExpo", "exponential", "", "se"),
    ("generExpo", "stretched_exponential", "", "ge"),
    ("simpleGss", "gaussian", "", "sg"),
    ("statGssKt", "gaussian_kt", "", "stg"),
    ("statGssKTLF", "gaussian_kt_lf", f"frequency there: {FIELD}", "sgktlf"),
    (
        "dynGssKTLF",
        "dynamic_gaussian_kt_lf",
        f"frequency there: {FIELD}; Keren's formula there for hop above 5 delta",
        "dgktlf",
    ),
    ("statExpKT", "lorentzian_kt", "", "sekt"),
    ("statExpKTLF", "lorentzian_kt_lf", f"frequency there: {FIELD}", "sektlf"),
    ("dynExpKTLF", "dynamic_lorentzian_kt_lf", f"frequency there: {FIELD}", "dektlf"),
    ("combiLGKT", "voigtian_kt", "", "lgkt"),
    ("strKT", "interpolating_kt", "", "skt"),
    ("spinGlass", "uemura_spin_glass", "rate is a, order is Q", "spg"),
    ("rdAnisoHf", "", "random anisotropic hyperfine coupling", "rahf"),
    ("abragam", "abragam", "rate is delta", "ab"),
    ("TFieldCos", "cosine", PHASE_FIRST, "tf"),
    ("internFld", "internal_field", "Trate is lambda_T, Lrate is lambda_L", "if"),
    ("internFldGK", "kornilov_gaussian", "Trate is sigma, Lrate is lambda_L", "ifgk"),
    ("internFldLL", "kornilov_lorentzian", "Trate is a, Lrate is lambda_L", "ifll"),
    ("bessel", "bessel", PHASE_FIRST, "b"),
    ("internBsl", "internal_bessel", "Trate is lambda_T, Lrate is lambda_L", "ib"),
    ("skewedGss", "", f"a line with two widths; {OWN}", "skg"),
    ("staticNKZF", "broadened_kt", "width = R_b damping_D0", "snkzf"),
    ("staticNKTF", "", f"Noakes-Kalvius in a transverse field; {OWN}", "snktf"),
    ("dynamicNKZF", "", "Noakes-Kalvius with fluctuations; broadened_kt is static", "dnkzf"),
    ("dynamicNKTF", "", "Noakes-Kalvius with fluctuations in a transverse field", "dnktf"),
    ("muMinusExpTF", "", "counts of negative muons; positive ones only", "mmsetf"),
    ("polynom", "", OWN, "p"),
    ("userFcn", "", f"{OWN}, or --functions FILE", "u"),
)

MANTID = (
    ("FlatBackground", "constant", "", ""),
    ("ExpDecay", "exponential", "lambda = 1 / Lifetime", ""),
    ("ExpDecayMuon", "exponential", "", ""),
    ("GausDecay", "gaussian", NO_HALF, ""),
    ("StretchExpMuon", "stretched_exponential", "", ""),
    ("StretchExp", "stretched_exponential", "lambda = 1 / Lifetime, beta is Stretching", ""),
    ("ExpDecayOsc", "damped_cosine", RADIANS, ""),
    ("GausOsc", "gaussian_cosine", f"{NO_HALF}; {RADIANS}", ""),
    ("Bessel", "bessel", RADIANS, ""),
    ("GaussBessel", "bessel * gaussian + constant", f"amplitudes 2/3 and 1/3; {RADIANS}", ""),
    (
        "DampedBessel",
        "internal_bessel",
        f"fraction = 1 - FractionL, nu = 0.01355 MHz/G Field, lambda_T = LambdaL + LambdaT; "
        f"{RADIANS}",
        "",
    ),
    ("ModOsc", "cosine * bessel", "one Phi for both there, in rad", ""),
    ("TriangleOsc", "", OWN, ""),
    ("StaticKuboToyabe", "gaussian_kt", "", ""),
    ("StaticKuboToyabeTimesExpDecay", "gaussian_kt * exponential", "", ""),
    ("StaticKuboToyabeTimesGausDecay", "gaussian_kt * gaussian", NO_HALF, ""),
    ("StaticKuboToyabeTimesStretchExp", "gaussian_kt * stretched_exponential", "", ""),
    ("DynamicKuboToyabe", "dynamic_gaussian_kt_lf", "hop is Nu; no BinWidth to choose here", ""),
    ("StaticLorentzianKT", "lorentzian_kt_lf", "", ""),
    ("CombGaussLorentzKT", "voigtian_kt", "a is Lambda", "CombGaussLorenKT"),
    ("StretchedKT", "interpolating_kt", "lambda is Sigma", ""),
    ("GauBroadGauKT", "broadened_kt", "delta is Delta0, width = R Delta0", "GausBroadGausKT"),
    ("Keren", "keren", "hop is Fluct", ""),
    ("Abragam", "abragam * cosine", f"hop = 1 / Tau, nu = Omega / 2 pi; {RADIANS}", ""),
    ("SpinGlass", "uemura_spin_glass", "a is Width, hop is Nu", ""),
    ("PCRmagnet", "gaussian_internal_field", "fraction 2/3, lambda_L 0, nu = 0.01355 MHz/G H0", ""),
    ("PCRmagnetZFKT", "kornilov_gaussian", "fraction 2/3, lambda_L 0, nu = 0.01355 MHz/G H0", ""),
    ("AFMZF", "gaussian_internal_field", f"fraction = sin^2(Angle), lambda_L 0; {RADIANS}", ""),
    ("AFMLF", "", "an ordered magnet in a longitudinal field", ""),
    (
        "FmuF",
        "f_mu_f * exponential * gaussian",
        "r = (0.3599 MHz / FreqD)^(1/3) angstrom",
        "",
    ),
    (
        "MuonFInteraction",
        "f_mu_f * stretched_exponential",
        "r = (2.2615 rad/us / Omega)^(1/3) angstrom",
        "",
    ),
    (
        "MuH",
        "mu_f * exponential * gaussian",
        "r = (0.3599 MHz / NuD)^(1/3) angstrom if it is fluorine; other nuclei: "
        "mu.dipolar_component",
        "",
    ),
    ("Meier", "", "quadrupole splitting; without it mu.dipolar_component", ""),
    ("ZFMuonium", "muonium_axial", "D_hf = 2 FreqD; FCut, phase and no 1/6 there", ""),
    ("TFMuonium", "muonium_tf", "+Phi on all four lines there, in rad", ""),
    ("LowTFMuonium", "muonium_tf_low", "phi = -Phi, in rad there", ""),
    ("HighTFMuonium", "muonium_tf_high", "A_hf is Freq; Phi in rad there", ""),
    ("MuMinusExpTF", "", "counts of negative muons; positive ones only", ""),
    ("MuoniumDecouplingCurve", "repolarisation + constant", "A_hf = 2.816 MHz/G B0", ""),
    ("Redfield", "redfield", "hop = 1 / Tau, delta = gamma_mu Hloc; no 2 pi in gamma there", ""),
    ("MagneticOrderParameter", "order_parameter", "", ""),
    ("PowerLaw", "power_law + constant", "", ""),
    ("ActivationK", "arrhenius", "E_a in meV here, K there", ""),
    ("ActivationmeV", "arrhenius", "", ""),
    (
        "CriticalPeakRelaxationRate",
        "critical_divergence + constant",
        "in T/T_c - 1 here, T - T_c there, and another background on either side",
        "",
    ),
    ("SCgapSwave", "s_wave", "sigma0 is 1 there", ""),
    ("SCgapDwave", "", f"gap with nodes; {OWN}", ""),
)

WIMDA = (
    ("Lor", "exponential", "", "rtLor"),
    (
        "Gau",
        "gaussian",
        "no half in the exponent there: sigma here is sqrt2 times as large",
        "rtGau",
    ),
    ("Gau2", "gaussian", "", "rtGau2"),
    ("Sig2", "gaussian", "its parameter is sigma^2 / 2", "rtSig2"),
    ("Str", "stretched_exponential", "", "rtStr"),
    ("RK", "risch_kehr", "", "rtRK"),
    ("Fstr", "", "its rate goes with the frequency of its oscillation", "rtFstr"),
    ("FRotation", "cosine", "", "otFRotation"),
    ("BRotation", "cosine", "field there: nu = 0.01355 MHz/G B", "otBRotation"),
    ("ScaledFRotation", "cosine", "nu is the product of frequency and scale", "otScaledFRotation"),
    ("KuboToyabe", "dynamic_gaussian_kt_lf", "with and without field and hopping there", ""),
    ("Low TF Muonium", "muonium_tf_low", "", ""),
    ("TF Muonium", "muonium_tf", "", ""),
    ("High TF Muonium", "muonium_tf_high", "", ""),
    ("PCR Hi TF Mu", "", "axial muonium of a powder in a transverse field", ""),
)

NAMES: tuple[Elsewhere, ...] = tuple(
    Elsewhere(program, *row)
    for program, rows in (("musrfit", MUSRFIT), ("Mantid", MANTID), ("WiMDA", WIMDA))
    for row in rows
)
"""Every name, by program."""


def called(name: str) -> tuple[Elsewhere, ...]:
    """The functions of other programs with that name, upper and lower case alike."""
    wanted = name.casefold()
    return tuple(one for one in NAMES if wanted in (one.name.casefold(), one.short.casefold()))


def also_called(key: str) -> tuple[Elsewhere, ...]:
    """The functions of other programs that are this component, or a product that begins with it."""
    return tuple(one for one in NAMES if one.here.split(" ")[0] == key)


def unknown(key: str, known: Sequence[str]) -> str:
    """The sentence for a component that there is not.

    Another program's function of that name comes first, then the same name in other letters, then
    at most three near ones.
    """
    start, end = f"no component is called {key!r}", "musrcu list models shows all"
    own = (
        "; a function of your own is declared first: mu.component in a script, or --functions FILE"
    )
    if found := called(key):
        said = "; ".join(dict.fromkeys(one.sentence for one in found))
        return f"{start}; {said}; {end}"
    near = _near(key, known)
    hint = f"; did you mean {_either(near)}?" if near else ""
    return f"{start}{hint} ({end}){own}"


CUTOFF, WITHIN = 0.55, 0.12
"""Likeness below which a name is not near, and how far behind the nearest others may be."""


def _near(key: str, known: Sequence[str]) -> list[str]:
    from difflib import SequenceMatcher

    asked = key.lower()
    if asked in known:
        return [asked]
    alike = {name: SequenceMatcher(None, asked, name).ratio() for name in known}
    least = max(CUTOFF, max(alike.values(), default=0.0) - WITHIN)
    near = [name for name in known if alike[name] >= least]
    near = near or [name for name in known if asked in name.split("_")]
    return sorted(near, key=lambda name: -alike[name])[:3]


def _either(names: Sequence[str]) -> str:
    quoted = [repr(name) for name in names]
    return " or ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
