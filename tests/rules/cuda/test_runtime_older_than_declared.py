"""CUDA037 runtime-older-than-declared: what it flags and what it lets pass."""

from layerscope.rules.cuda.runtime_older_than_declared import RuntimeOlderThanDeclared
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.cuda_images import collect_cuda, toolkit, torch

REQUIRE = "NVIDIA_REQUIRE_CUDA=cuda>=12.8 brand=tesla,driver>=535,driver<536"


def test_flags_a_requirement_above_what_the_frameworks_need() -> None:
    """Hosts that could run it are refused."""
    (finding,) = flags(RuntimeOlderThanDeclared, *collect_cuda(torch(cuda="11.8"), env=[REQUIRE]))
    assert finding.message == (
        "NVIDIA_REQUIRE_CUDA demands a driver for CUDA 12.8, and torch 2.6.0+cu118 was built for 11.8: hosts that "
        "could run it are refused"
    )
    assert finding.severity is Severity.MEDIUM


def test_flags_what_the_runtime_implies() -> None:
    """Of CUDA_VERSION alone; within a major version it is a smaller matter."""
    (finding,) = flags(RuntimeOlderThanDeclared, *collect_cuda(toolkit(), env=["CUDA_VERSION=12.8.1"]))
    assert finding.message.startswith("CUDA_VERSION implies a driver for CUDA 12.8, and the newest CUDA runtime")
    assert finding.severity is Severity.LOW


def test_ignores_a_requirement_that_fits() -> None:
    """So one that is not checked, and an image of which nothing is known."""
    ignores(RuntimeOlderThanDeclared, *collect_cuda(toolkit(), env=["NVIDIA_REQUIRE_CUDA=cuda>=12.4"]))
    ignores(RuntimeOlderThanDeclared, *collect_cuda(toolkit(), env=[REQUIRE, "NVIDIA_DISABLE_REQUIRE=true"]))
    ignores(RuntimeOlderThanDeclared, *collect_cuda(env=[REQUIRE]))
