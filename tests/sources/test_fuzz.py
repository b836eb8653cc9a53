"""Hostile archives: whatever the bytes, a file and a stream end, in an image or in one of our errors."""

import contextlib
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layerscope.errors import LayerscopeError
from support.archives import LayoutBuilder, link, on, pack, read_image, saved
from support.compression import Packing, compress
from support.docker_archives import Style, write_docker_archive
from support.images import build_image
from support.tar_writer import file

TIME_LIMIT = 5.0
"""Seconds for an archive of some kilobytes; it takes milliseconds, and the machine may be busy."""

EXAMPLES = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def mutations(draw: st.DrawFn, content: bytes) -> bytes:
    """The content with bytes changed, cut out, doubled or moved; tar's checksums are made right again now and then."""
    mutated = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(mutated) - 1))
        end = min(len(mutated), place + draw(st.sampled_from([1, 2, 8, 100, 512, 1024])))
        match draw(st.sampled_from(["flip", "set", "cut", "double", "drop"])):
            case "flip":
                mutated[place] ^= 1 << draw(st.integers(0, 7))
            case "set":
                mutated[place:end] = draw(st.sampled_from([b"\0", b"9", b"/", b"\xff", b"../"])) * (end - place)
            case "cut":
                del mutated[place:end]
            case "double":
                mutated[place:place] = mutated[place:end]
            case "drop":
                del mutated[place:]
        if not mutated:
            break
    if draw(st.booleans()):
        seal_headers(mutated)
    return bytes(mutated)


def seal_headers(content: bytearray) -> None:
    """Make the checksum of every block right that still looks like a header, so that its other fields are read."""
    for start in range(0, len(content) - 511, 512):
        if content[start + 257 : start + 262] == b"ustar":
            content[start + 148 : start + 156] = b" " * 8
            content[start + 148 : start + 156] = b"%06o\0 " % sum(content[start : start + 512])


def layout_archive() -> bytes:
    """An OCI archive of two platforms."""
    layout = LayoutBuilder()
    images = [layout.image(name, extra=on(name)) for name in ("linux/amd64", "linux/arm64")]
    return layout.list(layout.index(images)).pack()


def docker_archive(folder: Path, style: Style) -> bytes:
    """A small archive as an engine saves it."""
    write_docker_archive(build_image([[file("a", b"1")], [file("b", b"2")]]), folder / "whole", style=style)
    return (folder / "whole").read_bytes()


def read_both(content: bytes, folder: Path) -> None:
    """Open an archive as a file and as a stream, and read all layers."""
    path = folder / "image.tar"
    path.write_bytes(content)
    start = time.monotonic()
    with contextlib.suppress(LayerscopeError):
        read_image(path)
    with contextlib.suppress(LayerscopeError):
        read_image("-", stdin=content)
    assert time.monotonic() - start < TIME_LIMIT


@EXAMPLES
@given(data=st.data(), style=st.sampled_from(list(Style)))
def test_mutated_docker_archives_end(tmp_path: Path, data: st.DataObject, style: Style) -> None:
    """Every layout of `save`."""
    read_both(data.draw(mutations(docker_archive(tmp_path, style))), tmp_path)


@EXAMPLES
@given(content=mutations(layout_archive()))
def test_mutated_oci_archives_end(tmp_path: Path, content: bytes) -> None:
    """Indexes, manifests and blobs."""
    read_both(content, tmp_path)


@EXAMPLES
@given(content=mutations(pack({**saved(), "one/layer.tar": link("two"), "two": link("three", hard=True)})))
def test_mutated_links_end(tmp_path: Path, content: bytes) -> None:
    """Links to anything."""
    read_both(content, tmp_path)


@EXAMPLES
@given(data=st.data(), packing=st.sampled_from([Packing.GZIP, Packing.ZSTD, Packing.XZ, Packing.BZIP2]))
def test_mutated_compressed_archives_end(tmp_path: Path, data: st.DataObject, packing: Packing) -> None:
    """Compressed as a whole, damaged before or after."""
    content = data.draw(st.one_of(st.just(layout_archive()), mutations(layout_archive())))
    read_both(data.draw(mutations(compress(content, packing))), tmp_path)


@EXAMPLES
@given(document=st.binary(max_size=60), name=st.sampled_from(["manifest.json", "index.json", "oci-layout"]))
def test_any_document_ends(tmp_path: Path, document: bytes, name: str) -> None:
    """Bytes in the place of JSON."""
    layout = LayoutBuilder()
    members = {**layout.list(layout.image()).files, **saved(), name: document}
    read_both(pack(members), tmp_path)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Config", "Layers", "RepoTags", "LayerSources", "manifests", "digest", "mediaType", "size"]
            ),
            children,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@EXAMPLES
@given(value=json_values, name=st.sampled_from(["manifest.json", "index.json"]))
def test_any_json_ends(tmp_path: Path, value: object, name: str) -> None:
    """Values of the wrong type in the right places."""
    from support.built_image import render_json

    layout = LayoutBuilder()
    files = layout.list(layout.image()).files
    read_both(pack({**files, **saved(), name: render_json(value)}), tmp_path)


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 1024])
def test_zeros_end(tmp_path: Path, size: int) -> None:
    """Files that a full disk leaves."""
    read_both(bytes(size), tmp_path)
