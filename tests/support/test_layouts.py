"""What the tests write as images is what engines and tools write."""

import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from support.compression import Packing, compress
from support.images import (
    BuiltImage,
    Style,
    build_image,
    load_fixture,
    main,
    write_docker_archive,
    write_oci_archive,
    write_oci_layout,
)
from support.tar_writer import file

PACKINGS = [Packing.NONE, Packing.GZIP, Packing.ZSTD, Packing.GZIP_MEMBERS, Packing.ZSTD_FRAMES]


@pytest.fixture
def image() -> BuiltImage:
    """Two layers, the lower one twice."""
    lower = [file("a", b"lower")]
    return build_image([lower, [file("b", b"upper")], lower], tag="acme/two:1")


def read_json(path: Path) -> Any:
    """A JSON file of a layout."""
    return json.loads(path.read_bytes())


def blob(layout: Path, descriptor: dict[str, Any]) -> Path:
    """Where a descriptor's blob lies."""
    digest: str = descriptor["digest"]
    return layout / "blobs" / "sha256" / digest.removeprefix("sha256:")


def archive_members(path: Path) -> dict[str, bytes]:
    """The files of an archive, symlinks followed."""
    with tarfile.open(path) as opened:
        return {entry.name: _content(opened, entry) for entry in opened if not entry.isdir()}


def _content(opened: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    stored = opened.extractfile(entry)
    assert stored is not None
    return stored.read()


@pytest.mark.parametrize("packing", PACKINGS)
def test_every_descriptor_of_a_layout_is_true(image: BuiltImage, packing: Packing, tmp_path: Path) -> None:
    """Digests and sizes are those of the blobs, in every packing."""
    write_oci_layout(image, tmp_path, packing=packing)
    (top,) = read_json(tmp_path / "index.json")["manifests"]
    manifest = read_json(blob(tmp_path, top))
    for descriptor in [top, manifest["config"], *manifest["layers"]]:
        content = blob(tmp_path, descriptor).read_bytes()
        assert "sha256:" + hashlib.sha256(content).hexdigest() == descriptor["digest"]
        assert len(content) == descriptor["size"]
    assert [blob(tmp_path, layer).read_bytes() for layer in manifest["layers"]] == [
        compress(layer, packing) for layer in image.layers
    ]


def test_an_oci_archive_holds_the_layout(image: BuiltImage, tmp_path: Path) -> None:
    """Archive and directory are the same files."""
    write_oci_layout(image, tmp_path / "layout")
    write_oci_archive(image, tmp_path / "image.tar")
    files = {str(path.relative_to(tmp_path / "layout")): path for path in (tmp_path / "layout").rglob("*")}
    expected = {name: path.read_bytes() for name, path in files.items() if path.is_file()}
    assert archive_members(tmp_path / "image.tar") == expected


@pytest.mark.parametrize("style", [Style.DOCKER_20, Style.DOCKER_26, Style.PODMAN])
def test_docker_archives_lead_from_the_manifest_to_the_layers(image: BuiltImage, style: Style, tmp_path: Path) -> None:
    """The manifest's paths name config and layers, links included."""
    write_docker_archive(image, tmp_path / "image.tar", style=style)
    members = archive_members(tmp_path / "image.tar")
    (manifest,) = json.loads(members["manifest.json"])
    assert manifest["RepoTags"] == ["acme/two:1"]
    assert members[manifest["Config"]] == image.config
    assert [members[path] for path in manifest["Layers"]] == image.layers


def test_archives_of_the_containerd_store_hold_layers_as_pushed(image: BuiltImage, tmp_path: Path) -> None:
    """The layers are still compressed."""
    write_docker_archive(image, tmp_path / "image.tar", style=Style.CONTAINERD)
    members = archive_members(tmp_path / "image.tar")
    (manifest,) = json.loads(members["manifest.json"])
    assert [members[path] for path in manifest["Layers"]] == [compress(tar, Packing.GZIP) for tar in image.layers]


def test_an_archive_may_be_compressed_as_a_whole(image: BuiltImage, tmp_path: Path) -> None:
    """The outer tar of `docker save | gzip` is the same archive."""
    write_docker_archive(image, tmp_path / "plain.tar")
    write_docker_archive(image, tmp_path / "packed.tar.gz", outer=Packing.GZIP)
    assert archive_members(tmp_path / "packed.tar.gz") == archive_members(tmp_path / "plain.tar")


@pytest.mark.parametrize("style", [Style.DOCKER_20, Style.PODMAN])
def test_equal_layers_are_stored_once(image: BuiltImage, style: Style, tmp_path: Path) -> None:
    """The second of two equal layers is a link, as engines write it."""
    write_docker_archive(image, tmp_path / "image.tar", style=style)
    with tarfile.open(tmp_path / "image.tar") as opened:
        stored = [entry for entry in opened if entry.isreg() and entry.size == len(image.layers[0])]
    assert len(stored) == 2


def test_platforms_and_attestations_stand_in_one_index(tmp_path: Path) -> None:
    """Each platform's manifest has an attestation that names it."""
    write_oci_layout(load_fixture("multi-platform"), tmp_path)
    (top,) = read_json(tmp_path / "index.json")["manifests"]
    manifests = read_json(blob(tmp_path, top))["manifests"]
    assert [entry["platform"]["architecture"] for entry in manifests] == ["amd64", "arm64", "unknown", "unknown"]
    assert [entry["annotations"]["vnd.docker.reference.digest"] for entry in manifests[2:]] == [
        entry["digest"] for entry in manifests[:2]
    ]


def test_damaged_layers_differ_from_what_documents_say(tmp_path: Path) -> None:
    """Of the damaged image's blobs, those damaged on disk do not match their digests."""
    write_oci_layout(load_fixture("damaged"), tmp_path)
    (top,) = read_json(tmp_path / "index.json")["manifests"]
    layers = read_json(blob(tmp_path, top))["layers"]
    matches = [
        "sha256:" + hashlib.sha256(blob(tmp_path, layer).read_bytes()).hexdigest() == layer["digest"]
        for layer in layers
    ]
    assert matches == [True, False, False, True, True, True, True, True, True, True, True]
    assert layers[9]["size"] == 5


def test_absent_layers_have_a_descriptor_and_no_blob(tmp_path: Path) -> None:
    """A foreign layer names addresses instead of bytes."""
    write_oci_layout(load_fixture("foreign-layer"), tmp_path)
    (top,) = read_json(tmp_path / "index.json")["manifests"]
    foreign, present = read_json(blob(tmp_path, top))["layers"]
    assert foreign["urls"] == ["https://example.org/layers/base.tar.gz"]
    assert not blob(tmp_path, foreign).exists()
    assert blob(tmp_path, present).exists()


def test_the_command_writes_an_image_or_a_folder_of_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One recipe becomes the named file; a folder of recipes becomes a folder of images."""
    recipes = tmp_path / "recipes" / "tiny"
    recipes.mkdir(parents=True)
    (recipes / "image.toml").write_text('purpose = "p"\ntag = "a:1"\n[[steps]]\nentries = [{file = "a"}]\n')
    main([str(recipes), str(tmp_path / "one.tar"), "--format", "docker-archive:podman"])
    main([str(recipes.parent), str(tmp_path / "all")])
    assert "manifest.json" in archive_members(tmp_path / "one.tar")
    assert (tmp_path / "all" / "tiny" / "index.json").exists()
    assert capsys.readouterr().out.split() == [str(tmp_path / "one.tar"), str(tmp_path / "all" / "tiny")]
