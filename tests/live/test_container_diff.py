"""Containers compared with the images they were started from, against what `diff` and `find` say of their exports."""

import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import pytest

from layerscope.audit.image_diff import ImageDiff
from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.read_image import cache_fingerprint
from layerscope.errors import ContainerNotFoundError, SourceError
from layerscope.layers.cache import LayerCache
from layerscope.sources.container import ContainerSource
from layerscope.sources.source import InPlace
from support.built_image import build_image
from support.docker_archives import write_docker_archive
from support.found_differences import iter_expected, see
from support.live_engines import LiveEngine
from support.tar_member import directory, file, hardlink, symlink

if TYPE_CHECKING:
    from docker.models.containers import Container

TAG: Final = "layerscope-test/container:1"
BUSYBOX: Final = Path("/bin/busybox")
ENDED: Final = "done"
PROGRAMS: Final = ("sh", "rm", "mkdir", "ln", "chmod", "chown", "touch", "mv", "mkfifo", "sleep", "cat")
SECONDS: Final = 30

FILES: Final = [
    directory("tmp"),
    directory("etc"),
    file("etc/text", b"one\n"),
    file("etc/mode", b"x"),
    file("etc/owner", b"x"),
    file("etc/touched", b"x"),
    file("etc/gone", b"x"),
    file("etc/same", b"same"),
    directory("opt"),
    directory("opt/gone"),
    file("opt/gone/a", b"a"),
    directory("opt/new"),
    file("opt/new/a", b"a"),
    file("opt/new/b", b"b"),
    file("opt/first", b"linked"),
    hardlink("opt/second", "opt/first"),
    symlink("opt/link", "first"),
    symlink("opt/other", "first"),
    directory("srv"),
    file("srv/covered", b"below a mount"),
]
SCRIPT: Final = """
echo two > /etc/text; chmod 600 /etc/mode; chown 7:8 /etc/owner; touch /etc/touched; rm /etc/gone
rm -r /opt/gone; rm -r /opt/new; mkdir /opt/new; echo c > /opt/new/c; ln -s text /etc/link
rm /opt/link; mkdir /opt/deep; mkdir /opt/deep/er; echo d > "/opt/deep/er/a name"
rm /opt/other; ln -s second /opt/other; echo 1 > /etc/one; ln /etc/one /etc/two; mkfifo /etc/pipe
echo z > /srv/z; echo z > /mem/z; mv /etc/same /etc/moved
echo done; sleep 300
"""


@contextmanager
def run_container(engine: LiveEngine, folder: Path, script: str, **more: Any) -> Iterator["Container"]:
    """A container of a small image that has run a script to its last word, and is removed in the end."""
    if not BUSYBOX.exists():
        pytest.skip("needs /bin/busybox (busybox-static)")
    below = [file("bin/busybox", BUSYBOX.read_bytes(), mode=0o755), *(symlink(f"bin/{p}", "busybox") for p in PROGRAMS)]
    runtime = {"Env": ["PATH=/bin", "A=1"], "Cmd": ["/bin/sh", "-c", script], "User": "0"}
    write_docker_archive(build_image([below, FILES], tag=TAG, runtime=runtime), folder / "image.tar")
    engine.client.images.load((folder / "image.tar").read_bytes())
    container = engine.client.containers.create(TAG, network_mode="none", **more)
    try:
        container.start()
        deadline = time.monotonic() + SECONDS
        while ENDED not in container.logs().decode() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert container.logs().decode().strip() == ENDED
        yield container
    finally:
        container.remove(force=True, v=True)
        engine.client.images.remove(TAG, force=True)


def compare(engine: LiveEngine, container: str, cache: Path, in_place: InPlace = "auto") -> ImageDiff:
    """The comparison of a container with its image."""
    options = AuditOptions(LayerCache(cache, fingerprint=cache_fingerprint()), jobs=1)
    before, after = (
        ContainerSource((engine.kind.scheme,), container, in_place, is_image, environment=engine.environment)
        for is_image in (True, False)
    )
    return ImageDiff(audit_image(before, options=options), audit_image(after, options=options))


def unpack(container: "Container", root: Path) -> Path:
    """What a container shows, on disk, without what its engine puts there."""
    root.mkdir(parents=True)
    exported = b"".join(cast("Iterable[bytes]", container.export()))
    subprocess.run(["tar", "-xpf", "-", "-C", root], input=exported, check=True)
    made = (".dockerenv", "dev", "proc", "sys", "etc/hosts", "etc/hostname", "etc/resolv.conf", "etc/mtab", "run")
    mounts = ("srv", "mem", "vol", "etc/mounted")
    subprocess.run(["rm", "-rf", *(str(root / each) for each in (*made, *mounts))], check=True)
    return root


