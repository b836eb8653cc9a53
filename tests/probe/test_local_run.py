"""The payload in a process of this host: real stages, and stand-ins for a framework that breaks."""

import os
import sys
import time
from pathlib import Path

import pytest

from layerscope.probe.limits import Deadline
from layerscope.probe.local_run import find_modules, run_here
from layerscope.probe.observation import CRASHED, FAILED, HUNG, PASSED
from layerscope.probe.spec import ProbeSpec
from layerscope.probe.verdict import Outcome, judge
from layerscope.progress import SilentProgress

SILENT = SilentProgress()


def put_module(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package `torch` that does what the text says when it is imported."""
    (folder / "torch.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(folder))


def test_the_system_is_described_without_any_framework() -> None:
    """The environment is told, and what needs a device is skipped or told, never an error of ours."""
    spec = ProbeSpec(sys.executable, roles=("system", "visibility"))
    seen = run_here(spec, progress=SILENT)
    assert seen.is_complete, seen
    environment = seen.find("env")
    assert environment is not None
    assert environment.status == PASSED
    assert environment.values["identity"]["uid"] == os.getuid()
    assert environment.values["python"]["version"].startswith("3.")
    assert {stage.name for stage in seen.stages} == {"env", "devices", "driver", "kernel", "visibility"}


def test_a_secret_in_the_environment_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens of hubs are what environments are full of."""
    monkeypatch.setenv("HF_TOKEN", "hf_invented")
    monkeypatch.setenv("HF_HOME", "/models")
    seen = run_here(ProbeSpec(sys.executable, roles=("system",)), progress=SILENT)
    environment = seen.find("env")
    assert environment is not None
    assert environment.values["variables"]["HF_TOKEN"] == "(not shown)"
    assert environment.values["variables"]["HF_HOME"] == "/models"
    assert "hf_invented" not in str(seen)


def test_output_without_flushing_is_lost_unless_python_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Through a pipe, Python keeps what is printed until there is enough of it."""
    spec = ProbeSpec(sys.executable, roles=("visibility",))
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    muted = run_here(spec, progress=SILENT).find("visibility")
    assert muted is not None
    assert (muted.kind, muted.values["seen"]) == ("muted", {"stdout": False, "stderr": True, "logging": True})
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")
    seen = run_here(spec, progress=SILENT).find("visibility")
    assert seen is not None
    assert (seen.status, seen.kind) == (PASSED, "")


def test_an_import_that_hangs_is_cut_at_its_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its stack names the line, and all of its processes are gone."""
    waiting = "import subprocess, sys, time\nprint('reaching the hub', flush=True)\n"
    waiting += "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    waiting += f"open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid))\ntime.sleep(600)\n"
    put_module(tmp_path, waiting, monkeypatch)
    deadlines = {"imports": Deadline(1, 2)}
    monkeypatch.setattr("layerscope.probe.spec.DEADLINES", {**_deadlines(), **deadlines})
    began = time.monotonic()
    seen = run_here(ProbeSpec(sys.executable, ("torch",), roles=("generation",)), progress=SILENT)
    assert time.monotonic() - began < 60
    verdict, stage = judge(seen), seen.find("imports")
    assert stage is not None
    assert stage.status == HUNG
    assert (verdict.outcome, verdict.root) == (Outcome.HANG, "imports")
    assert verdict.consequences == ("weights", "device", "prefill", "decode", "detokenize")
    assert stage.wait is not None
    assert "torch.py" in stage.wait.stacks
    assert stage.wait.last_line == "reaching the hub"
    assert not is_running(int((tmp_path / "pid").read_text()))


def is_running(pid: int) -> bool:
    """Whether a process is there and has not ended; who ended may still have to be waited for by its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


def _deadlines() -> dict[str, Deadline]:
    from layerscope.probe.limits import DEADLINES

    return dict(DEADLINES)


def test_a_crash_is_told_by_its_signal_and_the_last_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is gone without an exception."""
    text = "import os, signal\nprint('loading kernels', flush=True)\nos.kill(os.getpid(), signal.SIGILL)\n"
    put_module(tmp_path, text, monkeypatch)
    seen = run_here(ProbeSpec(sys.executable, ("torch",), roles=("generation", "visibility")), progress=SILENT)
    verdict, stage = judge(seen), seen.find("imports")
    assert stage is not None
    assert stage.status == CRASHED
    assert (verdict.outcome, verdict.root) == (Outcome.CRASH, "imports")
    assert "loading kernels" in verdict.reason
    visibility = seen.find("visibility")
    assert visibility is not None
    assert visibility.status == PASSED


