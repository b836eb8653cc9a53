"""Runs without an engine: an image is unpacked, started as closed as in a container, and gone afterwards."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import namedtuple
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from layerscope.cli import exit_codes
from layerscope.errors import ProbeError
from layerscope.filesystem.extraction_plan import Links, plan_extraction
from layerscope.image.config import RuntimeConfig
from layerscope.probe.bundle_folder import check_room, list_bundles, plan_bundle, remove_leftover_bundles
from layerscope.probe.bundle_run import Bundle, build_launcher_settings, run_bundle
from layerscope.probe.confinement import DEFAULT, HARDENED
from layerscope.probe.oci_spec import Bind, Start, build_oci_spec
from layerscope.probe.owner import name_owner
from layerscope.probe.spec import ProbeSpec
from layerscope.probe.verdict import judge
from layerscope.progress import SilentProgress
from support.indexes import merged
from support.layouts import write_oci_archive
from support.python_image import build_python_image, make_package
from support.tar_writer import directory, file, symlink

HANGING = "import time\nprint('asking the hub', flush=True)\ntime.sleep(600)\n"
WORDS = "layerscope-bundle"


def can_make_namespaces() -> bool:
    """Whether this host lets this user make namespaces."""
    flags = ["--mount", "--pid", "--fork"] + ([] if os.geteuid() == 0 else ["--user", "--map-root-user"])
    done = subprocess.run(["unshare", *flags, "true"], capture_output=True, check=False)
    return done.returncode == 0


needs_namespaces = pytest.mark.skipif(not can_make_namespaces(), reason="this host gives no namespaces")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image with a Python, and with links that only its own root makes sense of."""
    path = tmp_path_factory.mktemp("image") / "plain.tar"
    links = symlink("usr/local/absolute", "/etc/passwd"), symlink("usr/local/climbing", "../../../../etc/passwd")
    write_oci_archive(build_python_image("demo:1", *links), path)
    return path


def start_probe(image: Path, folder: Path, *options: str, path: str = "") -> "subprocess.Popen[str]":
    """A probe of an archive without an engine; with `path`, only its programs are found."""
    environment = {**os.environ, "TMPDIR": str(folder), "LAYERSCOPE_CACHE_DIR": str(image.parent / "cache")}
    command = [sys.executable, "-m", "layerscope", "probe", "--runtime", "bundle", str(image), *options]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment | ({"PATH": path} if path else {}),
    )


def probe(image: Path, folder: Path, *options: str, path: str = "") -> tuple[int, Mapping[str, Any], str]:
    """Exit code, JSON and talk."""
    process = start_probe(image, folder, "-o", "json", *options, path=path)
    out, err = process.communicate(timeout=120)
    return process.returncode, json.loads(out)["probe"] if out else {}, err


SPILLING = """
import os
os.environ["OPENAI_API_KEY"] = "sk-aaaabbbbccccdddd"
print("it is", os.environ["HF_TOKEN"], flush=True)
print(f"OPENAI_API_KEY={os.environ['OPENAI_API_KEY']} {os.environ['HF_TOKEN']}", flush=True)
os._exit(3)
"""


@needs_namespaces
@pytest.mark.parametrize("form", ["terminal", "json"])
def test_secrets_of_an_image_are_not_shown(tmp_path: Path, form: str) -> None:
    """Neither what its config sets, nor what its program makes of itself and says by name."""
    env = ("PATH=/usr/local/bin:/usr/bin:/bin", "HF_TOKEN=hf_envsecret1234567890")
    write_oci_archive(
        build_python_image("spills:1", *make_package("torch", SPILLING), env=env), tmp_path / "spills.tar"
    )
    process = start_probe(tmp_path / "spills.tar", tmp_path, "-o", form)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "***" in out
    for secret in ("envsecret", "sk-aaaa"):
        assert secret not in out + err
    if form == "terminal":
        assert "OPENAI_API_KEY=*** ***" in out
        assert "stack" not in out, "there is none"
        assert "Import it by hand" in out


@needs_namespaces
@pytest.mark.parametrize("runtime", ["found", "namespaces"])
def test_an_unpacked_image_is_locked_down_and_gone_afterwards(image: Path, tmp_path: Path, runtime: str) -> None:
    """By runc or crun where one is installed and works, and by namespaces alone."""
    (tmp_path / "bin").mkdir()
    code, document, talk = probe(image, tmp_path, path=str(tmp_path / "bin") if runtime == "namespaces" else "")
    assert code == exit_codes.PROBE, talk  # nothing in it generates
    environment = document["observations"]["env"]
    isolation = environment["isolation"]
    assert int(isolation["capabilities"], 16) == int(isolation["bounding"], 16) == 0
    assert isolation["no_new_privileges"]
    assert isolation["read_only_root"]
    assert isolation["seccomp"] == "filter"
    assert environment["identity"]["uid"] == 65534
    assert environment["identity"]["groups"] in ([], [65534])
    assert environment["places"]["tmp"]["writable"]
    assert not environment["places"]["home"]["writable"]
    own = {name: str(Path(f"/proc/self/ns/{name}").readlink()) for name in ("mnt", "pid", "net", "ipc", "uts")}
    assert not {name for name, value in own.items() if isolation["namespaces"][name] == value}
    assert "unpacking" in talk
    assert not list_bundles(tmp_path)


