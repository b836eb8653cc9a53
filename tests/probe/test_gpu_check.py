"""The check of a real GPU: without one it measures nothing, and what it would check is right."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from benchmarks import gpu_check
from benchmarks.gpu_check import check_memory, check_run, has_gpu, name_file
from benchmarks.host_bundle import open_host_bundle

from layerscope.probe.bundle_run import NAMESPACES, run_bundle
from layerscope.probe.confinement import HARDENED
from layerscope.probe.observation import PASSED, Observation, StageResult
from layerscope.probe.spec import ProbeSpec
from layerscope.progress import SilentProgress
from probe.test_bundle import needs_namespaces

ROOT = Path(__file__).parents[2]
TYPES: dict[str, Any] = {name: {"seconds": 0.1} for name in ("float32", "float16", "bfloat16")}


def observe(types: dict[str, Any] = TYPES, name: str = "NVIDIA L4") -> Observation:
    """A run on a GPU that was good."""
    devices = [{"name": "NVIDIA L4", "memory": 23034 << 20}]
    stages = (
        StageResult("driver", PASSED, values={"devices": devices}),
        StageResult("device", PASSED, values={"name": name}),
        StageResult("prefill", PASSED, values={"types": types}),
        StageResult("decode", PASSED, values={"types": types}),
        StageResult("detokenize", PASSED, detail="text"),
    )
    return Observation(stages, is_complete=True)


def test_without_a_gpu_nothing_is_measured(tmp_path: Path) -> None:
    """Said, with the exit code of a probe that could not run; no file is written."""
    before = sorted(gpu_check.FOLDER.iterdir())
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.gpu_check", "--dev", str(tmp_path)],
        capture_output=True, text=True, check=False, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}"},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (5, "no device: nothing was measured\n"), done.stderr
    assert sorted(gpu_check.FOLDER.iterdir()) == before


def test_a_node_of_a_gpu_is_one(tmp_path: Path) -> None:
    """Other nodes of the driver are not."""
    (tmp_path / "nvidiactl").touch()
    assert not has_gpu(tmp_path)
    (tmp_path / "nvidia0").touch()
    assert has_gpu(tmp_path)


def test_a_good_run_holds_and_each_fault_does_not() -> None:
    """A type of numbers that was left out, and a generation on the CPU."""
    assert all(check.holds for check in check_run("here", observe()))
    left_out = {name: value for name, value in TYPES.items() if name != "bfloat16"}
    failing = [check.name for check in check_run("here", observe(left_out)) if not check.holds]
    assert failing == ["prefill in bfloat16 here", "decode in bfloat16 here"]
    assert [check.name for check in check_run("here", observe(name="CPU")) if not check.holds] == ["verdict here"]


@pytest.mark.parametrize(("total", "holds"), [("23034", True), ("24564", True), ("40960", False), ("12000", False)])
def test_memory_is_compared_with_nvidia_smi(total: str, holds: bool) -> None:
    """Some of it is reserved, but not half."""
    (check,) = check_memory(observe(), [{"memory.total": total}])
    assert check.holds == holds
    assert not check_memory(observe(), [])[0].holds


def test_the_file_is_named_by_date_and_device() -> None:
    """In letters that every file system takes."""
    assert name_file(observe()).endswith("-nvidia-l4.md")
    assert name_file(Observation(())).endswith("-unknown.md")


@needs_namespaces
def test_a_bundle_of_this_hosts_own_python_runs() -> None:
    """Its files are bound, none is copied, and it is as closed as any."""
    spec = ProbeSpec(sys.executable, roles=("system",))
    with open_host_bundle(sys.executable) as bundle:
        run = run_bundle(
            bundle, spec, progress=SilentProgress(), confinement=HARDENED, runtimes=(NAMESPACES,)
        )  # fmt: skip
        folder = bundle.folder
    environment = run.observation.find("env")
    assert environment is not None, run.observation
    assert environment.status == PASSED
    assert environment.values["isolation"]["read_only_root"]
    assert environment.values["network"] in (["lo"], [])
    assert not folder.exists()
