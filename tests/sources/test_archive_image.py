"""Archives with an OCI index, a `manifest.json`, or both."""

from pathlib import Path

import pytest

from layerscope.errors import DocumentError, ImageError, ImageNotFoundError, LimitError, SourceError, UsageError
from support.archives import (
    TINY_LAYER,
    LayoutBuilder,
    Members,
    Opened,
    blob_path,
    link,
    named,
    pack,
    read_image,
    render_config,
    saved,
)
from support.built_image import digest_of, render_json

CONFIG = render_config([digest_of(TINY_LAYER)])


def open_archive(members: Members, folder: Path, prefix: str = "", suffix: str = "") -> Opened:
    """Write members as an archive and open it."""
    path = folder / "image.tar"
    path.write_bytes(pack(members))
    return read_image(f"{prefix}{path}{suffix}")


def layout(**extra: object) -> dict[str, bytes]:
    """The files of a layout with one image."""
    builder = LayoutBuilder()
    return builder.list(builder.image(extra=extra)).files


def both(**extra: object) -> dict[str, bytes]:
    """An archive with both descriptions, as Docker writes it from 25 on."""
    files = layout(**extra)
    entry = {
        "Config": blob_path(digest_of(CONFIG)),
        "RepoTags": ["app:1"],
        "Layers": [blob_path(digest_of(TINY_LAYER))],
    }
    return {**files, "manifest.json": render_json([entry])}


def test_index_is_preferred_where_there_are_both(tmp_path: Path) -> None:
    """It knows media types and the digests of blobs, and the image says that it was used."""
    image = open_archive(both(), tmp_path).image
    assert image.source == "docker-archive (by its OCI index)"
    assert image.manifest is not None
    assert image.notes == ()


def test_each_description_serves_alone(tmp_path: Path) -> None:
    """An OCI archive, and what Docker wrote before."""
    assert open_archive(layout(), tmp_path).image.source == "oci-archive"
    assert open_archive(saved(), tmp_path).image.source == "docker-archive"


def test_manifest_serves_where_blobs_of_the_index_are_missing(tmp_path: Path) -> None:
    """And the report says why."""
    files = both()
    builder = LayoutBuilder()
    files["index.json"] = builder.list(builder.image(layers=[b"not in there"])).files["index.json"]
    image = open_archive(files, tmp_path).image
    assert image.source == "docker-archive (by its manifest.json)"
    assert image.notes[0].startswith("read by manifest.json, for the OCI index cannot be used: reading ")


def test_name_that_only_the_manifest_knows_is_found(tmp_path: Path) -> None:
    """Indexes may list images without names."""
    assert open_archive(both(), tmp_path, suffix=":app:1").contents == [TINY_LAYER]


def test_name_that_neither_knows_is_not_found(tmp_path: Path) -> None:
    """The index's answer is given, which names more."""
    with pytest.raises(ImageNotFoundError, match=r"no image app:9; there is docker\.io/library/app:1"):
        open_archive(both(**named("docker.io/library/app:1", "1")), tmp_path, suffix=":app:9")


def test_descriptions_of_two_images_are_noted(tmp_path: Path) -> None:
    """A scanner may be shown one image and an engine the other."""
    image = open_archive({**both(), **saved(author="somebody else")}, tmp_path).image
    assert str(image.config_digest) == digest_of(CONFIG)
    assert image.notes == ("its manifest.json, which older engines go by, describes another image than its OCI index",)


def test_unreadable_manifest_beside_an_index_is_noted(tmp_path: Path) -> None:
    """An older engine would fail on what reads well here."""
    image = open_archive({**layout(), "manifest.json": b"nonsense"}, tmp_path).image
    assert image.notes[0].startswith("its manifest.json, which older engines go by, cannot be read: ")


@pytest.mark.parametrize(
    ("prefix", "members", "message"),
    [
        ("oci-archive:", saved(), "no index.json in it; it is a docker-archive"),
        ("docker-archive:", layout(), "no manifest.json in it; it is an oci-archive"),
    ],
)
def test_scheme_is_kept(tmp_path: Path, prefix: str, members: Members, message: str) -> None:
    """Whoever insists on a form gets that form or an answer."""
    with pytest.raises(DocumentError, match=message):
        open_archive(members, tmp_path, prefix)


def test_oci_scheme_ignores_the_manifest(tmp_path: Path) -> None:
    """An archive with both is an OCI archive too."""
    assert open_archive(both(), tmp_path, "oci-archive:").image.source == "oci-archive"


def test_archive_from_before_docker_1_10_says_so(tmp_path: Path) -> None:
    """Its layers have no DiffIDs, so nothing of it could be proved."""
    with pytest.raises(DocumentError, match=r"only repositories: Docker before 1\.10 wrote it"):
        open_archive({"repositories": b"{}", "id/layer.tar": TINY_LAYER, "id/json": b"{}"}, tmp_path)


def test_file_system_is_told_from_an_image(tmp_path: Path) -> None:
    """The usual mistake is `docker export`."""
    with pytest.raises(DocumentError, match=r"docker export"):
        open_archive({"etc/passwd": b"root:x:0:0"}, tmp_path)


