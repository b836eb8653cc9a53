"""Probes in a row leave nothing, and what hangs is ended when it should be."""

import os
import sys
import time
from pathlib import Path

import pytest

from layerscope.probe.local_run import run_here
from layerscope.probe.observation import HUNG
from layerscope.probe.spec import ProbeSpec
from layerscope.progress import SilentProgress
from probe.test_bundle import find_inside, needs_namespaces, probe
from support.layouts import write_oci_archive
from support.python_image import build_python_image

PATIENCE = 0.025
"""Imports are given 3 seconds, and a process 0.75 to start."""

BEATING = """
import pathlib, threading, time
place = pathlib.Path({place!r})
def beat():
    while True:
        with place.open("a") as stream:
            stream.write(f"{{time.monotonic()}}\\n")
        time.sleep(0.02)
threading.Thread(target=beat, daemon=True).start()
time.sleep(600)
"""


def list_state(folder: Path) -> tuple[list[str], int, int]:
    """Mounts below a folder, open descriptors and children of this process."""
    mounts = [line for line in Path("/proc/self/mounts").read_text().splitlines() if str(folder) in line]
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    descriptors = sum(1 for _ in Path("/proc/self/fd").iterdir())
    return mounts, descriptors, len(children.read_text().split()) if children.exists() else 0


@needs_namespaces
def test_probes_in_a_row_leave_no_file_no_process_and_no_mount(tmp_path: Path) -> None:
    """Of unpacked images, under a runtime where one works and under namespaces alone."""
    work, programs = tmp_path / "work", tmp_path / "bin"
    work.mkdir()
    programs.mkdir()
    env = (f"MARK={tmp_path}", "PATH=/usr/local/bin:/usr/bin:/bin")
    write_oci_archive(build_python_image("demo:1", env=env), tmp_path / "image.tar")
    before = list_state(tmp_path)
    for number in range(4):
        _, document, talk = probe(tmp_path / "image.tar", work, path=str(programs) if number % 2 else "")
        assert document, talk
        assert not list(work.iterdir())
        assert not find_inside(tmp_path)
    assert list_state(tmp_path) == before


def test_probes_of_this_environment_leave_nothing(tmp_path: Path) -> None:
    """No child, no descriptor."""
    spec = ProbeSpec(sys.executable, roles=("system",))
    run_here(spec, progress=SilentProgress())
    before = list_state(tmp_path)
    for _ in range(3):
        run_here(spec, progress=SilentProgress())
    assert list_state(tmp_path) == before


def test_an_empty_cache_that_an_import_makes_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As PyTorch's is; what was there before stays, and so does what holds a file."""
    text = "import os\nfor name in ('new', 'full'):\n    os.mkdir(os.environ['TMPDIR'] + '/torchinductor_' + name)\n"
    packages, place = tmp_path / "packages", tmp_path / "tmp"
    packages.mkdir()
    (place / "torchinductor_old").mkdir(parents=True)
    (packages / "torch.py").write_text(
        f"{text}open(os.environ['TMPDIR'] + '/torchinductor_full/kernel', 'w').close()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(packages))
    monkeypatch.setenv("TMPDIR", str(place))
    run_here(ProbeSpec(sys.executable, ("torch",), roles=("generation",)), progress=SilentProgress())
    assert sorted(each.name for each in place.iterdir()) == ["torchinductor_full", "torchinductor_old"]


def test_a_stage_that_hangs_is_ended_within_a_second_of_its_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the last sign of life of the process that hangs."""
    beats = tmp_path / "beats"
    (tmp_path / "torch.py").write_text(BEATING.format(place=str(beats)))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    spec = ProbeSpec(sys.executable, ("torch",), roles=("generation",), patience=PATIENCE)
    deadlines = spec.build_settings("0" * 16)["deadlines"]
    assert isinstance(deadlines, dict)
    deadlines["start"] = [10, 30]  # a busy machine may take its time to start a process
    monkeypatch.setattr(ProbeSpec, "build_settings", _with(spec, deadlines))
    began = time.monotonic()
    seen = run_here(spec, progress=SilentProgress())
    stage = seen.find("imports")
    assert stage is not None
    assert stage.status == HUNG
    signs = [float(line) for line in beats.read_text().split()]
    hard = deadlines["imports"][1]
    assert hard - 0.5 <= signs[-1] - signs[0] <= hard + 1
    assert time.monotonic() - began < 60


def _with(spec: ProbeSpec, deadlines: object) -> "object":
    """Settings with these deadlines."""
    own = ProbeSpec.build_settings

    def build_settings(_self: ProbeSpec, nonce: str) -> dict[str, object]:
        return {**own(spec, nonce), "deadlines": deadlines}

    return build_settings
