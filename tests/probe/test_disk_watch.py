"""A run that writes too much is ended: what counts as that, how it is told, and that no run follows it."""

import json
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest
from msgspec.structs import replace

from layerscope.cli import exit_codes, image_probe
from layerscope.cli.main import run
from layerscope.engine import containers
from layerscope.engine.attached import AttachedStreams
from layerscope.engine.endpoint import Endpoint
from layerscope.errors import EngineError
from layerscope.probe import bundle_run, container_run, disk_watch, served_run
from layerscope.probe.bundle_folder import list_bundles
from layerscope.probe.collect import SERVING
from layerscope.probe.confinement import Confinement
from layerscope.probe.disk_watch import CONTAINERD, OF_ENGINE, DiskWatch, find_engine_places
from layerscope.probe.limits import GIB, ContainerLimits
from layerscope.probe.observation import DISK_LIMIT, FAILED, PASSED, Observation, StageResult
from layerscope.probe.protocol import Begin, Bye, End
from layerscope.probe.spec import ProbeSpec
from layerscope.probe.variants import may_lack_rights, probe_variants, tell_needs
from layerscope.probe.verdict import Outcome, judge
from layerscope.progress import SilentProgress
from probe.test_bundle import needs_namespaces
from probe.test_verdict import observe, passed
from support.layouts import write_oci_archive
from support.python_image import build_python_image, make_package

BREACH: Final = "it wrote more than 4 GiB to the disk of the engine (/var/lib/docker), and was ended"


class Disk:
    """What `os.statvfs` says of a disk of a hundred gibibytes, in blocks of a mebibyte."""

    def __init__(self) -> None:
        """Half of it is free."""
        self.free, self.files = 50 << 10, 500_000
        self.asked: list[str] = []
        self.closed: tuple[str, ...] = ()

    def tell(self, place: Path) -> object:
        """The answer for a folder."""
        self.asked.append(str(place))
        if str(place) in self.closed:
            raise PermissionError(13, "Permission denied")
        if "gone" in str(place):
            raise FileNotFoundError(2, "No such file or directory")
        return SimpleNamespace(
            f_frsize=1 << 20, f_blocks=100 << 10, f_bfree=self.free, f_bavail=self.free - 512,
            f_files=1_000_000, f_favail=self.files,
        )  # fmt: skip


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """The disk of every folder."""
    found = Disk()
    monkeypatch.setattr(os, "statvfs", found.tell)
    return found


def watch(*places: str) -> DiskWatch:
    """A watch of the usual limit."""
    return DiskWatch([Path(place) for place in places], OF_ENGINE, ContainerLimits().disk).begin()


def look(watched: DiskWatch) -> str:
    """What it says now."""
    watched.look()
    return watched.breach


def test_more_than_the_limit_is_too_much_and_just_that_is_not(disk: Disk) -> None:
    """And it stays so when it has been removed again."""
    watched = watch("/var/lib/docker")
    disk.free -= 4 << 10
    assert look(watched) == ""
    disk.free -= 1
    assert look(watched) == BREACH
    disk.free += 1 << 10
    assert watched.is_passed()


def test_little_that_is_left_is_too_little(disk: Disk) -> None:
    """Of bytes and of files; on a disk that was nearly full before, half of what there was."""
    disk.free = 5 << 10
    watched = watch("/var/lib/docker")
    disk.free = 3 << 10
    assert look(watched) == ""
    disk.free = 2 << 10
    assert look(watched).startswith("it wrote until little was left on the disk of the engine")
    disk.free = 1 << 10
    watched = watch("/var/lib/docker")
    disk.free = 800
    assert look(watched) == ""
    disk.free = 700
    assert look(watched)
    disk.free = 50 << 10
    watched = watch("/var/lib/docker")
    disk.files = 20_000
    assert look(watched) == ""
    disk.files -= 1
    assert "files until few more could be made" in look(watched)


