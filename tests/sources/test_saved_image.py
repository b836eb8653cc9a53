"""Images by `manifest.json`, as engines save them."""

from pathlib import Path

import pytest

from layerscope.errors import (
    DigestMismatchError,
    DocumentError,
    ImageError,
    ImageNotFoundError,
    PlatformNotFoundError,
    UsageError,
)
from layerscope.sources.saved_image import find_digest
from support.archives import TINY_LAYER, Members, Opened, link, pack, read_image, render_config, saved
from support.built_image import digest_of, render_json
from support.docker_archives import Style, write_docker_archive
from support.images import build_image
from support.tar_writer import file, write_tar

OTHER_LAYER = write_tar([file("other", b"content")])


def open_archive(members: Members, folder: Path, suffix: str = "") -> Opened:
    """Write members as an archive and open it."""
    path = folder / "image.tar"
    path.write_bytes(pack(members))
    return read_image(f"{path}{suffix}")


def two_images() -> dict[str, bytes]:
    """An archive of two images, as `docker save app:1 app:2` writes it."""
    first, second = saved(tags=["app:1", "app:latest"]), saved({"two/layer.tar": OTHER_LAYER}, tags=["app:2"])
    manifest = first["manifest.json"][:-1] + b"," + second["manifest.json"][1:]
    return {**first, **second, "manifest.json": manifest}


@pytest.mark.parametrize("style", list(Style))
def test_every_layout_of_save_gives_the_same_image(tmp_path: Path, style: Style) -> None:
    """Docker up to 24, Docker from 25 on, the containerd store, podman."""
    built = build_image([[file("a", b"one")], [file("b", b"two")], [file("a", b"one")]])
    write_docker_archive(built, tmp_path / "image.tar", style=style)
    opened = read_image(tmp_path / "image.tar")
    assert str(opened.image.config_digest) == digest_of(built.config)
    assert [str(layer.diff_id) for layer in opened.image.layers] == built.diff_ids
    if style is not Style.CONTAINERD:
        assert opened.contents == built.layers


def test_layers_of_podman_have_their_own_names(tmp_path: Path) -> None:
    """A link is followed, and the name is that of the member that holds the bytes."""
    members = saved({"one/layer.tar": TINY_LAYER})
    opened = open_archive({**members, "digest.tar": TINY_LAYER, "one/layer.tar": link("../digest.tar")}, tmp_path)
    assert [layer.name for layer in opened.image.layers] == ["digest.tar"]


def test_hard_linked_layer_is_found(tmp_path: Path) -> None:
    """As `tar` writes equal files of an unpacked archive."""
    members = saved({"one/layer.tar": TINY_LAYER})
    hard: Members = {"a/layer.tar": TINY_LAYER, **members, "one/layer.tar": link("a/layer.tar", hard=True)}
    assert open_archive(hard, tmp_path).contents == [TINY_LAYER]


def test_names_with_a_leading_dot_are_the_same(tmp_path: Path) -> None:
    """An archive packed again by hand, with `tar cf image.tar .`, is still one."""
    members = {f"./{name}": body for name, body in saved().items()}
    assert open_archive(members, tmp_path).contents == [TINY_LAYER]


@pytest.mark.parametrize("suffix", [":app:2", ":docker.io/library/app:2", ":2", ":@1"])
def test_one_of_several_images_is_picked(tmp_path: Path, suffix: str) -> None:
    """By name, by tag, by position."""
    assert open_archive(two_images(), tmp_path, suffix).contents == [OTHER_LAYER]


def test_image_is_picked_by_its_id(tmp_path: Path) -> None:
    """The config's digest is the image's ID in such an archive."""
    identifier = digest_of(render_config([digest_of(OTHER_LAYER)]))
    assert open_archive(two_images(), tmp_path, f"@{identifier}").contents == [OTHER_LAYER]


def test_several_images_must_be_told_apart(tmp_path: Path) -> None:
    """The message lists every name."""
    with pytest.raises(UsageError, match="choose one as PATH:NAME; there is app:1, app:2, app:latest"):
        open_archive(two_images(), tmp_path)


@pytest.mark.parametrize("suffix", [":app:3", f"@sha256:{'a' * 64}", ":@2"])
def test_image_that_is_not_there_lists_the_names(tmp_path: Path, suffix: str) -> None:
    """Enough to ask again."""
    with pytest.raises(ImageNotFoundError, match=r"there is app:1, app:2, app:latest|there are 2"):
        open_archive(two_images(), tmp_path, suffix)


def test_unnamed_image_is_listed_by_its_id(tmp_path: Path) -> None:
    """An engine saves an image by ID without a name."""
    members = saved(tags=[])
    with pytest.raises(ImageNotFoundError, match="there is @sha256:"):
        open_archive(members, tmp_path, ":app:1")


