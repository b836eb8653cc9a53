"""CUDA046 disabled-compilation: what it flags and what it lets pass."""

import pytest

from layerscope.rules.cuda.disabled_compilation import DisabledCompilation
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.cuda_images import collect_cuda


@pytest.mark.parametrize(
    ("entry", "severity"),
    [
        ("CUDA_DISABLE_PTX_JIT=1", Severity.MEDIUM),
        ("CUDA_FORCE_PTX_JIT=1", Severity.MEDIUM),
        ("CUDA_CACHE_DISABLE=1", Severity.LOW),
    ],
)
def test_flags_what_tests_of_a_build_set(entry: str, severity: Severity) -> None:
    """With what comes of it."""
    (finding,) = flags(DisabledCompilation, *collect_cuda(env=[entry]))
    assert finding.message.startswith(f"The config sets {entry}: ")
    assert finding.severity is severity


def test_ignores_the_drivers_defaults() -> None:
    """And a cache that is only moved."""
    ignores(DisabledCompilation, *collect_cuda(env=["CUDA_CACHE_DISABLE=0", "CUDA_CACHE_PATH=/cache"]))
    ignores(DisabledCompilation)
