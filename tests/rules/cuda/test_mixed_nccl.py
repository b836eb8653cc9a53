"""CUDA022 mixed-nccl: what it flags and what it lets pass."""

from layerscope.rules.cuda.mixed_nccl import MixedNccl
from support.cases import flags, ignores
from support.cuda_images import SITE, collect_cuda, installed, sized

OWN = [installed("nvidia-nccl-cu12", "2.21.5"), sized(f"{SITE}/nvidia/nccl/lib/libnccl.so.2")]
SYSTEM = "usr/lib/x86_64-linux-gnu"


def test_flags_another_version_on_the_library_path() -> None:
    """Ranks with different ones wait for each other."""
    facts = collect_cuda([*OWN, sized(f"{SYSTEM}/libnccl.so.2.18.3")], env=[f"LD_LIBRARY_PATH=/{SYSTEM}"])
    (finding,) = flags(MixedNccl, *facts)
    assert "(NCCL 2.18.3) is on LD_LIBRARY_PATH, which is searched before" in finding.message
    assert "whose NCCL is 2.21.5" in finding.message


def test_flags_wheels_for_two_cuda_versions() -> None:
    """They write the same file."""
    (finding,) = flags(MixedNccl, *collect_cuda([*OWN, installed("nvidia-nccl-cu13", "2.27.7")]))
    assert finding.message.startswith("nvidia-nccl-cu12 2.21.5 and nvidia-nccl-cu13 2.27.7 write the same")


def test_ignores_one_that_no_path_leads_to() -> None:
    """Nor the same version twice."""
    ignores(MixedNccl, *collect_cuda([*OWN, sized(f"{SYSTEM}/libnccl.so.2.18.3")]))
    same = [*OWN, sized(f"{SYSTEM}/libnccl.so.2.21.5")]
    ignores(MixedNccl, *collect_cuda(same, env=[f"LD_LIBRARY_PATH=/{SYSTEM}"]))
