"""Images that engines built, fixed in their layers: smaller by what was wasted, and the same to whoever runs them."""

import io
import json
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Final

import pytest

from layerscope.cli import exit_codes
from layerscope.cli.main import run
from support.live_engines import LiveEngine

PLAIN_LIST: Final = "apt-list"
RECIPE: Final = """\
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "sh", "-c", "/bin/busybox mkdir -p /var/lib/apt/lists && \
    /bin/busybox dd if=/dev/urandom of=/var/lib/apt/lists/{list} bs=1M count=3 2>/dev/null"]
RUN ["/bin/busybox", "sh", "-c", "b=/bin/busybox; $b mkdir -p /weights /root/.cache/pip/http && \
    $b dd if=/dev/urandom of=/weights/model.bin bs=1M count=4 2>/dev/null && \
    $b ln /weights/model.bin /weights/again && \
    $b dd if=/dev/urandom of=/weights/other.bin bs=1M count=4 2>/dev/null && $b chmod 600 /weights/other.bin && \
    $b dd if=/dev/urandom of=/root/.cache/pip/http/body bs=1M count=2 2>/dev/null"]
RUN ["/bin/busybox", "sh", "-c", "/bin/busybox chmod 755 /weights/other.bin"]
RUN ["/bin/busybox", "sh", "-c", "/bin/busybox rm -r /var/lib/apt"]
CMD ["/bin/busybox", "sh", "-c", "cd /; b=/bin/busybox; $b find root var weights | $b sort; $b sha256sum /weights/*; \
    $b stat -c '%a %u %Y %h %n' /weights/*"]
"""
MEGABYTE: Final = 1 << 20
SAVED: Final = (3 + 4 + 2) * MEGABYTE
"""The list that is deleted, the copy for the sake of a mode, and the cache."""
GONE: Final = {"root/.cache/pip/http", "root/.cache/pip/http/body"}


def find_program(name: str) -> str:
    """The path of a program; without it the test is skipped, or fails where none may be."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} on this machine")
    return found


def build(engine: LiveEngine, tag: str, text: str = RECIPE) -> None:
    """Have the engine build an image."""
    busybox = find_program("busybox")
    content, recipe = io.BytesIO(), text.replace("{list}", PLAIN_LIST).encode()
    with tarfile.open(fileobj=content, mode="w") as archive:
        member = tarfile.TarInfo("Dockerfile")
        member.size = len(recipe)
        archive.addfile(member, io.BytesIO(recipe))
        archive.add(busybox, "busybox")
    content.seek(0)
    engine.client.images.build(
        fileobj=content, custom_context=True, tag=tag, network_mode="none", rm=True, forcerm=True
    )


def run_image(engine: LiveEngine, tag: str) -> list[str]:
    """What a container of the image prints; read after its end, since podman's follower may stop before that."""
    container = engine.client.containers.run(tag, detach=True, network_mode="none")
    try:
        container.wait()
        printed: bytes = container.logs()
    finally:
        container.remove(force=True)
    return printed.decode().splitlines()


def fix(monkeypatch: pytest.MonkeyPatch, engine: LiveEngine, cache: Path, *arguments: str) -> int:
    """Run the command against an engine."""
    for name, value in engine.environment.items():
        monkeypatch.setenv(name, value)
    return run(["fix", *arguments, "--apply", "--layers", "--cache-dir", str(cache), "--quiet"])


