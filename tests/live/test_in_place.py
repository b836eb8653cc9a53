"""Images of real engines, read in place and as exports: the bytes prove every digest either way."""

import gzip
from pathlib import Path
from uuid import uuid4

import pytest

from layerscope.errors import ImageNotFoundError, LayerDamageError, PlatformNotFoundError
from layerscope.image.image import Image
from layerscope.progress import SilentProgress
from layerscope.sources.daemon import DaemonSource
from support.archives import NothingKnown, drain
from support.built_image import BuiltImage, build_image, digest_of
from support.images import load_fixture
from support.known_content import RememberedContent
from support.live_engines import LiveEngine
from support.live_images import Proven, build_odd_image, load, prove
from support.tar_writer import directory, file, symlink

ODD = "layerscope/odd:1"


@pytest.fixture(scope="session")
def odd() -> BuiltImage:
    """An image with everything that the way through an engine's storage could lose."""
    return build_odd_image(ODD)


def check(proven: Proven, built: BuiltImage) -> None:
    """Every layer holds what its DiffID says, and the config is the one that was loaded."""
    assert proven.diff_ids == built.diff_ids
    assert [str(layer.diff_id) for layer in proven.image.layers] == built.diff_ids
    assert str(proven.image.config_digest) == digest_of(built.config)


def test_layers_in_place_prove_their_diff_ids(engine: LiveEngine, odd: BuiltImage) -> None:
    """Files behind links, odd names, closed folders, large and repeated files: the tar is the one that was loaded."""
    load(engine, odd)
    proven = prove(engine.source(ODD, "only"))
    check(proven, odd)
    assert proven.image.source.endswith(f"({engine.kind.in_place})")
    assert proven.image.notes == ()


def test_an_export_proves_the_same(engine: LiveEngine, odd: BuiltImage) -> None:
    """What the engine sends is the same image, by the same digests."""
    load(engine, odd)
    exported, stored = prove(engine.source(ODD, "never")), prove(engine.source(ODD, "only"))
    check(exported, odd)
    assert exported.image.source.endswith("(export)")
    assert exported.image.reference == stored.image.reference
    assert [layer.descriptor for layer in exported.image.layers] == [layer.descriptor for layer in stored.image.layers]


def test_compressed_layers_prove_their_diff_ids(oci_engine: LiveEngine) -> None:
    """Containerd keeps blobs as they came, podman unpacks them; the DiffIDs are the same."""
    built = build_odd_image("layerscope/odd-oci:1")
    load(oci_engine, built, as_oci=True)
    check(prove(oci_engine.source(built.tag, "only")), built)
    check(prove(oci_engine.source(built.tag, "never")), built)


@pytest.mark.parametrize("mode", ["only", "never"])
@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_a_platform_is_chosen(containerd_engine: LiveEngine, architecture: str, mode: str) -> None:
    """An engine with the containerd store keeps several platforms under one name."""
    built = load_fixture("multi-platform")
    load(containerd_engine, built, as_oci=True)
    source = containerd_engine.source(built.tag, "only" if mode == "only" else "never")
    proven = prove(source, platform=f"linux/{architecture}")
    assert proven.image.config.architecture == architecture
    assert proven.image.index_digest is not None
    assert proven.diff_ids == [str(layer.diff_id) for layer in proven.image.layers]
    with pytest.raises(PlatformNotFoundError, match="linux/s390x is not among its platforms"):
        prove(source, platform="linux/s390x")


def test_a_missing_image_names_the_engine(engine: LiveEngine) -> None:
    """The error says which engine was asked, and where it listens."""
    with pytest.raises(ImageNotFoundError, match=rf"at {engine.host} .* has no image layerscope/none:1"):
        prove(engine.source("layerscope/none:1"))


