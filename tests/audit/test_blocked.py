"""Blocked verdicts: code that would run counts for nothing where what computes does not start."""

from msgspec.structs import replace

from layerscope.audit.blocked import block_verdicts, find_blocker, tell_brief
from layerscope.facts.cuda.framework import Build, Framework
from layerscope.facts.cuda.gpu_verdict import Cause, Verdict
from layerscope.facts.fact import Evidence
from layerscope.facts.fact_set import FactSet
from layerscope.rules.severity import Confidence
from support.gpu_facts import SITE, torch, verdict
from support.results import make_finding

TORCH = torch("13.2")
RUNTIME = Framework(Evidence(1, f"{SITE}/onnxruntime"), "onnxruntime", "1.31.1", SITE, Build.CUDA, "13")
FAILS = replace(
    make_finding("ELF001"),
    ends_gpu_work=True,
    concerns=(f"{SITE}/torch/_C.so",),
    brief="import torch fails: libcudnn.so.9 was removed by layer 3",
)


def test_a_framework_that_is_not_imported_computes_nowhere() -> None:
    """What the code says stays visible beside the verdict."""
    (blocked,) = block_verdicts([verdict(Verdict.NATIVE)], [FAILS], FactSet([TORCH]))
    assert (blocked.verdict, blocked.cause, blocked.code_verdict) == (Verdict.NONE, Cause.BLOCKED, Verdict.NATIVE)
    assert blocked.reason == "ELF001 import torch fails: libcudnn.so.9 was removed by layer 3"


def test_gpus_without_code_keep_their_own_reason() -> None:
    """It holds also once the image starts."""
    lost = verdict(Verdict.NONE, Cause.CODE)
    assert block_verdicts([lost], [FAILS], FactSet([TORCH])) == (lost,)


def test_what_breaks_other_packages_blocks_nothing() -> None:
    """OpenCV without libGL, modules for another Python, a beside framework that works, and mere suspicion."""
    other = replace(FAILS, concerns=(f"{SITE}/cv2/cv2.so", f"{SITE}/torchvision/_C.so"))
    assert find_blocker([other, replace(FAILS, ends_gpu_work=False)], FactSet([TORCH])) is None
    assert find_blocker([FAILS], FactSet([TORCH, RUNTIME])) is None
    assert find_blocker([replace(FAILS, confidence=Confidence.LOW)], FactSet([TORCH])) is None


def test_all_frameworks_have_to_fail_or_the_image() -> None:
    """A finding that concerns nobody in particular concerns everybody."""
    second = replace(FAILS, code="CUDA026", concerns=(f"{SITE}/onnxruntime",))
    assert find_blocker([FAILS, second], FactSet([TORCH, RUNTIME])) == FAILS
    everything = replace(FAILS, code="CONF004", concerns=())
    assert find_blocker([everything], FactSet([TORCH, RUNTIME])) == everything


def test_a_message_without_a_brief_is_cut() -> None:
    """Asides go first."""
    told = replace(FAILS, brief="", message="The entrypoint (layer 3: COPY x) starts x, which " + "is not there " * 12)
    brief = tell_brief(told)
    assert brief.startswith("ELF001 The entrypoint starts x, which is not there")
    assert brief.endswith(" …")
