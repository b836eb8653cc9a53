"""CUDA021 mixed-cudnn: what it flags and what it lets pass."""

from layerscope.rules.cuda.mixed_cudnn import MixedCudnn
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.cuda_images import SITE, collect_cuda, installed, sized, torch, wheels

SYSTEM = "usr/lib/x86_64-linux-gnu"
REQUIRES = installed("torch", "2.6.0", "Requires-Dist: nvidia-cudnn-cu12==9.1.0.70")


def test_flags_parts_of_two_versions_in_one_folder() -> None:
    """They open each other by name."""
    facts = collect_cuda([sized(f"{SYSTEM}/libcudnn.so.9.1.0"), sized(f"{SYSTEM}/libcudnn_ops.so.9.5.1")])
    (finding,) = flags(MixedCudnn, *facts)
    assert finding.message == (
        "/usr/lib/x86_64-linux-gnu holds parts of cuDNN 9.1.0 and 9.5.1, which do not work together"
    )


def test_flags_wheels_for_two_cuda_versions() -> None:
    """They write the same files."""
    facts = collect_cuda([*wheels(), installed("nvidia-cudnn-cu13", "9.13.0.50")])
    (finding,) = flags(MixedCudnn, *facts)
    assert "nvidia-cudnn-cu12 9.1.0.70 and nvidia-cudnn-cu13 9.13.0.50 write the same files" in finding.message


def test_flags_another_version_on_the_library_path() -> None:
    """It is found before the environment's own."""
    facts = collect_cuda([*wheels(), sized(f"{SYSTEM}/libcudnn.so.9.5.1")], env=[f"LD_LIBRARY_PATH=/{SYSTEM}"])
    (finding,) = flags(MixedCudnn, *facts)
    assert finding.message == (
        "/usr/lib/x86_64-linux-gnu/libcudnn.so.9.5.1 (cuDNN 9.5.1) is on LD_LIBRARY_PATH, which is searched before "
        "/usr/lib/python3.12/site-packages/nvidia, whose cuDNN is 9.1.0.70"
    )


def test_flags_an_older_cudnn_than_torch_was_built_with() -> None:
    """Another major version is another name, which torch does not find."""
    facts = collect_cuda([*torch()[:1], REQUIRES, *wheels(cudnn="8.9.2.26")])
    (finding,) = flags(MixedCudnn, *facts)
    assert finding.severity is Severity.CRITICAL


def test_ignores_two_versions_that_do_not_meet() -> None:
    """Off the path, by different major versions, or the same version twice."""
    same, other = sized(f"{SYSTEM}/libcudnn.so.9.1.0"), sized(f"{SYSTEM}/libcudnn.so.8.9.7")
    ignores(MixedCudnn, *collect_cuda([*wheels(), sized(f"{SYSTEM}/libcudnn.so.9.5.1")]))
    ignores(MixedCudnn, *collect_cuda([*wheels(), same, other], env=[f"LD_LIBRARY_PATH=/{SYSTEM}"]))
    ignores(MixedCudnn, *collect_cuda([*torch()[:1], REQUIRES, *wheels(), sized(f"{SITE}/x.so")]))
