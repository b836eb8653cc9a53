"""CUDA047 hard-coded-nccl-setting: what it flags and what it lets pass."""

from layerscope.rules.cuda.hard_coded_nccl_setting import HardCodedNcclSetting
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.cuda_images import collect_cuda


def test_flags_names_and_wiring_of_one_host() -> None:
    """All in one finding."""
    (finding,) = flags(HardCodedNcclSetting, *collect_cuda(env=["NCCL_SOCKET_IFNAME=eth0", "NCCL_P2P_DISABLE=1"]))
    assert finding.message == (
        "The config sets NCCL_SOCKET_IFNAME=eth0 and NCCL_P2P_DISABLE=1: hosts whose network has another name wait for "
        "each other or find no interface"
    )
    assert finding.severity is Severity.LOW
    assert finding.fixes[0].steps[0] == "Remove NCCL_SOCKET_IFNAME and NCCL_P2P_DISABLE from ENV"


def test_ignores_what_fits_every_host() -> None:
    """Interfaces that are left out, switches that are off, and debugging."""
    ignores(
        HardCodedNcclSetting,
        *collect_cuda(env=["NCCL_SOCKET_IFNAME=^docker0,lo", "NCCL_P2P_DISABLE=0", "NCCL_DEBUG=INFO"]),
    )
    ignores(HardCodedNcclSetting)
