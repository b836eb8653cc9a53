"""Sizes and limits of a run that rules and recipes give, each with where it is from."""

from collections.abc import Mapping
from typing import Final

GIB: Final = 1 << 30

STACK_BYTES: Final = 67108864
"""What NVIDIA's images ask for at their start beside an unlimited memlock:
https://docs.nvidia.com/deeplearning/frameworks/user-guide/index.html, "Setting The Shared Memory Flag"."""

DEFAULT_SHM: Final = GIB
"""What TGI's documentation and NVIDIA's give: `--shm-size 1g`."""

SHM_SIZES: Final[Mapping[str, int]] = {
    "sglang": 32 * GIB, "sglang.launch_server": 32 * GIB,
    "vllm": 2 * GIB, "vllm.entrypoints.openai.api_server": 2 * GIB, "vllm.entrypoints.cli.main": 2 * GIB,
}  # fmt: skip
"""Where a project's own documentation asks for more: SGLang's docs/get_started/install.md, `--shm-size 32g`; vLLM's
docs/deployment/k8s.md, an emptyDir of 2Gi."""


def choose_shm_size(program: str) -> int:
    """The bytes of /dev/shm for a program that runs on several GPUs, or loads data in processes of its own."""
    return SHM_SIZES.get(program, DEFAULT_SHM)


def tell_gib(size: int) -> str:
    """A size as Docker, Compose and Kubernetes are given it, without their suffix for powers of two."""
    return str(size // GIB)
