"""CUDA029 missing-bitsandbytes-library: what it flags and what it lets pass."""

from layerscope.rules.cuda.missing_bitsandbytes_library import MissingBitsandbytesLibrary
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.cuda_images import SITE, collect_cuda, installed, sized, torch
from support.sample_facts import DAMAGED

OWN = [
    installed("bitsandbytes", "0.42.0"),
    *(sized(f"{SITE}/bitsandbytes/libbitsandbytes_cuda{number}.so") for number in (118, 121, 124)),
]


def test_flags_a_torch_for_another_cuda() -> None:
    """No library bears its number."""
    (finding,) = flags(MissingBitsandbytesLibrary, *collect_cuda([*OWN, *torch(cuda="12.8")]))
    assert finding.message == (
        "bitsandbytes 0.42.0 (layer 0) has libraries for 118, 121 and 124, none for 128; torch 2.6.0+cu128 was built "
        "for it, so that it finds no CUDA library"
    )


def test_flags_a_variable_that_names_another_library() -> None:
    """It is obeyed before torch is asked."""
    (finding,) = flags(MissingBitsandbytesLibrary, *collect_cuda([*OWN, *torch()], env=["BNB_CUDA_VERSION=126"]))
    assert "BNB_CUDA_VERSION names it" in finding.message
    (finding,) = flags(MissingBitsandbytesLibrary, *collect_cuda([*OWN, *torch()], env=["BNB_CUDA_VERSION=118"]))
    assert finding.severity is Severity.MEDIUM


def test_ignores_what_fits() -> None:
    """And torch for the CPU, which asks for none."""
    ignores(MissingBitsandbytesLibrary, *collect_cuda([*OWN, *torch()]))
    ignores(MissingBitsandbytesLibrary, *collect_cuda([*OWN, *torch(cuda="")]))
    ignores(MissingBitsandbytesLibrary, DAMAGED, *collect_cuda([*OWN, *torch(cuda="12.8")]))
