"""The GPU that a probe saw is judged from the files, too."""

from typing import Any

from layerscope.audit.probed import add_probe
from layerscope.audit.probed_gpu import judge_probed_gpu
from layerscope.audit.result import AuditResult
from layerscope.facts.cuda.gpu_verdict import Verdict
from layerscope.facts.fact import Fact
from layerscope.policies.policies import Policies
from layerscope.probe.observation import Observation, StageResult
from layerscope.probe.probed import Probed
from layerscope.probe.verdict import judge
from support.gpu_facts import library, sm, verdict
from support.results import ResultRecipe, make_result

POLICIES = Policies()
CODE = library("torch/lib/libtorch_cuda.so", (90, sm(80, 90)))
NO_IMAGE = "AcceleratorError: CUDA error: no kernel image is available for execution on the device"


def see(name: str, capability: str, *stages: StageResult, driver: str = "580.95.05") -> Observation:
    """A GPU whose driver works, and these stages."""
    values: dict[str, Any] = {
        "devices": [{"name": name, "compute_capability": capability}],
        "management": {"driver": driver},
        "version": 13000,
    }
    return Observation((StageResult("driver", "passed", values=values), *stages), is_complete=True)


def judged(seen: Observation, *facts: Fact) -> AuditResult:
    """The audit of an image with code for Ampere and Hopper."""
    return judge_probed_gpu(make_result(ResultRecipe(facts=(CODE, *facts))), seen, POLICIES)


def test_a_gpu_is_known_by_its_name_or_its_capability() -> None:
    """As with --gpu; one that no table knows changes nothing."""
    (gpu,) = judged(see("NVIDIA H100 80GB HBM3", "9.0")).gpus
    assert (gpu.compute_capability, gpu.verdict, gpu.driver, gpu.is_asked) == ("9.0", Verdict.NATIVE, "580.95.05", True)
    (gpu,) = judged(see("Stub GPU", "12.0", driver="what?")).gpus
    assert (gpu.compute_capability, gpu.verdict, gpu.driver) == ("12.0", Verdict.NONE, "")
    assert judged(see("Stub GPU", "99.9")).gpus == ()
    assert judged(Observation(())).gpus == ()


def test_what_the_user_asked_about_stays() -> None:
    """The image may be meant for another GPU than that of this host."""
    asked = verdict(Verdict.NATIVE, is_asked=True)
    assert judged(see("Stub GPU", "12.0"), asked).gpus == (asked,)


def test_a_kernel_that_is_not_there_is_told_from_both_sides() -> None:
    """The files have no code for the GPU, and computing on it says so."""
    torch = StageResult("imports", "passed", values={"torch": {"cuda": "12.8", "architectures": ["sm_80", "sm_90"]}})
    broken = StageResult("prefill", "failed", kind="error", detail=NO_IMAGE)
    seen = see("NVIDIA GeForce RTX 5090", "12.0", torch, broken)
    result = make_result(ResultRecipe(facts=(CODE,)))
    joined = add_probe(result, Probed(seen, judge(seen)), POLICIES)
    found = {finding.code: finding for finding in joined.findings}
    assert found["CUDA001"].confirmed == "prefill"
    assert "PyTorch was built for sm_80, sm_90; the probe confirms CUDA001" in found["PROBE006"].message
    assert found["PROBE006"].fixes == found["CUDA001"].fixes
