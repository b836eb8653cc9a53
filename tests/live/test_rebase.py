"""Images that an engine built on one Debian release, put on another: they run as before, or the reason is told."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any, Final

import pytest

from layerscope.cli.main import run
from support.debian_roots import NoRootError, fetch_root
from support.live_engines import LiveEngine

OLD, NEW = "layerscope/debian:bookworm", "layerscope/debian:trixie"
SCRIPT: Final = b"import os, sys\nprint(sys.version_info >= (3, 9), open('/etc/own').read().strip(), os.getuid())\n"
OF_OLD: Final = {
    "main.py": SCRIPT,
    "acme.py": b"x = 1\n",
    "METADATA": b"Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n",
}
HEAD: Final = (
    f"FROM {OLD}\nENV PYTHONUNBUFFERED=1\nRUN echo made > /etc/own && mkdir -p /app\nCOPY main.py /app/main.py\n"
)
TAIL: Final = 'USER 65534\nCMD ["/usr/bin/python3", "/app/main.py"]\n'
SITE: Final = "/usr/local/lib/python3.11/dist-packages"


@pytest.fixture
def roots(docker_engine: LiveEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Both releases as base images."""
    monkeypatch.setenv("DOCKER_HOST", docker_engine.host)
    monkeypatch.setenv("LAYERSCOPE_CACHE_DIR", str(tmp_path / "cache"))
    try:
        found = {name: fetch_root(name.partition(":")[2]) for name in (OLD, NEW)}
    except NoRootError as error:
        pytest.skip(str(error))
    for name, tar in found.items():
        repository, _, tag = name.partition(":")
        docker_engine.client.api.import_image(src=str(tar), repository=repository, tag=tag)
    return found


def build(engine: LiveEngine, tag: str, dockerfile: str, files: dict[str, bytes]) -> None:
    """Have the engine build an image from these files."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name, data in {"Dockerfile": dockerfile.encode(), **files}.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o755
            archive.addfile(member, io.BytesIO(data))
    content.seek(0)
    engine.client.images.build(fileobj=content, custom_context=True, tag=tag, network_mode="none", rm=True)


def rebase(capfd: pytest.CaptureFixture[str], tag: str, old: str, new: str) -> tuple[int, Any]:
    """What is told of an image that is put from one base on another."""
    capfd.readouterr()
    words = ["--base", f"docker:{old}", "--apply", "--layers", "--rebase", f"docker:{new}", "--replace"]
    code = run(["fix", f"docker:{tag}", *words, "--to", f"docker:{tag}-new", "-o", "json"])
    return code, json.loads(capfd.readouterr().out)


@pytest.mark.usefixtures("roots")
def test_a_script_runs_on_the_next_release(docker_engine: LiveEngine, capfd: pytest.CaptureFixture[str]) -> None:
    """Its layers stay bit for bit, and what it says is the same by another Python."""
    tag = "layerscope/rebased:1"
    build(docker_engine, tag, HEAD + TAIL, OF_OLD)
    code, told = rebase(capfd, tag, OLD, NEW)
    assert (code, told["objections"]) == (0, [])
    assert [each["outcome"] for each in told["layers"]].count("kept") == 2
    before, after = (docker_engine.client.containers.run(name, remove=True) for name in (tag, f"{tag}-new"))
    assert before == after == b"True made 65534\n"
    release = docker_engine.client.containers.run(f"{tag}-new", ["/bin/busybox", "cat", "/etc/os-release"], remove=True)
    assert b"trixie" in release


@pytest.mark.usefixtures("roots")
def test_packages_of_a_python_that_the_release_lacks_are_refused(
    docker_engine: LiveEngine, capfd: pytest.CaptureFixture[str]
) -> None:
    """The script would not find them any more."""
    site = f"COPY acme.py {SITE}/acme.py\nCOPY METADATA {SITE}/acme-1.0.dist-info/METADATA\n"
    build(docker_engine, "layerscope/rebased:2", HEAD + site + TAIL, OF_OLD)
    code, told = rebase(capfd, "layerscope/rebased:2", OLD, NEW)
    assert code == 1
    assert [each[:13] for each in told["objections"]] == ["PY011 is new:"]
    assert told["result"]["written"] is False


def test_a_program_that_needs_a_newer_libc_is_refused(
    docker_engine: LiveEngine, roots: dict[str, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    """The older release has none of its symbols' versions; the program is named with the version."""
    with tarfile.open(roots[NEW]) as archive:
        member = archive.extractfile("./usr/bin/python3.13")
        assert member is not None
        program = member.read()
    text = f'FROM {NEW}\nCOPY program /opt/program\nCMD ["/opt/program", "-c", "print(1)"]\n'
    build(docker_engine, "layerscope/rebased:3", text, {"program": program})
    code, told = rebase(capfd, "layerscope/rebased:3", NEW, OLD)
    assert code == 1
    (objection,) = (each for each in told["objections"] if each.startswith("ELF003 is new:"))
    assert "/opt/program" in objection
    assert "gives GLIBC_2.36 at most" in objection
    assert not docker_engine.client.images.list("layerscope/rebased:3-new")
