"""An engine's image is read in place where that can be, exported where not, and not at all where nothing is new."""

from pathlib import Path
from typing import Literal

import pytest

from layerscope.engine.images import InspectedImage
from layerscope.errors import (
    DigestMismatchError,
    EngineError,
    ImageNotFoundError,
    PlatformNotFoundError,
    SourceError,
)
from layerscope.image.digest import Digest
from layerscope.image.image import Image, KnownContent
from layerscope.image.platform import Platform
from layerscope.progress import SilentProgress
from layerscope.sources.archive_stream import ArchiveStream
from layerscope.sources.content_store import ROOT_VARIABLE
from layerscope.sources.daemon import DaemonSource, spell_reference
from layerscope.sources.source import InPlace
from support.archives import NothingKnown, Opened, consume, drain
from support.built_image import BuiltImage, build_image, digest_of
from support.docker_archives import Style, write_docker_archive
from support.engine_storage import inspect, write_containerd, write_graph, write_podman
from support.engine_stub import EngineStub, docker_version, podman_version
from support.images import load_fixture
from support.known_content import RememberedContent
from support.tar_writer import file, whiteout

SNAPSHOTTER = [["driver-type", "io.containerd.snapshotter.v1"]]


@pytest.fixture
def built() -> BuiltImage:
    """Two layers."""
    return build_image([[file("etc/a", b"one"), file("etc/b", b"b")], [whiteout("etc/a")]], tag="app:1")


@pytest.fixture(autouse=True)
def _as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)


def export_of(built: BuiltImage, folder: Path, style: Style = Style.DOCKER_20) -> bytes:
    """What an engine sends when it exports the image."""
    write_docker_archive(built, folder / "export.tar", style=style)
    return (folder / "export.tar").read_bytes()


def offer(stub: EngineStub, built: BuiltImage, export: bytes = b"", image_id: str | None = None) -> None:
    """Give the engine an image, by name and by ID."""
    image = inspect(built, image_id, export=export)
    stub.images |= {"app:1": image, str(image.inspected["Id"]): image}


def open_source(
    stub: EngineStub,
    *,
    mode: InPlace = "auto",
    platform: str | None = None,
    known: KnownContent | None = None,
    more: dict[str, str] | None = None,
) -> Image | ArchiveStream:
    """Open `app:1` of the engine."""
    kind: Literal["docker", "podman"] = "podman" if "Podman" in str(stub.version) else "docker"
    source = DaemonSource(kind, "app:1", mode, stub.environment | (more or {}))
    wanted = Platform.parse(platform) if platform else None
    return source.open_image(platform=wanted, known=known or NothingKnown(), progress=SilentProgress())


def read_in_place(stub: EngineStub, **options: str) -> Image:
    """Open the image, which must not be exported."""
    opened = open_source(stub, mode="only", more=options)
    assert isinstance(opened, Image)
    return opened


def read_export(
    stub: EngineStub, *, mode: InPlace = "never", platform: str | None = None, known: KnownContent | None = None
) -> Opened:
    """Open the image and consume its export."""
    opened = open_source(stub, mode=mode, platform=platform, known=known)
    assert isinstance(opened, ArchiveStream)
    found = consume(opened)
    opened.close()
    return found


def test_a_docker_engines_folders_are_read_in_place(stub: EngineStub, built: BuiltImage, tmp_path: Path) -> None:
    """Nothing is exported, and the source says how it was read."""
    offer(stub, built)
    stub.info = {"Driver": "overlay2", "DockerRootDir": str(tmp_path)}
    write_graph(built, tmp_path)
    image = read_in_place(stub)
    assert image.source == "docker engine 20.10.24 (overlay2, read in place)"
    assert image.reference == "docker.io/library/app:1"
    assert [drain(layer.open()) for layer in image.layers] == built.layers
    assert stub.requests == ["/version", "/v1.41/images/app:1/json", "/v1.41/info"]


def test_podmans_folders_are_read_in_place(stub: EngineStub, built: BuiltImage, tmp_path: Path) -> None:
    """Podman's store is another than Docker's."""
    stub.version = podman_version()
    stub.info = {"Driver": "overlay", "DockerRootDir": str(tmp_path)}
    offer(stub, built)
    write_podman(built, tmp_path)
    image = read_in_place(stub)
    assert image.source == "podman 4.3.1 (overlay, read in place)"
    assert [drain(layer.open()) for layer in image.layers] == built.layers


def test_containerds_blobs_are_read_in_place(stub: EngineStub, tmp_path: Path) -> None:
    """An engine with the containerd store names an image by its index."""
    built = load_fixture("multi-platform")
    stub.version = docker_version("26.1.5", "1.45")
    stub.info = {"Driver": "overlayfs", "DriverStatus": SNAPSHOTTER, "DockerRootDir": "/elsewhere"}
    offer(stub, built, image_id=write_containerd(built, tmp_path))
    image = read_in_place(stub, **{ROOT_VARIABLE: str(tmp_path)})
    assert image.source == "docker engine 26.1.5 (containerd content store, read in place)"
    assert [str(layer.diff_id) for layer in image.layers] == built.diff_ids


