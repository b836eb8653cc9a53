"""One image out of an index."""

from pathlib import Path

import pytest

from layerscope.errors import DocumentError, ImageError, LimitError, PlatformNotFoundError, UsageError
from layerscope.image.platform import Platform
from layerscope.sources import platforms
from support.archives import CONFIG_TYPE, INDEX_TYPE, LayoutBuilder, blob_path, on, read_image, render_config

IN_TOTO = "application/vnd.in-toto+json"


@pytest.fixture(autouse=True)
def _host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platforms, "host_platform", lambda: Platform("linux", "amd64"))


def chosen(layout: LayoutBuilder, folder: Path, platform: str | None = None) -> str:
    """The platform of the image that is opened."""
    return str(read_image(layout.write(folder / "layout"), platform=platform).image.config.platform)


def indexed(layout: LayoutBuilder, *names: str) -> LayoutBuilder:
    """A layout whose one index lists an image for each platform."""
    return layout.list(layout.index([layout.listed_image(name) for name in names]))


def test_default_is_this_hosts_architecture(tmp_path: Path) -> None:
    """Linux, and the processor at hand."""
    assert chosen(indexed(LayoutBuilder(), "linux/arm64", "linux/amd64"), tmp_path) == "linux/amd64"


def test_asked_platform_is_taken(tmp_path: Path) -> None:
    """Whatever the host is."""
    assert chosen(indexed(LayoutBuilder(), "linux/amd64", "linux/arm64"), tmp_path, "linux/arm64") == "linux/arm64"


def test_index_and_manifest_digest_are_told_apart(tmp_path: Path) -> None:
    """Three digests that are easily mixed."""
    layout = LayoutBuilder()
    manifest = layout.listed_image("linux/amd64")
    index = layout.index([manifest])
    image = read_image(layout.list(index).write(tmp_path / "layout")).image
    assert str(image.index_digest) == index["digest"]
    assert str(image.manifest_digest) == manifest["digest"]
    assert str(image.config_digest) not in (index["digest"], manifest["digest"])


def test_missing_platform_lists_what_there_is(tmp_path: Path) -> None:
    """The message is enough to ask again."""
    with pytest.raises(PlatformNotFoundError, match=r"linux/s390x is not among .* there is linux/amd64, linux/arm64"):
        chosen(indexed(LayoutBuilder(), "linux/arm64", "linux/amd64"), tmp_path, "linux/s390x")


def test_only_image_is_taken_with_a_note(tmp_path: Path) -> None:
    """An image for another processor is audited, and the report says so."""
    opened = read_image(indexed(LayoutBuilder(), "linux/arm64").write(tmp_path / "layout"))
    assert opened.image.notes == (
        "it is the only image there and made for linux/arm64, not for this host (linux/amd64)",
    )


def test_only_image_is_not_taken_for_another_platform(tmp_path: Path) -> None:
    """What was asked for is what is audited, or nothing is."""
    with pytest.raises(PlatformNotFoundError, match="linux/amd64 was asked for, the image there is for linux/arm64"):
        chosen(indexed(LayoutBuilder(), "linux/arm64"), tmp_path, "linux/amd64")


def test_image_without_an_index_is_held_to_the_platform_too(tmp_path: Path) -> None:
    """A single manifest says its platform in its config."""
    layout = LayoutBuilder()
    with pytest.raises(PlatformNotFoundError, match="the image there is for linux/amd64"):
        chosen(layout.list(layout.image()), tmp_path, "linux/arm64")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [("linux/arm/v6", "linux/arm/v6"), ("linux/arm", "linux/arm/v7"), ("linux/arm64", "linux/arm64/v8")],
)
def test_variants_are_told_apart(tmp_path: Path, wanted: str, expected: str) -> None:
    """As container runtimes do: 32-bit ARM is v7 unless said otherwise."""
    layout = LayoutBuilder()
    indexed(layout, "linux/arm/v6", "linux/arm/v7", "linux/arm64/v8")
    assert chosen(layout, tmp_path, wanted) == expected


def test_plain_processor_is_preferred_over_a_newer_one(tmp_path: Path) -> None:
    """An image for x86-64-v3 is not taken where plain amd64 was meant."""
    layout = LayoutBuilder()
    newer = layout.listed_image("linux/amd64/v3")
    plain = layout.listed_image("linux/amd64")
    layout.list(layout.index([newer, plain]))
    image = read_image(layout.write(tmp_path / "layout"), platform="linux/amd64").image
    assert str(image.manifest_digest) == plain["digest"]


def test_attestation_is_never_the_image(tmp_path: Path) -> None:
    """What BuildKit attaches looks like an image for unknown/unknown, and may be the only thing asked for."""
    layout = LayoutBuilder()
    config = layout.blob(render_config([], architecture="unknown", os="unknown"), CONFIG_TYPE)
    marks = {"annotations": {"vnd.docker.reference.type": "attestation-manifest"}}
    attestations = [
        layout.manifest(config, [layout.blob(b"{}", IN_TOTO)], **on("unknown/unknown"), **marks),
        layout.manifest(config, [layout.blob(b"[]", IN_TOTO)], **on("linux/amd64"), **marks),
        layout.manifest(config, [layout.blob(b"1", IN_TOTO)], **on("unknown/unknown")),
    ]
    layout.list(layout.index([*attestations, layout.listed_image("linux/arm64")]))
    assert chosen(layout, tmp_path) == "linux/arm64"