@pytest.mark.parametrize("mode", ["only", "never"])
def test_an_image_is_found_by_its_id(engine: LiveEngine, odd: BuiltImage, mode: str) -> None:
    """In full and in short; an ID is no name."""
    load(engine, odd)
    found = engine.client.images.get(ODD)
    for text in (str(found.id), found.short_id.removeprefix("sha256:")):
        proven = prove(engine.source(text, "only" if mode == "only" else "never"))
        check(proven, odd)
        assert proven.image.reference == found.id


def test_a_known_image_is_not_exported(engine: LiveEngine, odd: BuiltImage) -> None:
    """The documents of a first export are enough for the second time, and layers still open."""
    load(engine, odd)
    known = RememberedContent()
    stream = engine.source(ODD, "never").open_image(platform=None, known=known, progress=SilentProgress())
    assert not isinstance(stream, Image)
    first = stream.consume(lambda _name, _stream: None)
    stream.close()
    known.learn(*odd.diff_ids)
    second = engine.source(ODD, "never").open_image(platform=None, known=known, progress=SilentProgress())
    assert isinstance(second, Image)
    assert (second.config_digest, second.manifest_digest) == (first.config_digest, first.manifest_digest)
    stored = drain(second.layers[1].open(), 1 << 20)  # containerd takes a compressed one for it that it has already
    assert (gzip.decompress(stored) if stored.startswith(b"\x1f\x8b") else stored) == odd.layers[1]


def test_an_export_may_be_left(engine: LiveEngine, odd: BuiltImage) -> None:
    """Whoever stops in the middle leaves an engine that works."""
    load(engine, odd)

    def stop(_name: str, _stream: object) -> None:
        raise KeyboardInterrupt

    stream = engine.source(ODD, "never").open_image(platform=None, known=NothingKnown(), progress=SilentProgress())
    assert not isinstance(stream, Image)
    with pytest.raises(KeyboardInterrupt):
        stream.consume(stop)
    stream.close()
    check(prove(engine.source(ODD, "never")), odd)


def test_a_link_from_the_root_is_followed_inside_the_layer(docker_engine: LiveEngine) -> None:
    """The engine's own export follows it out of the layer, and fails."""
    members = [directory("data"), symlink("link", "/data"), file("link/x", b"below data")]
    built = build_image([members], tag="layerscope/rooted:1")
    load(docker_engine, built)
    check(prove(docker_engine.source(built.tag, "only")), built)


@pytest.fixture
def tampered(docker_engine: LiveEngine) -> tuple[DaemonSource, Path, BuiltImage]:
    """An image of its own, and where the engine keeps one of its files.

    No earlier run of an engine that still stands has seen its layer: a layer that is there is not unpacked again.
    """
    name = uuid4().hex
    built = build_image([[file("etc/config", name.encode() * 99)]], tag=f"layerscope/{name}:1")
    load(docker_engine, built)
    folder = docker_engine.client.images.get(built.tag).attrs["GraphDriver"]["Data"]["UpperDir"]
    return docker_engine.source(built.tag, "only"), Path(folder) / "etc/config", built


def test_a_file_that_was_changed_in_the_storage_is_found_out(tampered: tuple[DaemonSource, Path, BuiltImage]) -> None:
    """The DiffID is computed from what lies there, whatever the engine's records say."""
    source, path, built = tampered
    path.write_bytes(bytes(path.stat().st_size))
    proven = prove(source)
    assert [str(layer.diff_id) for layer in proven.image.layers] == built.diff_ids != proven.diff_ids


def test_a_file_that_was_cut_in_the_storage_is_named(tampered: tuple[DaemonSource, Path, BuiltImage]) -> None:
    """The layer cannot be put together, and the error says because of which file."""
    source, path, _ = tampered
    path.write_bytes(path.read_bytes()[:-1])
    image = source.open_image(platform=None, known=NothingKnown(), progress=SilentProgress())
    assert isinstance(image, Image)
    with pytest.raises(LayerDamageError, match=r"file b'etc/config': \d+ bytes expected, \d+ there"):
        drain(image.layers[0].open())