def test_config_that_differs_from_its_name_is_refused(tmp_path: Path) -> None:
    """The name promises a digest."""
    members = {name: b'{"a":1}' if name.endswith(".json") else body for name, body in saved().items()}
    members["manifest.json"] = saved()["manifest.json"]
    with pytest.raises(DigestMismatchError, match=r"config [a-f0-9]{64}\.json: its digest is"):
        open_archive(members, tmp_path)


@pytest.mark.parametrize(
    ("name", "is_digest"),
    [
        ("a" * 64 + ".json", True),
        ("blobs/sha256/" + "a" * 64, True),
        ("sha256:" + "a" * 64, True),
        ("config.json", False),
        ("a" * 63 + ".json", False),
        ("a" * 64 + ".json.bak", False),
    ],
)
def test_names_that_are_digests(name: str, is_digest: bool) -> None:
    """Docker's old and new form and crane's; any other name promises nothing."""
    assert (find_digest(name) is not None) is is_digest


def test_config_under_any_other_name_is_taken(tmp_path: Path) -> None:
    """Its digest is computed."""
    config = render_config([digest_of(TINY_LAYER)])
    entry = {"Config": "config.json", "Layers": ["layer.tar"]}
    members = {"config.json": config, "layer.tar": TINY_LAYER, "manifest.json": render_json([entry])}
    assert str(open_archive(members, tmp_path).image.config_digest) == digest_of(config)


def test_descriptors_come_from_layer_sources(tmp_path: Path) -> None:
    """Newer engines tell media type, digest and size beside the names."""
    members = saved()
    diff_id = digest_of(TINY_LAYER)
    source = {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": diff_id, "size": len(TINY_LAYER)}
    entry = {"Config": next(name for name in members if name.endswith(".json")), "Layers": ["one/layer.tar"]}
    members["manifest.json"] = render_json([{**entry, "LayerSources": {diff_id: source}}])
    (layer,) = open_archive(members, tmp_path).image.layers
    assert layer.descriptor is not None
    assert str(layer.descriptor.digest) == diff_id


def test_foreign_layer_may_be_elsewhere(tmp_path: Path) -> None:
    """Windows images name layers that Docker does not save."""
    members = saved()
    diff_id = digest_of(TINY_LAYER)
    source = {
        "mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "digest": digest_of(b"blob"),
        "size": 4,
        "urls": ["https://example.com/layer"],
    }
    entry = {"Config": next(name for name in members if name.endswith(".json")), "Layers": ["gone/layer.tar"]}
    members["manifest.json"] = render_json([{**entry, "LayerSources": {diff_id: source}}])
    (layer,) = open_archive(members, tmp_path).image.layers
    assert layer.absent is not None


def test_missing_layer_is_named(tmp_path: Path) -> None:
    """The message says which member is not there."""
    members = saved()
    del members["one/layer.tar"]
    with pytest.raises(ImageError, match=r"it holds no layer one/layer\.tar"):
        open_archive(members, tmp_path)


def test_layers_and_diff_ids_must_be_as_many(tmp_path: Path) -> None:
    """A layer without a DiffID could not be proved."""
    members = saved()
    config = next(name for name in members if name.endswith(".json"))
    members["manifest.json"] = render_json([{"Config": config, "Layers": ["one/layer.tar", "one/layer.tar"]}])
    with pytest.raises(DocumentError, match="2 layers, its config lists 1 DiffIDs"):
        open_archive(members, tmp_path)


def test_image_is_held_to_the_platform(tmp_path: Path) -> None:
    """An archive has one platform, and it must be the one that was asked for."""
    path = tmp_path / "image.tar"
    path.write_bytes(pack(saved(architecture="s390x")))
    with pytest.raises(PlatformNotFoundError, match="linux/amd64 was asked for, the image there is for linux/s390x"):
        read_image(path, platform="linux/amd64")


@pytest.mark.parametrize(
    "manifest",
    [b"[]", b"null", b"{}", b"[1]", b"[{}]", b'[{"Config": 1}]', b'[{"Config": "a", "Layers": "b"}]', b"[[]]", b"\xff"],
)
def test_broken_manifest_is_a_document_error(tmp_path: Path, manifest: bytes) -> None:
    """Whatever JSON it is, or is not."""
    with pytest.raises(DocumentError, match=r"manifest\.json"):
        open_archive({**saved(), "manifest.json": manifest}, tmp_path)


def test_deeply_nested_manifest_is_refused(tmp_path: Path) -> None:
    """A parser's stack is not the image's to exhaust."""
    with pytest.raises(ImageError, match="nested deeper"):
        open_archive({**saved(), "manifest.json": b"[" * 100_000}, tmp_path)
