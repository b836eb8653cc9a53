"""CUDA041 excessive-driver-capabilities: what it flags and what it lets pass."""

from layerscope.rules.cuda.excessive_driver_capabilities import ExcessiveDriverCapabilities
from support.cases import flags, ignores
from support.cuda_images import collect_cuda


def test_flags_all_of_the_driver() -> None:
    """Graphics and video come along."""
    (finding,) = flags(ExcessiveDriverCapabilities, *collect_cuda(env=["NVIDIA_DRIVER_CAPABILITIES=all"]))
    assert finding.message.startswith("NVIDIA_DRIVER_CAPABILITIES=all mounts graphics")


def test_ignores_named_capabilities() -> None:
    """And none at all."""
    ignores(ExcessiveDriverCapabilities, *collect_cuda(env=["NVIDIA_DRIVER_CAPABILITIES=compute,utility"]))
    ignores(ExcessiveDriverCapabilities, *collect_cuda())