def test_any_other_tar_says_what_was_expected(tmp_path: Path) -> None:
    """A tar of sources, say."""
    with pytest.raises(
        DocumentError, match=r"neither manifest\.json nor index\.json in it; expected what `docker save`"
    ):
        open_archive({"main.py": b""}, tmp_path)


@pytest.mark.parametrize("name", ["manifest.json", "index.json", "oci-layout"])
def test_description_that_is_there_twice_is_refused(tmp_path: Path, name: str) -> None:
    """Programs differ on which one counts."""
    with pytest.raises(DocumentError, match=f"{name} is in it twice"):
        open_archive({**both(), f"./{name}": both()[name]}, tmp_path)


def test_config_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    """An engine takes the last one, whose entry point nobody has looked at."""
    config = next(name for name in saved() if name.endswith(".json"))
    with pytest.raises(DocumentError, match=f"{config} is in it twice"):
        open_archive({**saved(), f"./{config}": b"{}"}, tmp_path)


def test_description_may_not_be_a_directory(tmp_path: Path) -> None:
    """Nor anything else that has no content."""
    with pytest.raises(ImageError, match=r"link out of the archive"):
        open_archive({**saved(), "manifest.json": link("/etc/passwd")}, tmp_path)


def test_cut_archive_names_the_member(tmp_path: Path) -> None:
    """The member and its bytes, where `manifest.json` came after it."""
    content = pack(saved({"one/layer.tar": bytes(5000)}))
    path = tmp_path / "image.tar"
    path.write_bytes(content[:3000])
    with pytest.raises(ImageError, match=r"ends inside the member 'one/layer\.tar': 5000 bytes expected, 2488 there"):
        read_image(path)


def test_cut_layer_opens_and_yields_what_is_there(tmp_path: Path) -> None:
    """So that the layer pass can name the damage and list the files before it."""
    members = saved({"one/layer.tar": TINY_LAYER})
    content = pack({"manifest.json": members["manifest.json"], **members})
    path = tmp_path / "image.tar"
    config = next(name for name in members if name.endswith(".json"))
    content = pack({"manifest.json": members["manifest.json"], config: members[config], "one/layer.tar": TINY_LAYER})
    start = content.index(TINY_LAYER)
    path.write_bytes(content[: start + 700])
    opened = read_image(path)
    assert opened.contents == [TINY_LAYER[:700]]
    assert opened.image.layers[0].stored_size == 700
    expected = f"the archive ends inside the member 'one/layer.tar': {len(TINY_LAYER)} bytes expected, 700 there"
    assert opened.image.notes == (expected,)
    assert read_image("-", stdin=path.read_bytes()).contents == [TINY_LAYER[:700]]


def test_cut_document_names_the_reason(tmp_path: Path) -> None:
    """A config that is not all there is damage of the archive, not of the config."""
    members = saved()
    content = pack(
        {"manifest.json": members["manifest.json"], **{n: members[n] for n in members if n != "manifest.json"}}
    )
    start = content.index(b'{"architecture"')
    path = tmp_path / "image.tar"
    path.write_bytes(content[: start + 10])
    with pytest.raises(ImageError, match="the archive ends inside the member"):
        read_image(path)


def test_missing_end_marker_is_only_noted(tmp_path: Path) -> None:
    """Everything that is needed is there."""
    content = pack(saved()).rstrip(b"\0")
    path = tmp_path / "image.tar"
    path.write_bytes(content + bytes(-len(content) % 512))
    assert "without an end-of-archive marker" in read_image(path).image.notes[0]


def test_damaged_header_is_named(tmp_path: Path) -> None:
    """By its place in the archive."""
    content = bytearray(pack(saved()))
    second = 512 + len(TINY_LAYER)
    content[second + 5] ^= 1
    path = tmp_path / "image.tar"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=f"header at byte {second}: expected a tar header"):
        read_image(path)


def test_overlarge_document_is_not_read(tmp_path: Path) -> None:
    """A `manifest.json` of many megabytes is an attack."""
    with pytest.raises(LimitError, match="limit"):
        open_archive({**saved(), "manifest.json": b" " * (5 << 20)}, tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "error", "message"),
    [
        ("image.tar", b"", ImageError, "an empty file; did the command that wrote it fail"),
        ("image.tar", b"<html>not found</html>", UsageError, "a text file, expected an image archive"),
        ("image.tar", b"\x7fELF" + bytes(600), UsageError, "an ELF program"),
        ("image.tar", b"\x01\x02\x03" * 400, ImageError, "expected a tar header"),
        ("image.tar", bytes(1024), DocumentError, "neither"),
        ("image.tar.xz", b"\xfd7zXZ\0" + bytes(600), ImageError, "its xz data is damaged after 0 decompressed bytes"),
    ],
)
def test_what_is_no_archive_is_told(
    tmp_path: Path, name: str, content: bytes, error: type[Exception], message: str
) -> None:
    """One sentence each: what it is, and what was expected."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(error, match=message):
        read_image(tmp_path / name)


def test_file_that_vanished_is_a_source_error(tmp_path: Path) -> None:
    """Between choosing and opening."""
    from layerscope.sources.archive import ArchiveSource
    from support.archives import read_source

    with pytest.raises(SourceError, match="the file is gone"):
        read_source(ArchiveSource(str(tmp_path / "gone.tar")))
