"""OCI layout directories, opened as a command opens them."""

import hashlib
import os
from pathlib import Path

import pytest

from layerscope.errors import (
    DigestMismatchError,
    DocumentError,
    ImageError,
    ImageNotFoundError,
    LimitError,
    SourceError,
    UsageError,
)
from layerscope.image.manifest import MAX_DOCUMENT_SIZE
from support.archives import (
    CONFIG_TYPE,
    LAYER_TYPE,
    MANIFEST_TYPE,
    TINY_LAYER,
    LayoutBuilder,
    Opened,
    blob_path,
    named,
    read_image,
    render_config,
)
from support.built_image import digest_of, render_json
from support.compression import Packing
from support.images import build_image
from support.layouts import write_oci_layout
from support.tar_writer import file


def open_layout(layout: LayoutBuilder, folder: Path, suffix: str = "") -> Opened:
    """Write a layout and open it."""
    return read_image(f"{layout.write(folder / 'layout')}{suffix}")


@pytest.mark.parametrize("packing", [Packing.NONE, Packing.GZIP, Packing.ZSTD, Packing.XZ, Packing.BZIP2])
def test_layout_gives_documents_and_layers(tmp_path: Path, packing: Packing) -> None:
    """Everything that the audit of a layout starts from."""
    built = build_image([[file("a", b"one")], [file("b", b"two")]])
    write_oci_layout(built, tmp_path / "layout", packing=packing)
    opened = read_image(tmp_path / "layout")
    image = opened.image
    assert image.source == "oci-dir"
    assert image.reference == f"oci-dir:{tmp_path}/layout"
    assert [str(layer.diff_id) for layer in image.layers] == built.diff_ids
    assert str(image.config_digest) == digest_of(built.config)
    assert image.manifest is not None
    assert [layer.descriptor for layer in image.layers] == list(image.manifest.layers)
    assert [digest_of(content) for content in opened.contents] == [str(d.digest) for d in image.manifest.layers]
    assert [layer.stored_size for layer in image.layers] == [d.size for d in image.manifest.layers]


def test_layer_has_the_blobs_name_and_stamp(tmp_path: Path) -> None:
    """Where a person would look, and how the cache knows the file again."""
    layout = LayoutBuilder()
    (layer,) = open_layout(layout.list(layout.image()), tmp_path).image.layers
    path = tmp_path / "layout" / layer.name
    assert layer.name == blob_path(digest_of(TINY_LAYER))
    assert layer.stamp is not None
    assert (layer.stamp.inode, layer.stamp.size, layer.stamp.offset) == (path.stat().st_ino, len(TINY_LAYER), 0)


def test_sha512_blobs_are_found_and_proved(tmp_path: Path) -> None:
    """The other algorithm that the specification registers."""
    layout = LayoutBuilder()
    config = layout.files.pop(blob_path(layout.blob(render_config([digest_of(TINY_LAYER)]), CONFIG_TYPE)["digest"]))
    digest = "sha512:" + hashlib.sha512(config).hexdigest()
    layout.files[blob_path(digest)] = config
    described = {"mediaType": CONFIG_TYPE, "digest": digest, "size": len(config)}
    layout.list(layout.manifest(described, [layout.blob(TINY_LAYER, LAYER_TYPE)]))
    assert str(open_layout(layout, tmp_path).image.config_digest) == digest


@pytest.mark.parametrize("suffix", [":1.0", ":docker.io/library/app:1.0", ":app:1.0", ":@0"])
def test_one_of_several_images_is_picked(tmp_path: Path, suffix: str) -> None:
    """By tag, by full name, by Docker's short form, by position."""
    layout = LayoutBuilder()
    wanted = layout.image(extra=named("docker.io/library/app:1.0", "1.0"))
    layout.list(wanted, layout.image(layers=[b"other"], extra=named("2.0")))
    assert str(open_layout(layout, tmp_path, suffix).image.manifest_digest) == wanted["digest"]


def test_image_is_picked_by_digest(tmp_path: Path) -> None:
    """Its manifest's, also inside an index, or that of the index itself."""
    layout = LayoutBuilder()
    wanted, other = layout.listed_image("linux/amd64"), layout.listed_image("linux/arm64")
    index = layout.index([other, wanted])
    layout.list(index, layout.image(layers=[b"third"]))
    by_manifest = open_layout(layout, tmp_path, f"@{other['digest']}").image
    assert (str(by_manifest.manifest_digest), str(by_manifest.index_digest)) == (other["digest"], index["digest"])
    by_index = read_image(f"{tmp_path}/layout@{index['digest']}", platform="linux/amd64").image
    assert (str(by_index.manifest_digest), str(by_index.index_digest)) == (wanted["digest"], index["digest"])


