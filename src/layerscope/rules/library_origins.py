"""Where a missing library comes from: the package that a person would install, by its SONAME."""

import re
from collections.abc import Iterable
from typing import Final

from layerscope.facts.fact_set import FactSet
from layerscope.rules.python_cures import tell_pip_at

_DEBIAN: Final = {
    "libGL.so.1": "libgl1",
    "libGLX.so.0": "libglx0",
    "libEGL.so.1": "libegl1",
    "libGLdispatch.so.0": "libglvnd0",
    "libOpenGL.so.0": "libopengl0",
    "libOSMesa.so.8": "libosmesa6",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgobject-2.0.so.0": "libglib2.0-0",
    "libSM.so.6": "libsm6",
    "libICE.so.6": "libice6",
    "libX11.so.6": "libx11-6",
    "libXext.so.6": "libxext6",
    "libXrender.so.1": "libxrender1",
    "libXi.so.6": "libxi6",
    "libxcb.so.1": "libxcb1",
    "libgomp.so.1": "libgomp1",
    "libstdc++.so.6": "libstdc++6",
    "libgcc_s.so.1": "libgcc-s1",
    "libatomic.so.1": "libatomic1",
    "libgfortran.so.5": "libgfortran5",
    "libquadmath.so.0": "libquadmath0",
    "libopenblas.so.0": "libopenblas0",
    "libnuma.so.1": "libnuma1",
    "libibverbs.so.1": "libibverbs1",
    "librdmacm.so.1": "librdmacm1",
    "libmlx5.so.1": "ibverbs-providers",
    "libsndfile.so.1": "libsndfile1",
    "libpq.so.5": "libpq5",
    "libmariadb.so.3": "libmariadb3",
    "libxml2.so.2": "libxml2",
    "libxslt.so.1": "libxslt1.1",
    "libssl.so.3": "libssl3",
    "libcrypto.so.3": "libssl3",
    "libtcmalloc.so.4": "libtcmalloc-minimal4",
    "libjemalloc.so.2": "libjemalloc2",
    "libtk8.6.so": "libtk8.6",
    "libtcl8.6.so": "libtcl8.6",
    "libffi.so.8": "libffi8",
    "libffi.so.7": "libffi7",
    "libexpat.so.1": "libexpat1",
    "libbz2.so.1.0": "libbz2-1.0",
    "liblzma.so.5": "liblzma5",
    "libsqlite3.so.0": "libsqlite3-0",
    "libcurl.so.4": "libcurl4",
    "libaio.so.1": "libaio1",
    "libmpi.so.40": "libopenmpi3",
}
"""Debian's and Ubuntu's packages by SONAME, https://packages.debian.org (contents of bookworm)."""

_CUDA: Final = {
    "cudart": "nvidia-cuda-runtime",
    "cublas": "nvidia-cublas",
    "cublasLt": "nvidia-cublas",
    "cufft": "nvidia-cufft",
    "curand": "nvidia-curand",
    "cusolver": "nvidia-cusolver",
    "cusparse": "nvidia-cusparse",
    "nvrtc": "nvidia-cuda-nvrtc",
    "nvJitLink": "nvidia-nvjitlink",
    "cupti": "nvidia-cuda-cupti",
    "cufile": "nvidia-cufile",
    "nvjpeg": "nvidia-nvjpeg",
    "npp": "nvidia-npp",
}
"""NVIDIA's packages on PyPI by library, for the toolkit's major in the SONAME (all but cuFFT, cuRAND and cuFile)."""

_OTHER_MAJOR: Final = {"cufft": {"11": "12", "12": "13"}, "curand": {"10": "12"}, "cusolver": {"11": "12", "12": "13"},
                       "cufile": {"0": "12"}}  # fmt: skip
"""Libraries that count their own majors: CUDA's by theirs, https://docs.nvidia.com/cuda/cuda-toolkit-release-notes."""

_UNSUFFIXED: Final = 13
"""From this toolkit major on, NVIDIA's packages have no `-cuNN` at the end of their names."""


def find_package_commands(sonames: Iterable[str], facts: FactSet, *, at: str | None = None) -> tuple[str, ...]:
    """Commands that install what has these libraries, for Debian and for the Python that has `at`; none if unknown."""
    names = list(dict.fromkeys(sonames))
    packages = dict.fromkeys(_DEBIAN[name] for name in names if name in _DEBIAN)
    apt = f"RUN apt-get update && apt-get install -y --no-install-recommends {' '.join(packages)}"
    wheels = dict.fromkeys(command for name in names for command in _find_wheels(name, tell_pip_at(facts, at)))
    return (*((apt,) if packages else ()), *wheels)


def _find_wheels(soname: str, pip: str) -> tuple[str, ...]:
    """Commands that install one of NVIDIA's libraries."""
    if soname.startswith("libcudnn"):
        return (f"RUN {pip} nvidia-cudnn-cu12   (-cu13 for CUDA 13), in the version that the framework pins",)
    if soname.startswith("libnccl.so"):
        return (f"RUN {pip} nvidia-nccl-cu12   (-cu13 for CUDA 13), in the version that the framework pins",)
    match = re.fullmatch(r"lib(\w+)\.so\.(\d+)[\d.]*", soname)
    if match is None or match[1] not in _CUDA:
        return ()
    major = _OTHER_MAJOR.get(match[1], {}).get(match[2], match[2])
    name = _CUDA[match[1]] if int(major) >= _UNSUFFIXED else f"{_CUDA[match[1]]}-cu{major}"
    pin = f"'{name}=={major}.*'" if int(major) >= _UNSUFFIXED and match[1] == "cudart" else name
    return (f"RUN {pip} {pin}", f"Or a base image with CUDA {major}: FROM nvidia/cuda:{major}.…-runtime-…")