@needs_namespaces
@pytest.mark.parametrize("runtime", ["found", "namespaces"])
def test_a_server_of_an_unpacked_image_is_asked(tmp_path: Path, runtime: str) -> None:
    """At the loopback address of a network that has nothing else."""
    stub = (Path(__file__).parents[1] / "support/stub_server.py").read_bytes()
    program = file("usr/local/bin/vllm", b"#!/usr/local/bin/python3\n" + stub, mode=0o755)
    built = build_python_image("serves:1", program, runtime={"Cmd": ["vllm", "serve", "/models/stub"]})
    write_oci_archive(built, tmp_path / "serves.tar")
    (tmp_path / "bin").mkdir()
    path = str(tmp_path / "bin") if runtime == "namespaces" else ""
    code, document, talk = probe(tmp_path / "serves.tar", tmp_path, "--patience", "0.1", path=path)
    assert code == exit_codes.CLEAN, (document, talk)
    stages = {each["name"]: each["status"] for each in document["stages"]}
    assert {stages[name] for name in ("listen", "chat-16", "chat-512", "stream")} == {"passed"}


@needs_namespaces
@pytest.mark.parametrize("word", ["TERM", "INT"])
def test_a_probe_that_is_asked_to_end_leaves_nothing(tmp_path: Path, word: str) -> None:
    """Neither a folder nor a process, whatever the image is doing."""
    path = write_hanging(tmp_path)
    process = start_probe(path, tmp_path, path=str(tmp_path / "bin"))
    wait_for(lambda: find_inside(tmp_path))
    process.send_signal(signal.Signals[f"SIG{word}"])
    process.communicate(timeout=30)
    assert process.returncode in {exit_codes.TERMINATED, exit_codes.INTERRUPTED}
    assert not list_bundles(tmp_path)
    assert not find_inside(tmp_path)


@needs_namespaces
def test_what_a_killed_probe_left_is_removed_by_the_next(image: Path, tmp_path: Path) -> None:
    """Its processes end with it, and its folder is found by the name of its owner; a living one's stays."""
    path = write_hanging(tmp_path)
    process = start_probe(path, tmp_path, path=str(tmp_path / "bin"))
    wait_for(lambda: find_inside(tmp_path))
    process.kill()
    process.communicate(timeout=30)
    wait_for(lambda: not find_inside(tmp_path))
    (left,) = list_bundles(tmp_path)
    kept = tmp_path / f"{WORDS}@{name_owner()}@abc"
    kept.mkdir()
    probe(image, tmp_path, path=str(tmp_path / "bin"))
    assert list_bundles(tmp_path) == [kept]
    assert not left.exists()


def find_inside(folder: Path) -> list[str]:
    """Processes of an image whose environment names this folder."""
    found = []
    for place in Path("/proc").glob("[0-9]*/environ"):
        try:
            text = place.read_text(errors="replace")
        except OSError:
            continue
        if f"MARK={folder}\0" in text:
            found.append(place.parent.name)
    return found


def write_hanging(folder: Path) -> Path:
    """An image that hangs, whose processes are found by their environment; no runtime but namespaces is beside it."""
    path = folder / "hanging.tar"
    env = (f"MARK={folder}", "PATH=/usr/local/bin:/usr/bin:/bin")
    write_oci_archive(build_python_image("demo:2", *make_package("torch", HANGING), env=env), path)
    (folder / "bin").mkdir()
    return path


def wait_for(condition: Any) -> None:
    """Return once it holds."""
    deadline = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(0.5)