@pytest.mark.parametrize("style", [Style.DOCKER_20, Style.DOCKER_26, Style.PODMAN])
def test_storage_that_is_not_here_is_exported(
    stub: EngineStub, built: BuiltImage, tmp_path: Path, style: Style
) -> None:
    """The image says that it was exported, and why."""
    offer(stub, built, export_of(built, tmp_path, style))
    found = read_export(stub, mode="auto")
    assert found.contents == built.layers
    assert found.image.source == "docker engine 20.10.24 (export)"
    assert "exported by the engine instead of read in place: " in found.image.notes[0]
    assert "is not the engine's storage" in found.image.notes[0]
    assert found.image.reference == "docker.io/library/app:1"


def test_an_export_says_the_same_as_the_folders(stub: EngineStub, built: BuiltImage, tmp_path: Path) -> None:
    """A manifest that an engine makes up for its export is not the image's."""
    offer(stub, built, export_of(built, tmp_path, Style.DOCKER_26))
    stub.info = {"Driver": "overlay2", "DockerRootDir": str(tmp_path / "data")}
    write_graph(built, tmp_path / "data")
    exported, stored = read_export(stub).image, read_in_place(stub)
    assert (exported.config_digest, exported.manifest_digest) == (stored.config_digest, stored.manifest_digest)
    assert [layer.descriptor for layer in exported.layers] == [layer.descriptor for layer in stored.layers]


def test_containerds_export_says_the_same_as_its_blobs(stub: EngineStub, tmp_path: Path) -> None:
    """Index, manifest and descriptors are the image's own there."""
    built = load_fixture("multi-platform")
    stub.info = {"Driver": "overlayfs", "DriverStatus": SNAPSHOTTER, "DockerRootDir": "/elsewhere"}
    image_id = write_containerd(built, tmp_path)
    offer(stub, built, export_of(built, tmp_path, Style.CONTAINERD), image_id)
    exported, stored = read_export(stub).image, read_in_place(stub, **{ROOT_VARIABLE: str(tmp_path)})
    assert str(exported.index_digest) == image_id
    assert (exported.index_digest, exported.manifest_digest) == (stored.index_digest, stored.manifest_digest)
    assert [layer.descriptor for layer in exported.layers] == [layer.descriptor for layer in stored.layers]


def test_in_place_only_never_exports(stub: EngineStub, built: BuiltImage, tmp_path: Path) -> None:
    """Who insists gets the reason instead."""
    offer(stub, built, export_of(built, tmp_path))
    with pytest.raises(SourceError, match=r"reading docker:app:1 in place: .* is not the engine's storage"):
        open_source(stub, mode="only")
    assert stub.count("/get") == 0


