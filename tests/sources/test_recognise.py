"""Paths, told by what lies there."""

import os
import socket
from pathlib import Path

import pytest

from layerscope.errors import SourceError
from layerscope.sources.first_bytes import explain_first_bytes
from layerscope.sources.recognise import PathKind, is_path_like, locate_path, recognise_path
from support.archives import LayoutBuilder, pack, saved
from support.compression import Packing, compress


def kind_of(path: Path) -> PathKind | None:
    """What lies at a path."""
    content = recognise_path(str(path))
    return None if content is None else content.kind


def test_layout_is_told_by_its_files(tmp_path: Path) -> None:
    """An index or a version is enough: what is missing is named later."""
    layout = LayoutBuilder()
    assert kind_of(layout.list(layout.image()).write(tmp_path / "whole")) is PathKind.LAYOUT
    assert kind_of(LayoutBuilder().write(tmp_path / "without-index")) is PathKind.LAYOUT


@pytest.mark.parametrize("packing", list(Packing))
def test_archive_is_told_by_its_first_bytes(tmp_path: Path, packing: Packing) -> None:
    """Whatever it is called."""
    (tmp_path / "any.name").write_bytes(compress(pack(saved()), packing))
    assert kind_of(tmp_path / "any.name") is PathKind.ARCHIVE


@pytest.mark.parametrize("content", [b"", b"\0\1\2\3" * 200, b"\xff" * 20])
def test_damaged_archive_is_told_by_its_name(tmp_path: Path, content: bytes) -> None:
    """So that the damage is named, and not that the file is something else."""
    (tmp_path / "image.tar").write_bytes(content)
    (tmp_path / "image").write_bytes(content)
    assert kind_of(tmp_path / "image.tar") is PathKind.ARCHIVE
    assert kind_of(tmp_path / "image") is PathKind.NO_IMAGE


def test_pipes_are_read_and_sockets_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking at a pipe must not wait for its writer."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        assert kind_of(Path("pipe")) is PathKind.PIPE
        assert kind_of(Path("socket")) is PathKind.NO_IMAGE


@pytest.mark.parametrize(
    ("files", "explanation"),
    [
        ([], "a directory without index.json"),
        (["Dockerfile"], "a directory with a Dockerfile, from which an image is yet to be built"),
        (["manifest.json", "version", "a" * 64], "skopeo's dir: format"),
        (["manifest.json", "one"], "an unpacked docker-archive"),
    ],
)
def test_other_directories_are_explained(tmp_path: Path, files: list[str], explanation: str) -> None:
    """With the way to an image where there is one."""
    for name in files:
        (tmp_path / name).touch()
    content = recognise_path(str(tmp_path))
    assert content is not None
    assert content.kind is PathKind.NO_IMAGE
    assert content.explanation.startswith(explanation)


@pytest.mark.parametrize(
    ("head", "explanation"),
    [
        (b"", "an empty file"),
        (b"FROM python:3.12\nRUN pip install torch\n", "a Dockerfile, from which an image is yet to be built"),
        (b"# syntax=docker/dockerfile:1\n", "a Dockerfile, from which an image is yet to be built"),
        (b"name: project\n", "a text file"),
        ("déjà vu ".encode() * 100, "a text file"),
        (("x" * 511 + "é").encode()[:512], "a text file"),
        (b"PK\x03\x04", "a zip archive"),
        (b"\x7fELF", "an ELF program or library"),
        (b"\xff\xfe\x00", None),
        (b"\x01\x02", None),
    ],
)
def test_first_bytes_are_explained(head: bytes, explanation: str | None) -> None:
    """What people point at by mistake; what may be a damaged tar is left to the archive's reader."""
    assert explain_first_bytes(head[:512]) == explanation


def test_tar_of_text_is_no_text_file() -> None:
    """A header full of letters is still a header."""
    name = "a" * 100
    header = pack({name: b"FROM scratch"})[:512]
    assert explain_first_bytes(header) is None


def test_nothing_there_is_nothing(tmp_path: Path) -> None:
    """Nor below a file, nor under a name longer than any file's."""
    (tmp_path / "file").touch()
    for path in (tmp_path / "gone", tmp_path / "file" / "below", tmp_path / ("x" * 300)):
        assert kind_of(path) is None


def test_circle_of_links_is_a_source_error(tmp_path: Path) -> None:
    """A path that cannot be looked at is not taken for a name."""
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(SourceError, match=r"opening .*circle: Too many levels"):
        kind_of(tmp_path / "circle")


def test_longest_path_that_is_there_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path may hold colons and at-signs, and what follows it selects."""
    monkeypatch.chdir(tmp_path)
    for name in ("a", "a:1", "b@sha256"):
        Path(name).write_bytes(pack(saved()))
    found = {text: locate_path(text) for text in ("a", "a:2", "a:1", "a:1:2", "a:x:y", "b@sha256:1", "c", "c:1")}
    assert {text: place and (place.path, str(place.selector or "")) for text, place in found.items()} == {
        "a": ("a", ""),
        "a:2": ("a", ":2"),
        "a:1": ("a:1", ""),
        "a:1:2": ("a:1", ":2"),
        "a:x:y": ("a", ":x:y"),
        "b@sha256:1": ("b@sha256", ":1"),
        "c": None,
        "c:1": None,
    }


@pytest.mark.parametrize("text", ["/x", "./x", "../x", "~/x", "x.tar", "x.tar:app:1", "x.tgz", "x.tar.zst", "x/"])
def test_forms_that_mean_a_path(text: str) -> None:
    """Whether or not anything is there."""
    assert is_path_like(text)


@pytest.mark.parametrize("text", ["python", "python:3.12", "ghcr.io/a/b@sha256:1", "x.tar.something"])
def test_forms_that_mean_a_name(text: str) -> None:
    """Unless something is there."""
    assert not is_path_like(text)
