"""Values that fit an error's cures to the driver that a message tells of and to the CUDA of an image."""

import re
from collections.abc import Mapping
from typing import Final

from layerscope.policies.image_values import NO_IMAGE

FITTED: Final = frozenset(
    {
        "found_cuda", "torch_for_driver", "torch_for_gpu", "wanted_cuda", "cuda_dashed", "cuda_image",
        "cuda_release", "pip_library", "pip_nvjitlink", "pip_cusparse", "pip_cudnn", "arch_list",
        "glibc_base", "cxx_base", "module_top", "module_package", "module_of_python", "library_package",
    }
)  # fmt: skip
"""The names of all of them; each is there only where it is known."""

_TIED: Final = frozenset({"cudart", "cublas", "cublasLt", "nvrtc", "nvJitLink"})
"""Libraries whose number is that of CUDA's major version."""

_PACKAGES: Final = {
    "cudart": "nvidia-cuda-runtime",
    "cublas": "nvidia-cublas",
    "cublasLt": "nvidia-cublas",
    "nvrtc": "nvidia-cuda-nvrtc",
    "cusparse": "nvidia-cusparse",
    "cufft": "nvidia-cufft",
    "curand": "nvidia-curand",
    "cusolver": "nvidia-cusolver",
    "nvJitLink": "nvidia-nvjitlink",
}
"""The distribution of each library of the toolkit: https://docs.nvidia.com/cuda/cuda-installation-guide-linux/"""
_NUMBERED: Final = {"cudnn": "nvidia-cudnn", "nccl": "nvidia-nccl"}
"""Libraries beside the toolkit, whose distributions name the CUDA version always."""
_SERVED: Final = {
    ("cufft", 10): (11,),
    ("cufft", 11): (12,),
    ("cufft", 12): (13,),
    ("cusparse", 11): (11,),
    ("cusparse", 12): (12, 13),
    ("cusolver", 11): (11, 12),
    ("cusolver", 12): (13,),
    ("cudnn", 8): (11, 12),
}
"""The CUDA major versions that have a library with that number: component versions in the release notes of CUDA."""
_UNNUMBERED: Final = 13
"""From this CUDA major on, packages of the toolkit have no suffix: https://pypi.org/project/nvidia-cublas/"""

_IMAGES: Final = {
    11: ("11.8.0", "cudnn8-runtime-ubuntu22.04"),
    12: ("12.4.1", "cudnn-runtime-ubuntu22.04"),
    13: ("13.0.1", "cudnn-runtime-ubuntu24.04"),
}
"""A release of nvidia/cuda for each major version, and the end of its tag with cuDNN."""

BASES: Final[Mapping[str, Mapping[str, tuple[int, ...]]]] = {
    "debian:trixie-slim": {"GLIBC": (2, 41), "GLIBCXX": (3, 4, 33), "CXXABI": (1, 3, 15)},
    "ubuntu:26.04": {"GLIBC": (2, 43)},
}
"""Base images with the newest symbol versions of their C and C++ libraries, as far as known, the oldest first.

The C library's are those of the table of releases; for the other one (of GCC 14.2), see
https://gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html
"""

_TORCH: Final = {11: "cu118", 12: "cu126", 13: "cu130"}
"""The builds of PyTorch that start with a driver of that CUDA major version."""

_BLACKWELL: Final = 100
_LEAST_OF_13: Final = 75


def decode_cuda(number: str) -> str:
    """The CUDA version that the driver's number stands for, `12.2` for 12020; empty where it stands for none."""
    value = int(number) if re.fullmatch(r"\d{4,6}", number, re.ASCII) else 0
    return f"{value // 1000}.{value % 1000 // 10}" if value >= 1000 else ""  # noqa: PLR2004 - 1000 x major


