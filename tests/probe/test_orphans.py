"""What a killed probe leaves in bare namespaces: nothing, and what outlives it is ended by the next."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from layerscope.probe import bundle_processes, namespace_launcher
from layerscope.probe.bundle_folder import remove_leftover_bundles
from layerscope.probe.bundle_processes import end_processes, lives_in
from layerscope.probe.bundle_run import build_launcher_settings
from layerscope.probe.confinement import DEFAULT, HARDENED, Confinement
from layerscope.probe.oci_spec import Bind, Start
from layerscope.probe.owner import name_owner
from probe.test_bundle import WORDS, find_inside, needs_namespaces, wait_for

WAITING: Final = """
import ctypes, os, sys, time
if "{how}" == "stubborn":
    ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
if os.fork():
    print("up", flush=True)
time.sleep(600)
"""


def launch(root: Path, how: str, confinement: Confinement) -> "subprocess.Popen[bytes]":
    """This host's Python in bare namespaces, with a child, once it is up; as `stubborn` it wants to outlive them."""
    for name in ("dev", "proc", "sys", "tmp"):
        (root / name).mkdir(parents=True)
    places = {"/usr", "/lib", "/lib64", str(Path(sys.base_prefix))}
    binds = [Bind(str(Path(place).resolve()), place) for place in sorted(places) if Path(place).exists()]
    command = [str(Path(sys.executable).resolve()), "-I", "-S", "-c", WAITING.format(how=how)]
    start = Start(command, ["PATH=/usr/bin", f"MARK={root}"])
    settings = build_launcher_settings(str(root), start, binds, confinement)
    launcher = [sys.executable, "-I", "-S", namespace_launcher.__file__, json.dumps(settings)]
    process = subprocess.Popen(launcher, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    return process


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill it as a host does that is short of memory."""
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        assert stream is not None
        stream.close()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The folder of a bundle whose owner is gone; what still lives in it is ended in the end."""
    boot = name_owner().partition(":")[0]
    made = tmp_path / f"{WORDS}@{boot}:999999:1@abc"
    made.mkdir()
    yield made
    for process in find_inside(made / "rootfs"):
        with suppress(OSError):
            os.kill(int(process), 9)


@needs_namespaces
@pytest.mark.parametrize("confinement", [HARDENED, DEFAULT], ids=["hardened", "default"])
def test_what_runs_in_namespaces_ends_with_the_launcher(folder: Path, confinement: Confinement) -> None:
    """Also where its first process has become another user since it wished for that."""
    process = launch(folder / "rootfs", "plain", confinement)
    assert len(find_inside(folder / "rootfs")) == 2
    kill(process)
    wait_for(lambda: not find_inside(folder / "rootfs"))


@needs_namespaces
def test_what_outlives_its_launcher_is_ended_before_its_folder_is_removed(folder: Path) -> None:
    """A program may take its own wish back; processes that live elsewhere go on."""
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], cwd=folder)
    try:
        kill(launch(folder / "rootfs", "stubborn", DEFAULT))
        assert len(find_inside(folder / "rootfs")) == 2
        remove_leftover_bundles(folder.parent)
        assert not find_inside(folder / "rootfs")
        assert not folder.exists()
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


@needs_namespaces
def test_a_process_of_another_bundle_is_left_alone(folder: Path) -> None:
    """As is every process of this host."""
    process = launch(folder / "rootfs", "plain", HARDENED)
    assert end_processes(folder.with_name(f"{folder.name}d"))
    assert not lives_in(os.getpid(), folder)
    assert len(find_inside(folder / "rootfs")) == 2
    assert end_processes(folder)
    assert process.wait(10) in {-9, 128 + 9}  # the launcher shares the root
    kill(process)


def test_a_mount_that_a_host_has_of_a_bundle_makes_nobody_live_in_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Only the root of a process counts."""
    rows = [f"1 0 8:1 / / rw - ext4 /dev/sda rw\n2 1 8:1 {folder}/rootfs /mnt rw - ext4 /dev/sda rw\n"]
    rows.append(f"1 0 8:1 {folder}/rootfs / rw - ext4 /dev/sda rw\n")
    rows.append(f"1 0 8:1 {folder}/rootfs//deleted / rw - ext4 /dev/sda rw\n")
    told = []
    for row in rows:
        (tmp_path / "mountinfo").write_text(row)
        monkeypatch.setattr(bundle_processes, "Path", lambda _: tmp_path / "mountinfo")
        told.append(lives_in(1, folder))
    assert told == [False, True, True]


def test_a_launcher_that_has_ended_already_is_seen() -> None:
    """By the pipe that ended with it."""
    alive, kept = os.pipe()
    child = os.fork()
    if not child:
        os.close(kept)
        namespace_launcher._end_with_launcher(alive)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    os.close(kept)
    child = os.fork()
    if not child:
        namespace_launcher._end_with_launcher(alive)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == namespace_launcher.FAILED
    os.close(alive)