def test_without_root_folders_are_not_read(
    stub: EngineStub, built: BuiltImage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's files in a layer could not be opened, which is no damage of the layer."""
    offer(stub, built)
    stub.info = {"Driver": "overlay2", "DockerRootDir": str(tmp_path)}
    write_graph(built, tmp_path)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(SourceError, match=f"reading {tmp_path} needs root"):
        open_source(stub, mode="only")


def test_layers_of_an_export_can_be_opened_again(stub: EngineStub, built: BuiltImage, tmp_path: Path) -> None:
    """The engine is asked once more, and the layer is found by its name."""
    offer(stub, built, export_of(built, tmp_path))
    image = read_export(stub).image
    assert stub.count("/get") == 1
    assert drain(image.layers[1].open()) == built.layers[1]
    assert stub.count("/get") == 2


def test_a_known_image_is_not_exported(stub: EngineStub, built: BuiltImage, tmp_path: Path) -> None:
    """When every layer is known, its ID is all that the engine is asked for."""
    offer(stub, built, export_of(built, tmp_path))
    known = RememberedContent()
    first = read_export(stub, known=known).image
    known.learn(*built.diff_ids)
    second = open_source(stub, mode="never", known=known)
    assert isinstance(second, Image)
    assert (second.config, second.config_digest, second.source) == (first.config, first.config_digest, first.source)
    assert [(layer.diff_id, layer.descriptor, layer.stamp) for layer in second.layers] == [
        (layer.diff_id, None, None) for layer in first.layers
    ]
    assert stub.count("/get") == 1


def test_a_layer_that_is_not_known_makes_an_export(stub: EngineStub, built: BuiltImage, tmp_path: Path) -> None:
    """One missing layer is reason enough: an export cannot be asked for a part."""
    offer(stub, built, export_of(built, tmp_path))
    known = RememberedContent()
    read_export(stub, known=known)
    known.learn(built.diff_ids[0])
    assert isinstance(open_source(stub, mode="never", known=known), ArchiveStream)


@pytest.mark.parametrize(("style", "exports"), [(Style.DOCKER_20, 2), (Style.DOCKER_26, 1), (Style.PODMAN, 1)])
def test_layers_of_a_known_image_open_when_they_are_needed(
    stub: EngineStub, built: BuiltImage, tmp_path: Path, style: Style, exports: int
) -> None:
    """Names that tell the DiffID need one export; older engines' names are learnt from another one."""
    offer(stub, built, export_of(built, tmp_path, style))
    known = RememberedContent()
    read_export(stub, known=known)
    known.learn(*built.diff_ids)
    image = open_source(stub, mode="never", known=known)
    assert isinstance(image, Image)
    before = stub.count("/get")
    assert drain(image.layers[1].open()) == built.layers[1]
    assert stub.count("/get") - before == exports


def test_a_known_image_of_containerd_is_found_by_its_index(stub: EngineStub, tmp_path: Path) -> None:
    """From index to manifest to config, for the platform that is asked for and no other."""
    built = load_fixture("multi-platform")
    stub.info = {"Driver": "overlayfs", "DriverStatus": SNAPSHOTTER, "DockerRootDir": "/elsewhere"}
    offer(stub, built, export_of(built, tmp_path, Style.CONTAINERD), write_containerd(built, tmp_path / "store"))
    known = RememberedContent()
    first = read_export(stub, known=known, platform="linux/arm64").image
    known.learn(*(str(layer.diff_id) for layer in first.layers))
    again = open_source(stub, mode="never", known=known, platform="linux/arm64")
    assert isinstance(again, Image)
    assert (again.index_digest, again.manifest_digest) == (first.index_digest, first.manifest_digest)
    assert again.config == first.config
    assert isinstance(open_source(stub, mode="never", known=known, platform="linux/amd64"), ArchiveStream)


def test_another_image_than_was_asked_for_is_found_out(stub: EngineStub, built: BuiltImage, tmp_path: Path) -> None:
    """The ID names the config, and the export must hold that one."""
    other = build_image([[file("other")]], tag="app:1")
    offer(stub, built, export_of(other, tmp_path))
    with pytest.raises(DigestMismatchError, match=f"it holds {digest_of(other.config)}, expected"):
        read_export(stub)


def test_the_wrong_platform_is_refused_before_the_export(stub: EngineStub, built: BuiltImage, tmp_path: Path) -> None:
    """Inspecting tells, and an export takes minutes."""
    offer(stub, built, export_of(built, tmp_path))
    with pytest.raises(PlatformNotFoundError, match=r"linux/arm64 was asked for, docker engine 20\.10\.24 has"):
        open_source(stub, mode="never", platform="linux/arm64")
    assert stub.count("/get") == 0


def test_a_missing_image_names_the_engine(stub: EngineStub) -> None:
    """So that a bare name can go on to the next engine."""
    with pytest.raises(ImageNotFoundError, match=r"docker engine 20\.10\.24 at unix://.* has no image app:1"):
        open_source(stub)


def test_an_export_that_breaks_off_is_an_engine_error(stub: EngineStub, built: BuiltImage, tmp_path: Path) -> None:
    """A cut export is never taken for a damaged image."""
    offer(stub, built, export_of(built, tmp_path))
    stub.breaks_off_after = 3000
    with pytest.raises(EngineError, match="the engine broke off after 2560 bytes"):
        read_export(stub)


def test_closing_an_export_ends_it(stub: EngineStub, built: BuiltImage, tmp_path: Path) -> None:
    """Whoever stops in the middle leaves no connection behind; an export that was not read was never asked for."""
    offer(stub, built, export_of(built, tmp_path))
    opened = open_source(stub, mode="never")
    assert isinstance(opened, ArchiveStream)
    opened.close()
    assert stub.count("/get") == 0


@pytest.mark.parametrize(
    ("text", "tags", "spelt"),
    [
        ("app", ["app:latest"], "docker.io/library/app:latest"),
        ("app:1", ["localhost/app:1"], "localhost/app:1"),
        ("team/app:1", [], "docker.io/team/app:1"),
        ("host:5000/app:1", ["host:5000/app:1"], "host:5000/app:1"),
        ("a" * 64, ["app:1"], "sha256:" + "a" * 64),
        ("aaaaaaaaaaaa", ["app:1"], "sha256:" + "a" * 64),
        ("sha256:aaaaaaaaaaaa", ["app:1"], "sha256:" + "a" * 64),
    ],
)
def test_references_are_spelt_out(text: str, tags: list[str], spelt: str) -> None:
    """Names are completed as the engine completed them, and IDs are never taken for names."""
    inspected = InspectedImage("sha256:" + "a" * 64, (), tuple(tags), "linux", "amd64", "")
    assert spell_reference(text, inspected) == spelt


def test_the_config_is_kept_under_its_digest(stub: EngineStub, built: BuiltImage, tmp_path: Path) -> None:
    """What leads from the ID to the config outlives the export."""
    offer(stub, built, export_of(built, tmp_path))
    known = RememberedContent()
    read_export(stub, known=known)
    assert known.documents == {Digest.of(built.config): built.config}