def test_index_of_attestations_holds_no_image(tmp_path: Path) -> None:
    """The message says what is there instead."""
    layout = LayoutBuilder()
    config = layout.blob(render_config([]), CONFIG_TYPE)
    marks = {"annotations": {"vnd.docker.reference.type": "attestation-manifest"}}
    layout.list(layout.manifest(config, [layout.blob(b"{}", IN_TOTO)], **marks))
    with pytest.raises(DocumentError, match="holds no container image, only an attestation"):
        chosen(layout, tmp_path)


def test_nested_indexes_are_followed(tmp_path: Path) -> None:
    """An index of indexes, as some release tools write."""
    layout = LayoutBuilder()
    inner = layout.index([layout.listed_image("linux/arm64")])
    other = layout.index([layout.listed_image("linux/amd64")])
    layout.list(layout.index([inner, other]))
    assert chosen(layout, tmp_path, "linux/arm64") == "linux/arm64"


def test_deep_nesting_has_a_limit(tmp_path: Path) -> None:
    """A chain of indexes is not followed for ever."""
    layout = LayoutBuilder()
    descriptor = layout.image()
    for _ in range(6):
        descriptor = layout.index([descriptor])
    with pytest.raises(LimitError, match="nested more than 4 deep"):
        chosen(layout.list(descriptor), tmp_path)


def test_index_seen_twice_is_read_once(tmp_path: Path) -> None:
    """Indexes that list each other many times over do not multiply."""
    layout = LayoutBuilder()
    descriptor = layout.image()
    for _ in range(2):
        twins = [layout.index([descriptor] * number) for number in (1, 2)]
        descriptor = layout.index(twins * 50)
    assert chosen(layout.list(descriptor), tmp_path) == "linux/amd64"


def test_many_manifests_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index of a million entries is not searched."""
    monkeypatch.setattr(platforms, "MAX_MANIFESTS", 2)
    with pytest.raises(LimitError, match="more than 2 manifests"):
        chosen(indexed(LayoutBuilder(), "linux/arm64", "linux/amd64", "linux/s390x"), tmp_path)


def test_manifest_that_is_not_here_is_no_choice(tmp_path: Path) -> None:
    """An engine that pulled one platform saves the whole index."""
    layout = LayoutBuilder()
    here, gone = layout.listed_image("linux/arm64"), layout.listed_image("linux/amd64")
    layout.list(layout.index([gone, here]))
    del layout.files[blob_path(gone["digest"])]
    assert chosen(layout, tmp_path) == "linux/arm64"
    with pytest.raises(PlatformNotFoundError, match="linux/amd64 is listed, but its manifest is not here"):
        chosen(layout, tmp_path, "linux/amd64")


def test_index_that_is_not_here_is_passed_over(tmp_path: Path) -> None:
    """Nested indexes may be missing too."""
    layout = LayoutBuilder()
    gone = layout.index([layout.image("linux/arm64", layers=[])])
    layout.list(layout.index([gone, layout.listed_image("linux/amd64")]))
    del layout.files[blob_path(gone["digest"])]
    assert chosen(layout, tmp_path) == "linux/amd64"


def test_platform_is_read_from_the_config_where_no_index_tells(tmp_path: Path) -> None:
    """Layouts that skopeo wrote list manifests without platforms."""
    layout = LayoutBuilder()
    layout.list(layout.image("linux/arm64"), layout.image("linux/amd64"))
    assert chosen(layout, tmp_path) == "linux/amd64"


def test_damaged_neighbour_does_not_disturb(tmp_path: Path) -> None:
    """An image that was not asked for may be broken."""
    layout = LayoutBuilder()
    broken, fine = layout.image("linux/arm64"), layout.image("linux/amd64")
    layout.list(broken, fine)
    layout.files[blob_path(broken["digest"])] = b"{}"
    assert chosen(layout, tmp_path) == "linux/amd64"


def test_two_images_for_one_platform_are_ambiguous(tmp_path: Path) -> None:
    """Nobody's first image is taken for the one that was meant."""
    layout = LayoutBuilder()
    layout.list(layout.image(), layout.image(layers=[b"other"]))
    with pytest.raises(UsageError, match="several images for one platform; choose one of @sha256:"):
        chosen(layout, tmp_path)


def test_index_that_contradicts_the_config_is_noted(tmp_path: Path) -> None:
    """Docker runs such an image, and it may fail at its first instruction."""
    layout = LayoutBuilder()
    layout.list(
        layout.index([layout.image("linux/arm64", extra=on("linux/amd64")), layout.listed_image("linux/s390x")])
    )
    image = read_image(layout.write(tmp_path / "layout")).image
    assert image.notes == ("its index lists it as linux/amd64, its config says linux/arm64",)


def test_config_without_a_platform_is_noted(tmp_path: Path) -> None:
    """It cannot be told whether it is the one that was asked for."""
    layout = LayoutBuilder()
    image = layout.image("/")
    opened = read_image(layout.list(image).write(tmp_path / "layout"), platform="linux/amd64")
    assert opened.image.notes == ("its config does not name a platform",)


def test_index_blob_that_is_no_index_is_refused(tmp_path: Path) -> None:
    """A document must be what its descriptor says."""
    layout = LayoutBuilder()
    manifest = layout.files[blob_path(layout.image()["digest"])]
    layout.list(layout.blob(manifest, INDEX_TYPE))
    with pytest.raises(ImageError, match="calls itself"):
        chosen(layout, tmp_path)