@pytest.mark.parametrize("suffix", [":3.0", f"@sha256:{'a' * 64}"])
def test_image_that_is_not_there_lists_the_names(tmp_path: Path, suffix: str) -> None:
    """Enough to ask again."""
    layout = LayoutBuilder()
    layout.list(layout.image(extra=named("1.0")), layout.image(layers=[b"other"], extra=named("2.0")))
    with pytest.raises(ImageNotFoundError, match=r"there is 1\.0, 2\.0"):
        open_layout(layout, tmp_path, suffix)


def test_position_beyond_the_end_says_how_many_there_are(tmp_path: Path) -> None:
    """Positions count from nought."""
    layout = LayoutBuilder()
    with pytest.raises(ImageNotFoundError, match="no image @1, there are 1, counted from 0"):
        open_layout(layout.list(layout.image()), tmp_path, ":@1")


def test_several_images_must_be_told_apart(tmp_path: Path) -> None:
    """Which one is meant is the user's to say."""
    layout = LayoutBuilder()
    layout.list(layout.image(extra=named("1.0")), layout.image(layers=[b"other"], extra=named("2.0")))
    with pytest.raises(UsageError, match=r"several images, choose one as PATH:NAME; there is 1\.0, 2\.0"):
        open_layout(layout, tmp_path)


def test_one_image_under_two_tags_is_one_image(tmp_path: Path) -> None:
    """Engines list a manifest once for each of its tags."""
    layout = LayoutBuilder()
    image = layout.image()
    layout.list({**image, **named("1.0")}, {**image, **named("latest")})
    assert str(open_layout(layout, tmp_path).image.manifest_digest) == image["digest"]


@pytest.mark.parametrize("what", ["manifest", "config"])
def test_document_that_differs_from_its_digest_is_refused(tmp_path: Path, what: str) -> None:
    """One flipped byte, found before anything is believed."""
    layout = LayoutBuilder()
    manifest = layout.image()
    path = blob_path(manifest["digest"] if what == "manifest" else digest_of(render_config([digest_of(TINY_LAYER)])))
    layout.files[path] = layout.files[path].replace(b"linux", b"linuy").replace(b"schema", b"schemb")
    with pytest.raises(DigestMismatchError, match=f"{what} sha256:.*its digest is"):
        open_layout(layout.list(manifest), tmp_path)


def test_document_of_another_size_is_refused(tmp_path: Path) -> None:
    """The descriptor's size is part of its claim."""
    layout = LayoutBuilder()
    with pytest.raises(DigestMismatchError, match="its descriptor promises 17"):
        open_layout(layout.list({**layout.image(), "size": 17}), tmp_path)


def test_overlarge_document_is_not_read(tmp_path: Path) -> None:
    """Neither where the descriptor says so, nor where only the file does."""
    layout = LayoutBuilder()
    claimed = {**layout.image(), "size": MAX_DOCUMENT_SIZE + 1}
    with pytest.raises(LimitError, match=f"limit {MAX_DOCUMENT_SIZE}"):
        open_layout(layout.list(claimed), tmp_path)
    layout.listed.clear()
    layout.list(layout.image())
    layout.files["index.json"] = b" " * (MAX_DOCUMENT_SIZE + 1)
    with pytest.raises(LimitError, match=f"limit {MAX_DOCUMENT_SIZE}"):
        open_layout(layout, tmp_path)


def test_missing_blob_is_named(tmp_path: Path) -> None:
    """A layer that should be there is not, and the message says which."""
    layout = LayoutBuilder()
    layout.list(layout.image())
    gone = blob_path(digest_of(TINY_LAYER))
    del layout.files[gone]
    with pytest.raises(ImageError, match=f"it holds no layer {gone}"):
        open_layout(layout, tmp_path)


