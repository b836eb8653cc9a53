"""`layerscope audit --probe`: one report of files and of the running image, and an exit code that owns up."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from layerscope.audit.result import AuditResult
from layerscope.cli import exit_codes, image_probe
from layerscope.cli.commands import audit as audit_command
from layerscope.cli.image_probe import Probing
from layerscope.probe.observation import Observation, StageResult
from layerscope.probe.probed import Probed

Answer = Callable[..., tuple[int, bytes, str]]

BROKEN = (StageResult("env", "passed"), StageResult("imports", "failed", 1.5, "import-error", "torch: OSError: no"))
SOUND = (
    StageResult("driver", "skipped", detail="no device"),
    StageResult("device", "passed", values={"name": "CPU", "device": "cpu"}),
    StageResult("detokenize", "passed", detail='"better"'),
)


@pytest.fixture
def probing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets the next probe see these stages, without an engine."""

    def see(*stages: StageResult) -> None:
        def probe(
            _image: str, asked: Probing, audit: Callable[[str], AuditResult], **_options: object
        ) -> tuple[AuditResult, Probed]:
            return audit("docker:x"), asked.judge(Observation(stages, is_complete=True, seconds=2.5))

        monkeypatch.setattr(audit_command, "probe_image", probe)

    return see


def test_a_probe_that_cannot_run_says_so_and_keeps_the_audit(answer: Answer, service: Path) -> None:
    """An archive is in no engine: exit code 5, and every finding all the same."""
    code, out, talk = answer("audit", service, "--probe")
    assert code == exit_codes.PROBE
    assert "expected an image of a local engine" in talk
    told = out.decode()
    assert "? NO PROBE probing " in told
    assert "CONF" in told


def test_why_it_could_not_run_is_in_the_report(document: Callable[..., Any], service: Path) -> None:
    """For programs, too."""
    probe = document("audit", service, "--probe")["probe"]
    assert (probe["status"], probe["verdict"]) == ("not run", None)
    assert "expected an image of a local engine" in probe["refusal"]


def test_options_of_a_probe_need_one(answer: Answer, service: Path) -> None:
    """They would say nothing without it."""
    for options in (["--require-gpu"], ["--memory", "1GiB"], ["--gpus", "none"], ["--trace-libs"]):
        code, _, talk = answer("audit", service, *options)
        assert code == exit_codes.USAGE
        assert "expected --probe beside them" in talk


def test_a_broken_stage_is_told_first_and_found(answer: Answer, service: Path, probing: Callable[..., None]) -> None:
    """A line of the verdict, the stages as a section, the finding among the others."""
    probing(*BROKEN)
    code, out, _ = answer("audit", service, "--probe")
    assert code == exit_codes.FINDINGS
    lines = out.decode().splitlines()
    assert lines[1].startswith("✘ BROKEN   stage imports fails: torch: OSError: no")
    assert "Stages" in lines
    assert any(line.strip() == "PROBE005 failing-import" for line in lines)


def test_a_broken_stage_is_below_no_threshold(answer: Answer, service: Path, probing: Callable[..., None]) -> None:
    """But the user may decide that nothing fails."""
    probing(*BROKEN)
    assert answer("audit", service, "--probe", "--fail-on", "critical")[0] == exit_codes.FINDINGS
    assert answer("audit", service, "--probe", "--fail-on", "never")[0] == exit_codes.CLEAN


def test_a_sound_probe_says_what_it_proves(answer: Answer, service: Path, probing: Callable[..., None]) -> None:
    """And what it does not; with --require-gpu that is exit code 5."""
    probing(*SOUND)
    code, out, _ = answer("audit", service, "--probe", "--fail-on", "never")
    assert code == exit_codes.CLEAN
    line = next(line for line in out.decode().splitlines() if "PROVED" in line)
    assert line.startswith('✔ PROVED   a generation on the CPU: "better"; unproved: driver')
    assert answer("audit", service, "--probe", "--require-gpu", "--fail-on", "never")[0] == exit_codes.PROBE


def test_the_report_holds_all_of_the_probe(
    document: Callable[..., Any], service: Path, probing: Callable[..., None]
) -> None:
    """Under its own key, as `probe -o json` has it."""
    probing(*BROKEN)
    told = document("audit", service, "--probe")
    probe = told["probe"]
    assert probe["status"] == "failed"
    assert probe["verdict"]["root"] == "imports"
    assert probe["stages"][1] == {
        "name": "imports", "status": "failed", "seconds": 1.5, "kind": "import-error", "detail": "torch: OSError: no",
        "wait": None,
    }  # fmt: skip
    (found,) = (each for each in told["findings"] if each["code"] == "PROBE005")
    assert found["severity"] == "critical"
    assert document("audit", service)["probe"]["status"] == "not requested"


def test_what_is_asked_follows_the_options() -> None:
    """Memory, shared memory, patience, and the trace of the loader."""
    asked = Probing("none", require_gpu=False, memory=1 << 30, shm_size=1 << 20, patience=2.0, trace_libs=True)
    spec = asked.make_spec()
    assert (spec.limits.memory, spec.limits.shm, spec.patience) == (1 << 30, 1 << 20, 2.0)
    assert "trace" in spec.roles
    assert not asked.wants_gpu
    assert "trace" not in image_probe.NO_PROBE.make_spec().roles
