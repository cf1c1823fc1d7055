"""Field to frequency and back, with the digits of CODATA and of the paper."""

from __future__ import annotations

import numpy as np
import pytest

import musrcu as mu


def test_reference_values() -> None:
    """20 G give 0.2710776188 MHz; 1.59 MHz are 11.73095741 mT, or 11.73431734 with 135.5."""
    assert float(mu.nu_from_field(20.0)) == pytest.approx(0.2710776188, rel=1e-13)
    assert float(mu.field_from_nu(1.59)) == pytest.approx(117.309574065, rel=1e-10)
    assert float(mu.field_from_nu(1.59, gamma_bar=135.5)) == pytest.approx(117.343173432, rel=1e-10)


def test_arrays_go_there_and_back() -> None:
    B = np.array([[0.0, 5.0], [-20.0, 1e5]])
    np.testing.assert_allclose(mu.field_from_nu(mu.nu_from_field(B)), B, rtol=1e-15)
    back = mu.field_from_nu(mu.nu_from_field(B, gamma_bar=135.5), gamma_bar=135.5)
    np.testing.assert_allclose(back, B, rtol=1e-15)
    assert mu.nu_from_field([1.0, 2.0]).shape == (2,)


@pytest.mark.parametrize("wrong", [0.01355, 0, -135.5, float("nan"), float("inf"), "135.5", True])
def test_a_ratio_in_another_unit_is_refused(wrong: object) -> None:
    for convert in (mu.nu_from_field, mu.field_from_nu):
        with pytest.raises(mu.MusrcuError, match="expected MHz/T, such as 135.5388 for the muon"):
            convert(1.0, gamma_bar=wrong)  # type: ignore[arg-type]
