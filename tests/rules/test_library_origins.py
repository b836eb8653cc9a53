"""What a person would install for a library."""

import pytest

from layerscope.facts.fact_set import FactSet
from layerscope.rules.library_origins import find_package_commands

APT = "RUN apt-get update && apt-get install -y --no-install-recommends"


@pytest.mark.parametrize(
    ("sonames", "first"),
    [
        (["libGL.so.1", "libSM.so.6", "libGL.so.1"], f"{APT} libgl1 libsm6"),
        (["libcublas.so.12"], "RUN python3 -m pip install nvidia-cublas-cu12"),
        (["libcublas.so.13"], "RUN python3 -m pip install nvidia-cublas"),
        (["libcudart.so.13"], "RUN python3 -m pip install 'nvidia-cuda-runtime==13.*'"),
        (["libcufft.so.11"], "RUN python3 -m pip install nvidia-cufft-cu12"),
    ],
)
def test_names_packages_that_have_them(sonames: list[str], first: str) -> None:
    """Debian's together in one step, NVIDIA's for the CUDA that the library belongs to."""
    assert find_package_commands(sonames, FactSet([]))[0] == first


def test_says_nothing_of_what_nobody_knows() -> None:
    """A guess would mislead."""
    assert find_package_commands(["libown.so.3"], FactSet([])) == ()
