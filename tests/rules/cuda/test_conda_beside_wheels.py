"""CUDA044 conda-beside-wheels: what it flags and what it lets pass."""

from layerscope.rules.cuda.conda_beside_wheels import CondaBesideWheels
from support.cases import flags, ignores
from support.cuda_images import collect_cuda, torch, wheels
from support.tar_member import TarMember, file

CONDA_SITE = "opt/conda/lib/python3.12/site-packages"


def conda(*names: str) -> list[TarMember]:
    """Packages of a prefix."""
    return [file(f"opt/conda/conda-meta/{name}.json", b"{}") for name in names]


def test_flags_wheels_in_a_prefix_that_has_no_cuda() -> None:
    """Pip alone would have done."""
    prefix = conda("conda-24.5.0-py312h06a4308_0", "python-3.12.4-h5148396_1")
    facts = collect_cuda(prefix, [*torch(site=CONDA_SITE), *wheels(site=CONDA_SITE)])
    (finding,) = flags(CondaBesideWheels, *facts)
    assert finding.message == (
        "torch 2.6.0+cu124 in the conda prefix /opt/conda (layer 0) came as wheels; none of its 2 conda "
        "packages is CUDA's"
    )


def test_ignores_conda_with_cuda_of_its_own() -> None:
    """And prefixes in which nothing of CUDA lies, and those without conda, which an environment file made."""
    own = conda("conda-24.5.0-py312h06a4308_0", "cuda-cudart-12.4.127-0")
    ignores(CondaBesideWheels, *collect_cuda(own, torch(site=CONDA_SITE)))
    plain = conda("conda-24.5.0-py312h06a4308_0")
    ignores(CondaBesideWheels, *collect_cuda(plain, torch()))
    ignores(CondaBesideWheels, *collect_cuda(conda("python-3.12.4-h5148396_1"), torch(site=CONDA_SITE)))