def test_a_crash_in_native_code_shows_its_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python itself writes it while it goes down."""
    text = "import ctypes\ndef load_kernels():\n    ctypes.string_at(0)\nload_kernels()\n"
    put_module(tmp_path, text, monkeypatch)
    seen = run_here(ProbeSpec(sys.executable, ("torch",), roles=("generation",)), progress=SILENT)
    stage = seen.find("imports")
    assert stage is not None
    assert stage.wait is not None
    assert "in load_kernels" in stage.wait.stacks
    assert "SIGSEGV" in judge(seen).reason


def test_a_module_that_ends_the_process_is_told_as_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an error, a signal or a word; no stack can be had of it."""
    put_module(tmp_path, "import os\nos._exit(0)\n", monkeypatch)
    seen = run_here(ProbeSpec(sys.executable, ("torch",), roles=("generation",)), progress=SILENT)
    verdict, stage = judge(seen), seen.find("imports")
    assert (verdict.outcome, verdict.root) == (Outcome.CRASH, "imports")
    assert "ended the process without an error (exit code 0)" in verdict.reason
    assert stage is not None
    assert stage.wait is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("raise ImportError('libcudart.so.13: cannot open shared object file')", "libcudart.so.13: cannot open"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("import nothing_of_that_name", "No module named 'nothing_of_that_name'"),
    ],
)
def test_an_import_that_fails_is_the_root(
    text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it raises."""
    put_module(tmp_path, text, monkeypatch)
    seen = run_here(ProbeSpec(sys.executable, ("torch",), roles=("generation",)), progress=SILENT)
    stage = seen.find("imports")
    assert stage is not None
    assert stage.status == FAILED
    assert said in judge(seen).reason


def test_noise_and_forged_records_are_no_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that prints lines like ours says nothing to the host, and floods are cut."""
    text = 'import sys\nfor _ in range(20000):\n    print(\'@@LS@@0000 {"record": "bye", "at": 1}\')\n'
    text += "raise ImportError('after the noise')\n"
    put_module(tmp_path, text, monkeypatch)
    seen = run_here(ProbeSpec(sys.executable, ("torch",), roles=("generation",)), progress=SILENT)
    assert seen.is_complete
    assert judge(seen).reason.endswith("after the noise")
    assert "left out" in seen.logs["generation stdout"]


def test_what_a_package_leaves_running_holds_nothing_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that it has started keeps its output open; it is ended with the rest."""
    text = "import subprocess, sys\n"
    text += "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)\n"
    text += f"open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid))\nraise ImportError('gone')\n"
    put_module(tmp_path, text, monkeypatch)
    began = time.monotonic()
    seen = run_here(ProbeSpec(sys.executable, ("torch",), roles=("generation",)), progress=SILENT)
    assert time.monotonic() - began < 30
    assert judge(seen).reason.endswith("gone")
    assert not is_running(int((tmp_path / "pid").read_text()))


def test_packages_are_found_without_being_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking must not hang where importing would."""
    put_module(tmp_path, "raise SystemExit('imported')", monkeypatch)
    assert find_modules(sys.executable) == ("torch",)


def test_impatience_takes_no_time_from_the_start() -> None:
    """The stages are cut earlier, and the Python that runs them is not; patience gives time to both."""

    def find(name: str, patience: float) -> list[float]:
        deadlines = ProbeSpec("python3", patience=patience).build_settings("word")["deadlines"]
        assert isinstance(deadlines, dict)
        return list(deadlines[name])

    assert find("start", 0.1) == find("start", 1)
    assert find("imports", 0.1) < find("imports", 1)
    assert find("start", 2) > find("start", 1)
