"""The host's own hold on stages: what the payload cannot end, the host does."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from layerscope.probe.collect import ObservationBuilder
from layerscope.probe.limits import DEADLINES, Deadline
from layerscope.probe.local_run import run_here
from layerscope.probe.observation import HUNG
from layerscope.probe.protocol import Begin, End, Hang, Slow
from layerscope.probe.spec import ProbeSpec
from layerscope.probe.stage_clock import StageClock
from layerscope.progress import SilentProgress

STOPPING = """
import glob, os, signal, time

def sleeps(place):
    with open(place) as file:
        return file.read().rpartition(")")[2].split()[0] == "S"

keeper, calm = os.getppid(), 0
while calm < 5:
    calm = calm + 1 if all(map(sleeps, glob.glob(f"/proc/{keeper}/task/*/stat"))) else 0
    time.sleep(0.02)
os.kill(keeper, signal.SIGSTOP)
time.sleep(600)
"""
"""An import that stops the payload's keeper, which then looks at no clock: once it has passed on that imports began."""

SHORT = Deadline(0.5, 1)


def set_deadlines(monkeypatch: pytest.MonkeyPatch, **stages: Deadline) -> None:
    """Give those stages other deadlines."""
    monkeypatch.setattr("layerscope.probe.spec.DEADLINES", {**DEADLINES, **stages})


def make_clock(spec: ProbeSpec, patience: float = 0.0) -> tuple[ObservationBuilder, StageClock]:
    """A clock over records that the test gives."""
    builder = ObservationBuilder(spec.stages)
    return builder, StageClock(spec, builder, margin=0.0, patience=patience)


def test_a_stage_is_cut_after_its_deadline_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each stage has its own time, and between two none runs."""
    set_deadlines(monkeypatch, env=Deadline(0.1, 0.2), devices=Deadline(5, 9))
    builder, clock = make_clock(ProbeSpec("", roles=("system",)))
    assert not clock.cut()
    builder.add(Begin(0, "env"))
    assert not clock.cut()
    time.sleep(0.25)
    assert clock.cut()
    builder.add(End(1, "env", "passed"))
    assert not clock.cut()
    builder.add(Begin(2, "devices"))
    assert not clock.cut()
    time.sleep(0.25)
    assert not clock.cut()


def test_what_the_payload_says_of_a_hang_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """It knows what the stage waits for, and the host does not."""
    set_deadlines(monkeypatch, env=Deadline(0, 0.01))
    builder, clock = make_clock(ProbeSpec("", roles=("system",)))
    builder.add(Begin(0, "env"))
    clock.cut()
    builder.add(Hang(1, "env", 1.0, stacks="in read()"))
    time.sleep(0.05)
    assert clock.cut()
    stage = builder.finish().find("env")
    assert stage is not None
    assert stage.wait is not None
    assert stage.wait.stacks == "in read()"


def test_who_says_that_a_stage_hangs_has_time_to_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that says nothing has none."""
    set_deadlines(monkeypatch, env=Deadline(0, 0.01), devices=Deadline(0, 0.01))
    builder, clock = make_clock(ProbeSpec("", roles=("system",)), patience=60)
    builder.add(Begin(0, "env"))
    clock.cut()
    builder.add(Hang(1, "env", 1.0, stacks="in read()"))
    time.sleep(0.05)
    assert not clock.cut()
    builder.add(Begin(2, "devices"))
    clock.cut()
    time.sleep(0.05)
    assert clock.cut()


def test_what_was_known_of_a_late_stage_outlives_its_payload(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its stacks were told at the soft deadline; at the hard one nobody is left to tell them."""
    set_deadlines(monkeypatch, env=Deadline(0, 0.01))
    builder, clock = make_clock(ProbeSpec("", roles=("system",)))
    builder.add(Begin(0, "env"))
    builder.add(Slow(1, "env", 1.0, stacks="in fork()", last_line="forking"))
    clock.cut()
    time.sleep(0.05)
    assert clock.cut()
    stage = builder.finish().find("env")
    assert stage is not None
    assert isinstance(stage.wait, Hang)
    assert (stage.wait.stacks, stage.wait.last_line) == ("in fork()", "forking")


def test_a_payload_that_cannot_look_at_its_clock_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the stage in which it stood hangs."""
    (tmp_path / "torch.py").write_text(STOPPING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    set_deadlines(monkeypatch, imports=SHORT)
    seen = run_here(ProbeSpec(sys.executable, ("torch",), roles=("generation",)), progress=SilentProgress())
    stage = seen.find("imports")
    assert stage is not None
    assert stage.status == HUNG
    assert stage.seconds >= SHORT.hard
    assert not seen.was_killed


WAITING = "import time\nopen({mark!r}, 'w').close()\ntime.sleep(600)\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_probe_of_this_environment_leaves_nothing_when_it_is_ended(tmp_path: Path, number: signal.Signals) -> None:
    """No folder and no process, also where nobody is left to remove them but the payload itself."""
    packages, place, mark = tmp_path / "packages", tmp_path / "tmp", tmp_path / "mark"
    packages.mkdir()
    place.mkdir()
    (packages / "torch.py").write_text(WAITING.format(mark=str(mark)))
    environment = {**os.environ, "PYTHONPATH": str(packages), "TMPDIR": str(place)}
    command = [sys.executable, "-m", "layerscope", "probe", "--local", "--python", sys.executable, "--no-progress"]
    probe = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(mark.exists)
    assert list(place.glob("layerscope-*"))
    probe.send_signal(number)
    probe.wait(30)
    wait_until(lambda: not list(place.iterdir()) and not find_processes(str(place)))


def wait_until(is_so: object) -> None:
    """Wait for it, for half a minute at most."""
    assert callable(is_so)
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def find_processes(word: str) -> list[str]:
    """Processes in whose environment that word stands."""
    found = []
    for each in Path("/proc").glob("[0-9]*/environ"):
        try:
            if word.encode() in each.read_bytes():
                found.append(each.parent.name)
        except OSError:
            continue
    return found
