"""Which files are CUDA's runtime and math libraries, and which distribution ships them, by their names."""

import re
from typing import Final

from msgspec import Struct

FAMILIES: Final[dict[str, str]] = {
    "cudart": "cuda-runtime", "cublas": "cublas", "cublasLt": "cublas", "nvblas": "cublas", "cudnn": "cudnn",
    "cufft": "cufft", "cufftw": "cufft", "curand": "curand", "cusolver": "cusolver", "cusolverMg": "cusolver",
    "cusparse": "cusparse", "cusparseLt": "cusparselt", "nccl": "nccl", "nvrtc": "cuda-nvrtc",
    "nvrtc-builtins": "cuda-nvrtc", "nvJitLink": "nvjitlink", "nvToolsExt": "nvtx", "cupti": "cuda-cupti",
    "nvperf_host": "cuda-cupti", "nvperf_target": "cuda-cupti", "cufile": "cufile", "cufile_rdma": "cufile",
    "nvshmem": "nvshmem", "nvinfer": "tensorrt", "nvonnxparser": "tensorrt", "npp": "npp", "nvjpeg": "nvjpeg",
    "cutensor": "cutensor", "nvfatbin": "nvfatbin",
}  # fmt: skip
"""Libraries by what follows `lib`, with the part of CUDA that they belong to, as NVIDIA's wheels call it."""

_STEMS: Final = (
    r"cudnn(?:_\w+)?|nvinfer(?:_\w+)?|nvonnxparser(?:_\w+)?|nvshmem(?:_\w+)?|cutensor(?:Mg|Mp)?|npp[a-z]+|nvrtc-builtins|"
    + "|".join(sorted((name for name in FAMILIES if name not in {"cudnn", "nvinfer", "npp"}), key=len, reverse=True))
)
_LIBRARY: Final = re.compile(rf"lib({_STEMS})(?:\.alt)?(?:-[0-9a-f]{{8,16}})?\.so((?:\.\d+){{0,5}})")
"""auditwheel puts eight hexadecimal digits of a hash before the suffix: libcudart-d0da41ae.so.11.0."""


class LibraryName(Struct, frozen=True):
    """`libcudnn_ops.so.9.1.0`: its name without `lib`, its part of CUDA, and what follows `.so`."""

    name: str
    part: str
    suffix: str


def read_library_name(file_name: str) -> LibraryName | None:
    """What a file's name says, if it is one of CUDA's libraries."""
    match = _LIBRARY.fullmatch(file_name)
    if match is None:
        return None
    name = match[1]
    stem = re.match(r"cudnn|nvinfer|nvonnxparser|nvshmem|cutensor|npp", name)
    return LibraryName(name, FAMILIES[stem[0] if stem else name], match[2].lstrip("."))