def test_a_fixed_image_runs_the_same(
    engine: LiveEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the engine and back into it: less by exactly what was wasted, and no other file is another."""
    scheme, tag, fixed = engine.kind.scheme, "layerscope/wasteful:1", "layerscope/wasteful:fixed"
    build(engine, tag)
    where = ("--to", f"{scheme}:{fixed}", "--replace")
    code = fix(monkeypatch, engine, tmp_path, f"{scheme}:{tag}", *where, "--output", "json")
    report = json.loads(capsys.readouterr().out)
    assert code == exit_codes.CLEAN, report
    assert report["sizes"]["content"]["before"] - report["sizes"]["content"]["after"] == SAVED
    assert sorted(finding["code"] for finding in report["removed"]) == ["LAY101", "LAY103", "LAY104"]
    before, after = run_image(engine, tag), run_image(engine, fixed)
    assert [line for line in before if line not in GONE] == after
    assert set(before) > GONE


def test_a_merged_image_with_a_new_file_runs_the_same(
    engine: LiveEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its steps are one layer, no time is late, and a container sees one file more; skopeo takes what was written."""
    scheme, tag, layout = engine.kind.scheme, "layerscope/wasteful:1", tmp_path / "merged"
    build(engine, tag)
    added = tmp_path / "added"
    added.write_bytes(b"added")
    wishes = ("--merge", "1-4", "--times", "1000000000", "--put", f"{added}:/weights/added", "--output", "json")
    for place in (f"oci-dir:{layout}", f"{scheme}:layerscope/wasteful:merged"):
        code = fix(monkeypatch, engine, tmp_path / "cache", f"{scheme}:{tag}", "--to", place, "--replace", *wishes)
        report = json.loads(capsys.readouterr().out)
        assert code == exit_codes.CLEAN, report
    assert [layer["outcome"] for layer in report["layers"]] == ["rewritten", *["merged"] * 4, "added"]
    before, after = run_image(engine, tag), run_image(engine, "layerscope/wasteful:merged")
    stated = re.compile(r"(\d+ \d+) \d{10} ")
    wanted = [stated.sub(r"\1 1000000000 ", line) for line in before if line not in GONE]
    assert [line for line in after if "weights/added" not in line] == wanted
    assert "644 0 1000000000 1 /weights/added" in after
    copied = [find_program("skopeo"), "--insecure-policy", "copy", f"oci:{layout}", f"dir:{tmp_path / 'copied'}"]
    subprocess.run(copied, check=True, capture_output=True)


BASE_RECIPE: Final = """\
FROM scratch
COPY busybox /bin/busybox
ENV SERIES={series}
RUN ["/bin/busybox", "sh", "-c", "/bin/busybox mkdir -p /etc && echo {series} >/etc/series"]
"""
OWN_RECIPE: Final = """\
FROM layerscope/base:1
ENV OWN=1
RUN ["/bin/busybox", "sh", "-c", "/bin/busybox mkdir /own && echo own >/own/file && /bin/busybox chmod 700 /own"]
CMD ["/bin/busybox", "sh", "-c", "echo $SERIES $OWN; cd /; b=/bin/busybox; $b cat /etc/series /own/file; \
    $b stat -c '%a %u %n' /own /etc"]
"""


def test_an_image_on_another_base_runs_there(
    engine: LiveEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the files and the variables of the new base, and its own."""
    scheme, moved = engine.kind.scheme, "layerscope/moved:1"
    for series in ("1", "2"):
        build(engine, f"layerscope/base:{series}", BASE_RECIPE.replace("{series}", series))
    (base,) = engine.client.images.get("layerscope/base:1").tags
    build(engine, "layerscope/own:1", OWN_RECIPE.replace("layerscope/base:1", base))
    bases = ("--base", f"{scheme}:layerscope/base:1", "--rebase", f"{scheme}:layerscope/base:2")
    arguments = (f"{scheme}:layerscope/own:1", *bases, "--to", f"{scheme}:{moved}", "--replace", "--output", "json")
    code = fix(monkeypatch, engine, tmp_path, *arguments)
    report = json.loads(capsys.readouterr().out)
    assert code == exit_codes.CLEAN, report
    assert report["rebase"]["changes"] == ["Env SERIES=2"]
    assert run_image(engine, "layerscope/own:1") == ["1 1", "1", "own", "700 0 /own", "755 0 /etc"]
    assert run_image(engine, moved) == ["2 1", "2", "own", "700 0 /own", "755 0 /etc"]


def test_an_image_of_that_name_stays(
    docker_engine: LiveEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Unless it is said that it may go."""
    tag, taken = "layerscope/wasteful:1", "layerscope/taken:1"
    build(docker_engine, tag)
    docker_engine.client.images.get(tag).tag("layerscope/taken", "1")
    before = docker_engine.client.images.get(taken).id
    assert fix(monkeypatch, docker_engine, tmp_path, f"docker:{tag}", "--to", f"docker:{taken}") == exit_codes.USAGE
    assert "has such an image" in capsys.readouterr().err
    assert docker_engine.client.images.get(taken).id == before
    arguments = (f"docker:{tag}", "--to", f"docker:{taken}", "--replace")
    assert fix(monkeypatch, docker_engine, tmp_path, *arguments) == exit_codes.CLEAN
    assert docker_engine.client.images.get(taken).id != before


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_other_tools_take_what_is_written(
    docker_engine: LiveEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compression: str
) -> None:
    """Skopeo copies it, digests and all, and umoci unpacks it."""
    tag, layout = "layerscope/wasteful:1", tmp_path / "fixed"
    build(docker_engine, tag)
    arguments = (f"docker:{tag}", "--to", f"oci-dir:{layout}:v1", "--compress", compression)
    assert fix(monkeypatch, docker_engine, tmp_path / "cache", *arguments) == exit_codes.CLEAN
    copied = [find_program("skopeo"), "--insecure-policy", "copy", f"oci:{layout}:v1", f"dir:{tmp_path / 'copied'}"]
    subprocess.run(copied, check=True, capture_output=True)
    if compression != "zstd":  # umoci of Debian 13 reads no zstd
        unpacked = [find_program("umoci"), "unpack", "--rootless", "--image", f"{layout}:v1", str(tmp_path / "bundle")]
        subprocess.run(unpacked, check=True, capture_output=True)
        assert (tmp_path / "bundle/rootfs/weights/other.bin").stat().st_size == 4 * MEGABYTE
        shutil.rmtree(tmp_path / "bundle")


def test_an_archive_is_loaded_by_every_engine(
    engine: LiveEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One file is an OCI archive and what `docker save` writes."""
    tag, archive = "layerscope/wasteful:1", tmp_path / "fixed.tar"
    build(engine, tag)
    arguments = (f"{engine.kind.scheme}:{tag}", "--to", f"oci-archive:{archive}", "--compress", "gzip")
    assert fix(monkeypatch, engine, tmp_path / "cache", *arguments) == exit_codes.CLEAN
    with archive.open("rb") as file:
        (loaded,) = engine.client.images.load(file)
    assert loaded.id is not None
    assert run_image(engine, loaded.id) == [line for line in run_image(engine, tag) if line not in GONE]
