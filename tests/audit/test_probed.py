"""An audit and a probe in one: what the probe confirms, what it adds, and what it leaves alone."""

from typing import Any

from layerscope.audit.probed import add_probe
from layerscope.audit.result import AuditResult
from layerscope.facts.probe.broken_stage import BrokenStage
from layerscope.facts.probe.idle_gpu import IdleGpu
from layerscope.policies.policies import Policies
from layerscope.probe.observation import Observation, ProcessEnd, StageResult
from layerscope.probe.probed import Probed
from layerscope.probe.verdict import judge
from layerscope.rules.finding import Finding
from layerscope.rules.severity import Confidence, Severity
from support.elf_facts import SHADOW
from support.results import ResultRecipe, make_finding, make_result
from support.tar_writer import file

POLICIES = Policies()

CUDART = "torch: ImportError: libcudart.so.13: cannot open shared object file: No such file or directory"
MISSING = make_finding(
    "ELF001",
    (1, "opt/torch/_C.so"),
    rule="missing-library",
    message="/opt/torch/_C.so needs libcudart.so.13, which is not in the image",
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    fix="Install CUDA's runtime",
    steps=("RUN pip install nvidia-cuda-runtime",),
)
OTHER = make_finding("ELF001", (1, "opt/other.so"), rule="missing-library", message="/opt/other.so needs libxyz.so.3")
BUFFERED = make_finding("CONF010", rule="buffered-python-output", severity=Severity.LOW, confidence=Confidence.MEDIUM)


def stage(name: str, status: str = "passed", kind: str = "", detail: str = "", /, **values: Any) -> StageResult:
    """One stage."""
    return StageResult(name, status, kind=kind, detail=detail, values=values)


SOUND = (
    stage("env"),
    stage("devices", "skipped"),
    stage("driver", "skipped"),
    stage("imports"),
    stage("device", device="cpu", name="CPU", wanted="auto"),
    stage("detokenize", "passed", "", '"text"'),
)


def join(*stages: StageResult, findings: tuple[Finding, ...] = (), **recipe: Any) -> AuditResult:
    """An audit with these findings, and a probe with these stages."""
    seen = Observation(stages, is_complete=True)
    result = make_result(ResultRecipe(findings=findings, **recipe))
    return add_probe(result, Probed(seen, judge(seen)), POLICIES)


def codes(result: AuditResult) -> list[str]:
    """The codes of all findings."""
    return [finding.code for finding in result.findings]


def test_a_broken_import_confirms_the_library_that_it_names() -> None:
    """And no other: both findings name each other, lie at one place, and are cured by one change."""
    result = join(
        stage("env"), stage("imports", "failed", "import-error", CUDART), stage("detokenize", "blocked"),
        findings=(MISSING, OTHER),
    )  # fmt: skip
    confirmed, other, found = result.findings
    assert (confirmed.confirmed, confirmed.confidence) == ("imports", Confidence.HIGH)
    assert other == OTHER
    assert found.code == "PROBE005"
    assert "the probe confirms ELF001 missing-library" in found.message
    assert found.locations == MISSING.locations
    assert found.fixes == MISSING.fixes
    assert result.probed is not None
    assert result.probed.confirmed == ("ELF001",)


def test_a_signal_confirms_what_shows_itself_by_it() -> None:
    """A library that ends before its headers say is a bus error; other findings, and other signals, are no evidence."""
    cut = make_finding("ELF022", (1, "opt/lib.so"), rule="truncated-object")

    def confirmed(signal: str | None) -> tuple[str, ...]:
        ends = (ProcessEnd("system", 0, None), ProcessEnd("generation", None, signal))
        seen = Observation((stage("imports", "crashed", "crash", "it ended"),), ends, is_complete=True)
        result = make_result(ResultRecipe(findings=(cut, OTHER)))
        probed = add_probe(result, Probed(seen, judge(seen)), POLICIES).probed
        return probed.confirmed if probed is not None else ()

    assert confirmed("SIGBUS") == ("ELF022",)
    assert confirmed("SIGSEGV") == ()


def test_a_broken_stage_that_nothing_explains_stands_alone() -> None:
    """Its cure is what is known of its message."""
    result = join(stage("imports", "failed", "import-error", CUDART), findings=(OTHER,))
    assert codes(result) == ["ELF001", "PROBE005"]
    assert "confirms" not in result.findings[1].message
    assert result.findings[1].fixes