def test_a_full_disk_is_told_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the bytes that it takes, and where else it could go."""
    plan = plan_bundle(merged([file("a", b"x" * 5000), directory("b"), symlink("c", "/a")]))
    assert check_room(plan, tmp_path) == 2 * 4096 + 4096 * 3
    Room = namedtuple("Room", "f_bavail f_frsize f_files f_favail")  # noqa: PYI024 -- what os.statvfs gives
    monkeypatch.setattr(os, "statvfs", lambda _: Room(65536, 4096, 0, 0))
    with pytest.raises(ProbeError, match="256 MiB must stay free, but only 256 MiB are"):
        check_room(plan, tmp_path)
    monkeypatch.setattr(os, "statvfs", lambda _: Room(1 << 20, 4096, 10, 2))
    with pytest.raises(ProbeError, match="room for 2 more"):
        check_room(plan, tmp_path)


def test_links_of_a_root_are_kept_as_they_are() -> None:
    """An extraction leaves out what could lead out of its target; a root needs all of them."""
    tree = merged([symlink("bin", "/usr/bin"), symlink("up", "../../x"), symlink("odd", "a/../b")])
    assert len(plan_extraction(tree, "").links) == 0
    kept = plan_extraction(tree, "", links=Links.ROOTED)
    assert {link.target for link in kept.links} == {b"/usr/bin", b"../../x", b"a/../b"}
    assert not kept.skipped


def test_a_folder_that_is_no_bundle_is_left_alone(tmp_path: Path) -> None:
    """Names of others, files, links to folders, and bundles of another host."""
    (tmp_path / f"{WORDS}@other-boot:1:1@x").mkdir()
    (tmp_path / f"{WORDS}-mine").mkdir()
    target = tmp_path / "target"
    target.mkdir()
    boot = name_owner().partition(":")[0]
    (tmp_path / f"{WORDS}@{boot}:999999:1@link").symlink_to(target)
    (tmp_path / f"{WORDS}@{boot}:999999:1@gone").mkdir()
    remove_leftover_bundles(tmp_path)
    assert sorted(path.name.partition("@")[2][-4:] for path in tmp_path.iterdir()) == ["", "", ":1@x", "link"]


def test_both_ways_are_made_of_the_same_confinement() -> None:
    """A runtime's document and the launcher's settings say the same, closed and open."""
    start = Start(["/usr/bin/python3"], ["A=b"])
    for confinement in (HARDENED, DEFAULT):
        spec = build_oci_spec(confinement, start, (), name="x")
        told = build_launcher_settings("/r", start, (), confinement)
        process = spec["process"]
        assert process["user"] == {"uid": told["uid"], "gid": told["gid"]}
        assert process["capabilities"]["bounding"] == [f"CAP_{each}" for each in told["capabilities"]]
        assert process["noNewPrivileges"] == told["no_new_privileges"]
        assert spec["root"]["readonly"] == told["read_only"]
        assert "CAP_MKNOD" not in process["capabilities"]["bounding"]
        tmp = next(each for each in spec["mounts"] if each["destination"] == "/tmp")["options"]  # noqa: S108
        assert ("noexec" in tmp) == bool(told["tmp_flags"])
        assert f"size={confinement.limits.tmp}" in tmp
    assert spec["linux"]["resources"]["devices"] == [{"allow": False, "access": "rwm"}]


def test_only_devices_that_are_bound_are_allowed() -> None:
    """By their numbers."""
    spec = build_oci_spec(HARDENED, Start(["x"], []), [Bind("/dev/null", "/dev/nvidia0", is_device=True)], name="x")
    _, allowed = spec["linux"]["resources"]["devices"]
    assert (allowed["allow"], allowed["major"], allowed["minor"]) == (True, 1, 3)


@needs_namespaces
def test_a_link_in_the_way_of_a_mount_is_not_followed(tmp_path: Path) -> None:
    """An image may not choose where on the host something is mounted."""
    from layerscope.probe import namespace_launcher

    path = tmp_path / "root"
    for name in ("dev", "proc", "sys", "tmp", "usr"):
        (path / name).mkdir(parents=True)
    (path / "usr/lib").symlink_to(tmp_path)
    binds = [Bind("/etc/passwd", "/usr/lib/caught/x")]
    settings = build_launcher_settings(str(path), Start(["/bin/true"], []), binds, HARDENED)
    command = [sys.executable, "-I", "-S", namespace_launcher.__file__, json.dumps(settings)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == namespace_launcher.FAILED
    assert done.stderr.startswith(namespace_launcher.REFUSAL)
    assert "a link or a file is in the way" in done.stderr
    assert not (tmp_path / "caught").exists()


@needs_namespaces
def test_a_python_that_does_not_start_is_the_images_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the kernel says of it is told, and is no refusal of the namespaces."""
    for name in ("dev", "proc", "sys", "tmp"):
        (tmp_path / "rootfs" / name).mkdir(parents=True)
    monkeypatch.setenv("PATH", str(tmp_path))
    bundle = Bundle(tmp_path, RuntimeConfig())
    run = run_bundle(bundle, ProbeSpec("/usr/bin/python3"), progress=SilentProgress(), confinement=HARDENED)
    assert run.runtime == "namespaces"
    verdict = judge(run.observation)
    assert verdict.title == "the probe's Python did not start"
    assert "starting /usr/bin/python3: " in verdict.reason