def test_a_disk_is_looked_at_about_once_a_second(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it is asked for."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    watched = watch("/var/lib/docker")
    for _ in range(25):
        now[0] += 0.1
        watched.is_passed()
    assert len(disk.asked) == 1 + 2


def test_a_closed_folder_is_on_the_disk_of_the_one_above_it(disk: Disk) -> None:
    """And one that is not there is not watched."""
    disk.closed = ("/var/lib/docker/1000.1000",)
    watched = watch("/var/lib/gone", "/var/lib/docker/1000.1000")
    disk.free -= 5 << 10
    assert "/var/lib/docker/1000.1000" in look(watched)
    assert look(watch("/var/lib/gone")) == ""


def test_the_folder_of_an_engine_is_watched_where_it_is_this_hosts(disk: Disk) -> None:
    """By what it says itself, once; that of another host is not looked for here."""
    asked: list[str] = []

    def make_engine(url: str, root: str, status: object = ()) -> Any:
        def fetch(path: str, **_: object) -> object:
            asked.append(path)
            return {"Driver": "overlay2", "DockerRootDir": root, "DriverStatus": status}

        return SimpleNamespace(endpoint=Endpoint(url, "test"), fetch=fetch)

    here, root = "unix:///run/docker.sock", Path("/var/lib/docker")
    assert find_engine_places(make_engine(here, str(root))) == (root,)
    containerd = [["driver-type", "io.containerd.snapshotter.v1"]]
    assert find_engine_places(make_engine(here, str(root), containerd)) == (root, CONTAINERD)
    assert find_engine_places(make_engine(here, "/gone")) == ()
    assert asked == ["/info"] * 3
    assert find_engine_places(make_engine("ssh://there", str(root))) == ()
    assert disk.asked


def test_the_stage_in_which_it_stood_is_what_broke() -> None:
    """Though one before it broke in another way, and whatever is known of its messages."""
    from layerscope.probe.collect import ObservationBuilder

    builder = ObservationBuilder(ProbeSpec("python3", ("torch",)).stages)
    for record in (*passed("env"), End(1.0, "imports", "failed", kind="import-error"), Begin(2.0, "visibility")):
        builder.add(record)
    builder.end_for_disk(BREACH)
    seen = builder.finish(disk_breach=BREACH, was_killed=True)
    verdict = judge(seen)
    assert (verdict.outcome, verdict.root, verdict.kind) == (Outcome.ERROR, "visibility", DISK_LIMIT)
    assert verdict.title == "stage 'log visibility' fills the disk"
    assert verdict.reason == BREACH
    assert verdict.cures == ()
    builder = ObservationBuilder(ProbeSpec("python3", ("torch",)).stages)
    for record in passed("env"):
        builder.add(record)
    builder.end_for_disk(BREACH)
    assert judge(builder.finish(disk_breach=BREACH)).root == "devices"


def test_an_image_cannot_claim_to_have_filled_a_disk() -> None:
    """Its own word for that is as any other."""
    seen = observe(*passed("env"), End(1.0, "imports", "failed", kind=DISK_LIMIT, detail="x"), Bye(2.0))
    assert judge(seen).title == "stage imports fails"


def test_no_run_follows_one_that_was_ended_for_what_it_wrote() -> None:
    """Neither the hardened one, nor the open one, nor one of the search between them."""
    denied = Observation((StageResult("imports", FAILED, detail="Permission denied"),), is_complete=True)
    ended = Observation((StageResult("imports", FAILED, kind=DISK_LIMIT, detail=BREACH),), disk_breach=BREACH)
    works = Observation((StageResult("imports", PASSED),), is_complete=True)
    late = Observation((*works.stages, *ended.stages), disk_breach=BREACH)
    said = Observation((StageResult("imports", FAILED, kind=DISK_LIMIT, detail="Permission denied"),), disk_breach="x")
    assert not may_lack_rights(said)
    cases = [[said], [denied, ended], [denied, late], [denied, works, ended], [denied, works, denied, late]]
    for answers in cases:
        given = iter(answers)
        trials = probe_variants(lambda *_, given=given: next(given), ProbeSpec("python3", ("torch",)))
        assert next(given, None) is None
        comparison = trials.comparison
        verdict = tell_needs(judge(trials.seen), comparison)
        if comparison is not None:
            assert not comparison.helps
            assert verdict.remarks[-1].startswith(f"with more rights {BREACH}")


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks in a row."""
    monkeypatch.setattr(disk_watch, "INTERVAL", 0.05)


class Stub:
    """An engine whose containers do nothing until they are killed; each that runs takes from the disk."""

    def __init__(self, disk: Disk, taken: int) -> None:
        """Take so many mebibytes."""
        self.made, self.killed = 0, 0
        self._disk, self._taken = disk, taken
        self._ends: list[socket.socket] = []

    def attach(self, *_: object, **__: object) -> AttachedStreams:
        """Streams of a container that reads nothing."""
        self.made += 1
        own, other = socket.socketpair()
        self._ends.append(other)
        return AttachedStreams(own)

    def follow(self, watched: DiskWatch) -> bool:
        """What the watch says once the container has written."""
        self._disk.free -= self._taken
        self._taken = 0
        return DiskWatch.is_passed(watched)

    def kill(self, *_: object) -> None:
        """End what runs."""
        self.killed += 1
        for end in self._ends:
            end.close()


@pytest.fixture
def stub(disk: Disk, fast: None, monkeypatch: pytest.MonkeyPatch) -> Stub:  # noqa: ARG001 -- it makes looks fast
    """The engine of all containers here."""
    found = Stub(disk, taken=5 << 10)

    class Watch(DiskWatch):
        def is_passed(self) -> bool:
            return found.follow(self)

    state = containers.ContainerState(is_running=False, exit_code=137, is_out_of_memory=False, error="")
    for name, put in (
        ("create_container", lambda *_: "c"), ("start", lambda *_: None), ("remove", lambda *_: None),
        ("attach", found.attach), ("kill", found.kill), ("inspect_state", lambda *_: state),
    ):  # fmt: skip
        monkeypatch.setattr(containers, name, put)
    monkeypatch.setattr(container_run, "remove_leftovers", lambda _: None)
    monkeypatch.setattr(container_run, "DiskWatch", Watch)
    monkeypatch.setattr(containers, "has_volumes", lambda *_: True)
    return found


def run_stub(spec: ProbeSpec) -> Observation:
    """A run in it."""
    engine: Any = None
    confinement = Confinement()
    disks = (Path("/var/lib/docker"),)
    return served_run.run_image(
        engine, "i", spec, gpus=(), progress=SilentProgress(), confinement=confinement, disks=disks
    )


def test_a_container_that_does_not_even_read_is_ended(stub: Stub) -> None:
    """Long before the time is over that it has for reading."""
    began = time.monotonic()
    seen = run_stub(ProbeSpec("python3", ("torch",)))
    assert time.monotonic() - began < 10
    assert stub.killed == 1
    assert (seen.disk_breach, seen.was_killed) == (BREACH, True)
    assert judge(seen).title == "stage environment fills the disk"


@pytest.mark.parametrize(("read_only", "volumes", "is_watched"), [(1, 0, 0), (1, 1, 1), (0, 0, 1), (0, 1, 1)])
def test_only_what_can_write_to_the_disk_is_watched(
    disk: Disk, monkeypatch: pytest.MonkeyPatch, read_only: int, volumes: int, is_watched: int
) -> None:
    """What others write while a run has a read-only root and memory alone is not held against it."""
    monkeypatch.setattr(containers, "has_volumes", lambda *_: bool(volumes))
    engine: Any = None
    confinement = Confinement(read_only=bool(read_only))
    watched = container_run.watch_disks(engine, "c", confinement, (Path("/var/lib/docker"),))
    disk.free -= 5 << 10
    assert bool(look(watched)) == bool(is_watched)
    watched.begin()  # a later run, of which only what follows counts
    assert bool(look(watched)) == bool(is_watched)


def test_a_container_of_which_the_engine_cannot_tell_is_watched(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """As podman cannot of one that is just ending."""

    def fail(*_: object) -> bool:
        raise EngineError("inspecting the container: answered 500: read /proc/7/cgroup: no such process")

    monkeypatch.setattr(containers, "has_volumes", fail)
    engine: Any = None
    watched = container_run.watch_disks(engine, "c", Confinement(), (Path("/var/lib/docker"),))
    disk.free -= 5 << 10
    assert look(watched)


def make_serving() -> ProbeSpec:
    """A server that is asked by other means than a Python in the image."""
    from layerscope.probe.serving_spec import ServingSpec

    return ProbeSpec("", roles=("system", SERVING), serving=ServingSpec(), posix_shell=("/bin/sh",), relay=("/bin/nc",))


def test_a_server_is_ended_and_not_started_after_such_a_run(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    """What its stages say of being ended is not told."""
    seen = run_stub(make_serving())
    assert stub.made == 1
    assert judge(seen).title == "stage environment fills the disk"
    listen = seen.find("listen")
    assert listen is not None
    assert listen.status == "not reached"

    def work(_stages: object, recorder: Any) -> None:
        recorder.write("begin", at=1.0, stage="listen")
        time.sleep(1)
        recorder.write("end", at=2.0, stage="listen", status="failed", seconds=1.0, kind="crash", detail="137")

    monkeypatch.setattr(served_run, "run_stages", work)
    stub._taken = 5 << 10
    seen = run_stub(replace(make_serving(), roles=(SERVING,)))
    assert stub.made == 2
    assert seen.disk_breach == BREACH
    assert judge(seen).title == "stage 'server listens' fills the disk"


FILLING: Final = """
import os, time
print("{said}", flush=True)
stream = open("{place}", "wb")
while True:
    stream.write(os.urandom(1 << 20) * 8)
    stream.flush()
    time.sleep(0.05)
"""


@needs_namespaces
@pytest.mark.parametrize("runtime", ["found", "namespaces"])
def test_an_unpacked_image_that_asks_for_rights_and_fills_the_disk_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], runtime: str
) -> None:
    """In its second run, and nothing is left; with the usual limit the same image would go on."""
    image, work, programs = tmp_path / "image.tar", tmp_path / "work", tmp_path / "bin"
    work.mkdir()
    programs.mkdir()
    text = FILLING.format(said="Permission denied", place="/filling")
    write_oci_archive(build_python_image("demo:1", *make_package("torch", text)), image)
    runs = count_runs(monkeypatch)
    monkeypatch.setattr(image_probe, "ContainerLimits", lambda: ContainerLimits(disk=64 << 20))
    monkeypatch.setenv("TMPDIR", str(work))
    if runtime == "namespaces":
        monkeypatch.setenv("PATH", str(programs))
    code = run(["probe", "--runtime", "bundle", str(image), "-o", "json", "--cache-dir", str(tmp_path / "cache")])
    document = json.loads(capsys.readouterr().out)["probe"]
    assert code == exit_codes.FINDINGS
    assert runs == ["", "it wrote more than 0.0625 GiB to the disk of the unpacked image"]
    assert document["verdict"]["root"] == "imports"
    assert "and was ended: no other run followed" in document["verdict"]["remarks"][-1]
    assert not list_bundles(work)


def count_runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What each run of a bundle was ended for."""
    from layerscope.cli import probe_bundle

    runs: list[str] = []
    real: Callable[..., Any] = bundle_run.run_bundle

    def run_bundle(*given: Any, **named: Any) -> Any:
        found = real(*given, **named)
        runs.append(found.observation.disk_breach.partition(" (")[0])
        return found

    monkeypatch.setattr(probe_bundle, "run_bundle", run_bundle)
    return runs


def test_the_usual_limit_is_more_than_the_others() -> None:
    """So that what is bounded in memory does not pass for the disk."""
    limits = ContainerLimits()
    assert limits.tmp + limits.shm < limits.disk == 4 * GIB