def fit_values(caught: Mapping[str, str], image: Mapping[str, str] = NO_IMAGE) -> Mapping[str, str]:
    """What follows from the values that a message caught, and from what is known of the image."""
    found = decode_cuda(caught.get("found", "")) or image.get("driver_cuda", "")
    image_cuda = image.get("cuda", "")
    image_major = _major(image_cuda)
    major = _find_wanted(caught, image_major)
    sm = caught.get("sm", "") or image.get("gpu_capability", "")
    values = {
        "found_cuda": found,
        "torch_for_driver": _TORCH.get(_major(found), ""),
        "torch_for_gpu": _choose_torch(sm, image_major),
        "arch_list": _tell_architecture(sm),
        "glibc_base": _choose_base("GLIBC", caught.get("version", "")),
        "cxx_base": _choose_base("GLIBCXX", caught.get("version", ""))
        or _choose_base("CXXABI", caught.get("version", "")),
        "wanted_cuda": f"CUDA {major}" if major else "",
        "cuda_dashed": "-".join(image_cuda.split(".")[:2]) if image_cuda.count(".") else "",
    }
    values |= _name_packages(caught, major) if major else {}
    if major in _IMAGES:
        values["cuda_release"], end = _IMAGES[major]
        values["cuda_image"] = f"{values['cuda_release']}-{end}"
    return {name: value for name, value in values.items() if value}


def _name_packages(caught: Mapping[str, str], major: int) -> Mapping[str, str]:
    """NVIDIA's distributions for a CUDA major version, `pip_library` being that of the library in question."""
    suffix = f"-cu{major}" if major < _UNNUMBERED else ""
    names = {name: f"{package}{suffix}" for name, package in _PACKAGES.items()}
    names |= {name: f"{package}-cu{major}" for name, package in _NUMBERED.items()}
    if _wants_old_cudnn(caught):
        names["cudnn"] = f"nvidia-cudnn-cu{major}==8.*" if major in _SERVED["cudnn", 8] else ""
    return {
        "pip_library": names.get(caught.get("part", ""), ""),
        "pip_nvjitlink": names["nvJitLink"],
        "pip_cusparse": names["cusparse"],
        "pip_cudnn": names["cudnn"],
    }


def _wants_old_cudnn(caught: Mapping[str, str]) -> bool:
    """Whether a message asks for cuDNN 8, whose distribution is an older one of the same name."""
    is_part = caught.get("library", "").rstrip(".,").endswith(".so.8")
    return is_part or (caught.get("part") == "cudnn" and _major(caught.get("version", "")) == 8)  # noqa: PLR2004 - its number


def _choose_base(family: str, version: str) -> str:
    """The first base image that has a symbol version, `GLIBC_2.38`; empty where none is known to."""
    found = re.fullmatch(rf"{family}_(\d{{1,3}}(?:\.\d{{1,3}}){{1,3}})", version, re.ASCII)
    wanted = tuple(map(int, found[1].split("."))) if found else ()
    return next((name for name, newest in BASES.items() if wanted and newest.get(family, ()) >= wanted), "")


def _tell_architecture(sm: str) -> str:
    """A compute capability as TORCH_CUDA_ARCH_LIST has it: `120` and `12.0` are `12.0`, `90a` is `9.0a`."""
    found = re.fullmatch(r"(\d{1,2})\.?(\d)([af]?)", sm, re.ASCII)
    return f"{found[1]}.{found[2]}{found[3]}" if found else ""


def _find_wanted(caught: Mapping[str, str], image_major: int) -> int:
    """The CUDA major version of the library that a message asks for, where its number tells it, else the image's."""
    part, number = caught.get("part", ""), _major(caught.get("version", ""))
    if part in _TIED:
        return number
    served = _SERVED.get((part, number), ())
    return image_major if not served or image_major in served else served[-1]


def _choose_torch(sm: str, image_major: int) -> str:
    """The build that has code for a GPU: before Turing none of CUDA 13 does, for Blackwell none before 12.8."""
    number = int(re.sub(r"\D", "", sm) or 0)
    if number:
        return "cu128" if number >= _BLACKWELL else "cu126" if number < _LEAST_OF_13 else ""
    return "cu126" if image_major >= _UNNUMBERED else ""


def _major(version: str) -> int:
    match = re.match(r"\d{1,2}(?=\.|$)", version, re.ASCII)
    return int(match[0]) if match else 0
