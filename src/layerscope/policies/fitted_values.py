"""Values that fit an error's cures to the driver that a message tells of and to the CUDA of an image."""

import re
from collections.abc import Mapping
from typing import Final

FITTED: Final = frozenset(
    {
        "found_cuda", "torch_for_driver", "torch_for_gpu", "image_cuda", "wanted_cuda", "cuda_dashed", "cuda_image",
        "cuda_release", "pip_cudart", "pip_cublas", "pip_cudnn", "pip_nvjitlink", "pip_cusparse",
    }
)  # fmt: skip
"""The names of all of them; each is there only where it is known."""

_TIED: Final = frozenset({"cudart", "cublas", "cublasLt", "nvrtc", "nvJitLink"})
"""Libraries whose number is that of CUDA's major version."""

_PACKAGES: Final = {
    "pip_cudart": "nvidia-cuda-runtime",
    "pip_cublas": "nvidia-cublas",
    "pip_nvjitlink": "nvidia-nvjitlink",
    "pip_cusparse": "nvidia-cusparse",
}
_UNNUMBERED: Final = 13
"""From this CUDA major on, packages of the toolkit have no suffix: https://pypi.org/project/nvidia-cublas/"""

_IMAGES: Final = {
    11: ("11.8.0", "cudnn8-runtime-ubuntu22.04"),
    12: ("12.4.1", "cudnn-runtime-ubuntu22.04"),
    13: ("13.0.1", "cudnn-runtime-ubuntu24.04"),
}
"""A release of nvidia/cuda for each major version, and the end of its tag with cuDNN."""

_TORCH: Final = {11: "cu118", 12: "cu126", 13: "cu130"}
"""The builds of PyTorch that start with a driver of that CUDA major version."""

_BLACKWELL: Final = 100
_LEAST_OF_13: Final = 75


def decode_cuda(number: str) -> str:
    """The CUDA version that the driver's number stands for, `12.2` for 12020; empty where it stands for none."""
    value = int(number) if re.fullmatch(r"\d{4,6}", number, re.ASCII) else 0
    return f"{value // 1000}.{value % 1000 // 10}" if value >= 1000 else ""  # noqa: PLR2004 - 1000 x major


def fit_values(caught: Mapping[str, str], image_cuda: str = "") -> Mapping[str, str]:
    """What follows from the values that a message caught, and from the CUDA version of the image."""
    found = decode_cuda(caught.get("found", ""))
    image_major = _major(image_cuda)
    major = _find_wanted(caught) or image_major
    values = {
        "found_cuda": found,
        "torch_for_driver": _TORCH.get(_major(found), ""),
        "torch_for_gpu": _choose_torch(caught.get("sm", ""), image_major),
        "image_cuda": f"CUDA {image_cuda}, which the image has" if image_major else "",
        "wanted_cuda": f"CUDA {major}" if major else "",
        "cuda_dashed": "-".join(image_cuda.split(".")[:2]) if image_cuda.count(".") else "",
    }
    if major:
        suffix = f"-cu{major}" if major < _UNNUMBERED else ""
        values |= {name: f"{package}{suffix}" for name, package in _PACKAGES.items()}
        values["pip_cudnn"] = f"nvidia-cudnn-cu{major}"
    if major in _IMAGES:
        values["cuda_release"], end = _IMAGES[major]
        values["cuda_image"] = f"{values['cuda_release']}-{end}"
    return {name: value for name, value in values.items() if value}


def _find_wanted(caught: Mapping[str, str]) -> int:
    """The CUDA major version of the library that a message asks for, where its number tells it."""
    return _major(caught.get("version", "")) if caught.get("part") in _TIED else 0


def _choose_torch(sm: str, image_major: int) -> str:
    """The build that has code for a GPU: before Turing none of CUDA 13 does, for Blackwell none before 12.8."""
    number = int(re.sub(r"\D", "", sm) or 0)
    if number:
        return "cu128" if number >= _BLACKWELL else "cu126" if number < _LEAST_OF_13 else ""
    return "cu126" if image_major >= _UNNUMBERED else ""


def _major(version: str) -> int:
    match = re.match(r"\d{1,2}(?=\.|$)", version, re.ASCII)
    return int(match[0]) if match else 0