def test_what_follows_from_the_root_is_no_finding() -> None:
    """Two stages broke, and the first is told."""
    result = join(
        stage("imports", "failed", "import-error", "torch: OSError: it"), stage("decode", "failed", "not-finite", "x")
    )
    assert codes(result) == ["PROBE005"]
    assert len(result.facts.of(BrokenStage)) == 1


def test_the_cause_tree_confirms_what_the_files_say() -> None:
    """PyTorch was built without CUDA: in its version file, and in the running process."""
    cpu_only = make_finding("CUDA025", (2, "opt/torch/version.py"), rule="cpu-only-torch", severity=Severity.HIGH)
    result = join(
        stage("devices", nodes=[{"path": "/dev/nvidia0", "open": True}]),
        stage("driver", version=12080, devices=[{"name": "L4", "compute_capability": "8.9"}]),
        stage("kernel"),
        stage("imports", torch={"cuda": None}),
        stage("device", "failed", "cuda-unavailable", "Torch not compiled with CUDA enabled"),
        findings=(cpu_only,),
    )
    assert result.findings[0].confirmed == "device"
    assert result.findings[1].code == "PROBE021"
    assert "built without CUDA; the probe confirms CUDA025" in result.findings[1].message


def test_a_sound_probe_adds_nothing() -> None:
    """And leaves every finding as it was."""
    result = join(*SOUND, stage("visibility"), findings=(MISSING, BUFFERED))
    assert result.findings == (MISSING, BUFFERED)


def test_output_that_is_lost_confirms_the_buffer() -> None:
    """It is told once: by the finding in the files where there is one, else by the probe's own."""
    muted = stage("visibility", "passed", "muted", "lost", seen={"stdout": False, "stderr": True})
    (finding,) = join(*SOUND, muted, findings=(BUFFERED,)).findings
    assert (finding.code, finding.confirmed, finding.confidence) == ("CONF010", "visibility", Confidence.HIGH)
    assert codes(join(*SOUND, muted)) == ["PROBE041"]


def test_a_gpu_that_pytorch_does_not_use_is_told() -> None:
    """By how it was built: for GPUs, something is broken; without CUDA, it is a remark."""
    gpu = stage("driver", version=12080, devices=[{"name": "NVIDIA L4", "compute_capability": "8.9"}])
    on_cpu = (SOUND[4], SOUND[5])
    without = join(stage("devices"), gpu, stage("imports", torch={"cuda": None}), *on_cpu)
    assert without.probed is not None
    assert without.probed.verdict is not None
    assert without.probed.verdict.is_good
    assert [finding.severity for finding in without.findings] == [Severity.LOW]
    built = join(stage("devices"), gpu, stage("imports", torch={"cuda": "13.0", "architectures": ["sm_89"]}), *on_cpu)
    assert built.probed is not None
    assert built.probed.verdict is not None
    assert not built.probed.verdict.is_good
    assert (built.findings[0].code, built.findings[0].severity) == ("PROBE023", Severity.HIGH)
    assert "the driver serves CUDA 12.8, and PyTorch was built for 13.0" in built.findings[0].message
    assert len(built.facts.of(IdleGpu)) == 1


def test_a_library_that_is_in_front_is_confirmed_once_it_is_in_memory() -> None:
    """Where the one that was meant is loaded, too, nothing is confirmed."""
    shadow = make_finding("ELF005", (1, SHADOW.winner.path), (0, SHADOW.shadowed.path), rule="shadowed-library")
    layers = [[file(SHADOW.shadowed.path, b"new")], [file(SHADOW.winner.path, b"old")]]

    def confirmed(*paths: str) -> str:
        folders = {f"/{path.rpartition('/')[0]}": {path.rpartition("/")[2]: SHADOW.name} for path in paths}
        stages = (stage("imports", mapped={"folders": folders, "deleted": []}), SOUND[5])
        result = join(*stages, findings=(shadow,), facts=(SHADOW,), layers=layers, instructions=("COPY a", "COPY b"))
        return result.findings[0].confirmed

    assert confirmed(SHADOW.winner.path) == "imports"
    assert confirmed(SHADOW.winner.path, SHADOW.shadowed.path) == ""
    assert confirmed(SHADOW.shadowed.path) == ""


def test_a_probe_that_could_not_run_takes_nothing_from_the_audit() -> None:
    """It says why."""
    result = add_probe(make_result(ResultRecipe(findings=(MISSING,))), Probed(refusal="no engine"), POLICIES)
    assert result.findings == (MISSING,)
    assert result.probed is not None
    assert not result.probed.is_proof