def test_foreign_layer_may_be_elsewhere(tmp_path: Path) -> None:
    """Its bytes are not here, which is said and is no error."""
    layout = LayoutBuilder()
    foreign = {
        "mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "digest": digest_of(b"elsewhere"),
        "size": 9,
        "urls": ["https://example.com/layer"],
    }
    config = layout.blob(render_config([digest_of(b"?")]), CONFIG_TYPE)
    (layer,) = open_layout(layout.list(layout.manifest(config, [foreign])), tmp_path).image.layers
    assert layer.absent == "a foreign layer, whose bytes are kept at https://example.com/layer"
    assert (layer.stored_size, layer.stamp) == (None, None)
    with pytest.raises(SourceError, match="foreign layer"):
        layer.open()


def test_artifact_is_no_image(tmp_path: Path) -> None:
    """A chart or a signature in a registry's words, but not something that runs."""
    layout = LayoutBuilder()
    config = layout.blob(b"{}", "application/vnd.oci.empty.v1+json")
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "artifactType": "application/vnd.example.chart",
        "config": config,
        "layers": [],
    }
    layout.list(layout.blob(render_json(document), MANIFEST_TYPE))
    with pytest.raises(DocumentError, match=r"artifact of type application/vnd\.example\.chart, expected a container"):
        open_layout(layout, tmp_path)


def test_layers_and_diff_ids_must_be_as_many(tmp_path: Path) -> None:
    """A layer without a DiffID could not be proved."""
    layout = LayoutBuilder()
    config = layout.blob(render_config([]), CONFIG_TYPE)
    layout.list(layout.manifest(config, [layout.blob(TINY_LAYER, LAYER_TYPE)]))
    with pytest.raises(DocumentError, match="1 layers, its config 0 DiffIDs"):
        open_layout(layout, tmp_path)


def test_layout_of_another_version_is_refused(tmp_path: Path) -> None:
    """What version 2 means is not known."""
    layout = LayoutBuilder()
    layout.files["oci-layout"] = b'{"imageLayoutVersion": "2.0.0"}'
    with pytest.raises(DocumentError, match=r"imageLayoutVersion is '2\.0\.0', expected 1\.0\.0"):
        open_layout(layout.list(layout.image()), tmp_path)


def test_layout_without_a_version_is_read_with_a_note(tmp_path: Path) -> None:
    """Some tools forget the file."""
    layout = LayoutBuilder()
    del layout.files["oci-layout"]
    image = open_layout(layout.list(layout.image()), tmp_path).image
    assert image.notes[0] == "the layout has no oci-layout file, which the specification asks for"


def test_layout_without_an_index_says_so(tmp_path: Path) -> None:
    """The file that everything starts from."""
    with pytest.raises(ImageError, match=r"it holds no index\.json"):
        open_layout(LayoutBuilder(), tmp_path)


def test_manifest_in_the_indexs_place_is_refused(tmp_path: Path) -> None:
    """Even if it is an image."""
    layout = LayoutBuilder()
    layout.files["index.json"] = layout.files[blob_path(layout.image()["digest"])]
    with pytest.raises(DocumentError, match="a manifest, expected the index"):
        open_layout(layout, tmp_path)


@pytest.mark.parametrize("name", ["index.json", "blobs", "blobs/sha256", "layer"])
def test_links_in_a_layout_are_refused(tmp_path: Path, name: str) -> None:
    """Whoever hands a layout around must not choose files of the reader's host."""
    layout = LayoutBuilder()
    folder = layout.list(layout.image()).write(tmp_path / "layout")
    path = folder / (blob_path(digest_of(TINY_LAYER)) if name == "layer" else name)
    path.rename(tmp_path / "outside")
    path.symlink_to(tmp_path / "outside")
    with pytest.raises(ImageError, match="a link or no file"):
        read_image(folder)


def test_fifo_in_a_blobs_place_does_not_hang(tmp_path: Path) -> None:
    """Nothing is waited for."""
    layout = LayoutBuilder()
    folder = layout.list(layout.image()).write(tmp_path / "layout")
    path = folder / blob_path(digest_of(TINY_LAYER))
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ImageError, match="expected a regular file"):
        read_image(folder)


def test_digest_is_no_path(tmp_path: Path) -> None:
    """A digest with slashes is refused before it is a name (CVE-2024-3727)."""
    layout = LayoutBuilder()
    layout.list({**layout.image(), "digest": "sha256:../../../../etc/passwd"})
    with pytest.raises(DocumentError, match="hexadecimal"):
        open_layout(layout, tmp_path)