def list_expected(engine: LiveEngine, container: "Container", folder: Path) -> dict[str, object]:
    """In what the container differs from one that was never started."""
    fresh = engine.client.containers.create(TAG, network_mode="none")
    try:
        roots = unpack(fresh, folder / "before"), unpack(container, folder / "after")
    finally:
        fresh.remove(force=True)
    of_podman = {"etc/passwd", "etc/group"} if engine.kind.scheme == "podman" else set[str]()
    return {path: aspects for path, aspects in iter_expected(*roots) if path not in of_podman}


@pytest.fixture
def mounts(tmp_path: Path) -> dict[str, Any]:
    """A folder over one of the image, a file, a folder below one that is not there, and memory."""
    (tmp_path / "host").mkdir()
    (tmp_path / "host/file").write_text("x")
    host = str(tmp_path / "host")
    bound = [f"{host}:/srv", f"{host}:/vol/in/here", f"{host}/file:/etc/mounted"]
    return {"volumes": bound, "tmpfs": {"/mem": ""}}


@pytest.mark.parametrize("in_place", ["auto", "never"])
def test_files_differ_as_diff_and_find_say(
    engine: LiveEngine, tmp_path: Path, mounts: dict[str, Any], in_place: InPlace
) -> None:
    """Every path that the container wrote or removed, and how; no mount, no engine's file, nothing else."""
    with run_container(engine, tmp_path, SCRIPT, **mounts) as container:
        difference = compare(engine, str(container.id), tmp_path / "cache", in_place)
        expected = list_expected(engine, container, tmp_path)
    found = {change.path: see(change) for change in difference.files}
    assert {path: aspects for path, aspects in found.items() if aspects != frozenset()} == expected
    assert "etc/text" in found
    assert difference.after.is_intact
    assert not difference.is_same


def test_a_container_that_wrote_nothing_is_its_image(
    engine: LiveEngine, tmp_path: Path, mounts: dict[str, Any]
) -> None:
    """Mounts and all that engines make are no difference, in no part."""
    with run_container(engine, tmp_path, "echo done; sleep 300", **mounts) as container:
        difference = compare(engine, str(container.id), tmp_path / "cache")
    assert (difference.files, difference.config, difference.history, difference.findings.new) == ((), (), (), ())
    assert difference.is_same


def test_a_stopped_container_still_has_its_files(engine: LiveEngine, tmp_path: Path) -> None:
    """By name as by ID; its settings are those that it was started with, and credentials among them are hidden."""
    token = "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH"
    settings: dict[str, Any] = {"environment": {"B": "2", "HUB_TOKEN": token}, "working_dir": "/opt", "name": "ls-test"}
    with run_container(engine, tmp_path, "echo 1 > /new; echo done", **settings) as container:
        container.wait(timeout=SECONDS)
        difference = compare(engine, "ls-test", tmp_path / "cache")
    assert [change.path for change in difference.files] == ["new"]
    told = {change.name: change.after for change in difference.config}
    assert told == {"config.Env.B": "2", "config.Env.HUB_TOKEN": "***", "config.WorkingDir": "/opt"}
    assert difference.before.image.reference.endswith(TAG)
    assert difference.digest_causes == ()


def test_a_container_that_is_not_there_is_named(engine: LiveEngine) -> None:
    """With the engine that was asked."""
    source = ContainerSource((engine.kind.scheme,), "nobody", environment=engine.environment)
    options = AuditOptions(LayerCache(Path("/nonexistent"), fingerprint="x", read=False))
    with pytest.raises(ContainerNotFoundError, match=rf"at {engine.host} .* has no container nobody"):
        audit_image(source, options=options)


def test_names_that_a_layer_cannot_hold_are_left_out(docker_engine: LiveEngine, tmp_path: Path) -> None:
    """A file that is called like a whiteout removes nothing."""
    script = "echo 1 > /etc/.wh.text; echo 1 > /etc/.wh..wh..opq; echo 1 > /etc/new; echo done; sleep 300"
    modes: list[InPlace] = ["only", "never"]
    with run_container(docker_engine, tmp_path, script) as container:
        found = [compare(docker_engine, str(container.id), tmp_path / "cache", mode).files for mode in modes]
    assert [[change.path for change in files] for files in found] == [["etc/new"], ["etc/new"]]


@pytest.mark.parametrize("engine", ["docker-20.10-vfs", "docker-26.1-containerd"], indirect=True)
def test_storage_without_a_folder_of_its_own_is_exported(engine: LiveEngine, tmp_path: Path) -> None:
    """The report says so; where nothing but its place will do, the error says why."""
    with run_container(engine, tmp_path, "echo 1 > /new; echo done; sleep 300") as container:
        difference = compare(engine, str(container.id), tmp_path / "cache")
        assert any("exported by the engine" in note for note in difference.after.image.notes)
        with pytest.raises(SourceError, match="in place"):
            compare(engine, str(container.id), tmp_path / "cache", "only")
    assert [change.path for change in difference.files] == ["new"]
