"""Every certificate of a built-in function, recomputed with a few sets."""

from __future__ import annotations

import pytest

from musrcu.models.certificate import DYNAMIC
from musrcu.models.registry import components
from musrcu.verification.verify import verify

BUILT_IN = components()
SETS, DYNAMIC_SETS = 30, 9


@pytest.mark.parametrize("key", BUILT_IN)
def test_certificate(key: str) -> None:
    certificate = BUILT_IN[key].certificate
    assert certificate is not None, "every function of the package carries a certificate"
    sets = DYNAMIC_SETS if certificate.slow or certificate.accuracy >= DYNAMIC else SETS
    found = verify(key, sets=sets, seed=20)
    assert not found.findings, "\n".join(found.findings)
    assert found.tried == sets
