"""Images that pass by once: standard input, exports, compressed archives."""

import io
import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.errors import ImageError, LayerscopeError, SourceError, UsageError
from layerscope.image.layer import ByteStream
from layerscope.image.manifest import MAX_DOCUMENT_SIZE
from layerscope.sources import passing_archive
from layerscope.sources.archive_stream import ArchiveStream
from layerscope.sources.request import ImageRequest
from support.archives import (
    TINY_LAYER,
    LayoutBuilder,
    Opened,
    consume,
    drain,
    link,
    named,
    on,
    pack,
    read_image,
    saved,
)
from support.compression import Packing, compress
from support.docker_archives import Style, write_docker_archive
from support.images import build_image
from support.layouts import write_oci_archive
from support.memory_layer import BrokenStream
from support.tar_writer import file, write_tar

OTHER_LAYER = write_tar([file("other", b"content")])


def read_stream(content: bytes) -> Opened:
    """Read an archive as it passes by."""
    return consume(open_stream(content))


def open_stream(content: bytes) -> ArchiveStream:
    """An archive that will pass by."""
    return ArchiveStream(io.BytesIO(content), ImageRequest("-"), where="standard input")


@pytest.mark.parametrize("outer", list(Packing))
@pytest.mark.parametrize("style", list(Style))
def test_stream_gives_the_image_that_the_file_gives(tmp_path: Path, style: Style, outer: Packing) -> None:
    """Every layout of `save`, plain and compressed as a whole."""
    built = build_image([[file("a", b"one" * 50_000)], [file("b", b"two")], [file("a", b"one" * 50_000)]])
    write_docker_archive(built, tmp_path / "plain", style=style)
    write_docker_archive(built, tmp_path / "packed", style=style, outer=outer)
    by_file, by_stream = read_image(tmp_path / "plain"), read_stream((tmp_path / "packed").read_bytes())
    assert by_stream.contents == by_file.contents
    assert by_stream.image.config == by_file.image.config
    assert by_stream.image.manifest == by_file.image.manifest
    assert [layer.name for layer in by_stream.image.layers] == [layer.name for layer in by_file.image.layers]


def test_each_layer_passes_once_and_nothing_else_does(tmp_path: Path) -> None:
    """Layers that are there twice are scanned once, documents not at all."""
    built = build_image([[file("a", b"one")], [file("b", b"two")], [file("a", b"one")]])
    write_oci_archive(built, tmp_path / "image.tar")
    opened = read_stream((tmp_path / "image.tar").read_bytes())
    assert sorted(opened.passed) == sorted({layer.name for layer in opened.image.layers})


@given(st.permutations(["manifest.json", "config", "one/layer.tar", "two/layer.tar", "linked/layer.tar"]))
def test_members_may_come_in_any_order(order: list[str]) -> None:
    """Whoever writes the archive chooses; links may come before what they lead to."""
    members = saved({"one/layer.tar": TINY_LAYER, "two/layer.tar": OTHER_LAYER, "linked/layer.tar": TINY_LAYER})
    config = next(name for name in members if name not in order)
    chosen = {(config if name == "config" else name): members[config if name == "config" else name] for name in order}
    opened = read_stream(pack({**chosen, "linked/layer.tar": link("../one/layer.tar")}))
    assert opened.contents == [TINY_LAYER, OTHER_LAYER, TINY_LAYER]
    assert sorted(opened.passed) == ["one/layer.tar", "two/layer.tar"]


def test_member_that_occurs_twice_passes_once() -> None:
    """The first counts, as in a file."""
    content = pack({"a.tar": TINY_LAYER})[: 512 + len(TINY_LAYER)] + pack(saved({"a.tar": TINY_LAYER}))
    assert read_stream(content).passed == ["a.tar"]


def test_layer_may_be_left_unread() -> None:
    """Whoever knows a layer already need not read it again."""
    lengths: list[int] = []
    image = open_stream(pack(saved({"a.tar": TINY_LAYER, "b.tar": OTHER_LAYER}))).consume(
        lambda _, body: lengths.append(len(body.read(100)))
    )
    assert lengths == [100, 100]
    assert len(image.layers) == 2


def test_layer_cannot_be_opened_again() -> None:
    """Its bytes are gone, and the message says so."""
    image = open_stream(pack(saved())).consume(lambda _name, _body: None)
    with pytest.raises(SourceError, match="could be read only once"):
        image.layers[0].open()


def test_layer_with_damaged_first_bytes_passes() -> None:
    """It is not taken for something else: the layer pass names the damage."""
    layout = LayoutBuilder()
    layer = compress(TINY_LAYER, Packing.GZIP)
    content = layout.list(layout.image(layers=[layer])).pack().replace(layer, b"\0" + layer[1:])
    opened = read_stream(content)
    assert opened.contents == [b"\0" + layer[1:]]


def test_large_layer_with_damaged_first_bytes_passes() -> None:
    """One that is too large to be kept in memory is scanned as it comes."""
    layout = LayoutBuilder()
    layer = b"\x01" + bytes(MAX_DOCUMENT_SIZE)
    opened = read_stream(layout.list(layout.image(layers=[layer])).pack())
    assert opened.contents == [layer]


def test_empty_layer_passes() -> None:
    """A layer of no bytes at all is still one."""
    layout = LayoutBuilder()
    assert read_stream(layout.list(layout.image(layers=[b""])).pack()).contents == [b""]
    assert read_stream(pack(saved({"a/layer.tar": b""}))).contents == [b""]


def test_large_document_is_no_layer() -> None:
    """A bill of materials beside the image is passed over; as a layer it is refused."""
    document = b"{" + b" " * MAX_DOCUMENT_SIZE + b"}"
    layout = LayoutBuilder()
    layout.blob(document, "application/vnd.cyclonedx+json")
    assert len(read_stream(layout.list(layout.image()).pack()).passed) == 1
    layout = LayoutBuilder()
    with pytest.raises(ImageError, match="is a large JSON document, expected a tar"):
        read_stream(layout.list(layout.image(layers=[document])).pack())


def test_memory_for_documents_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of small documents are not all kept; what is needed and gone is an error."""
    monkeypatch.setattr(passing_archive, "MAX_KEPT_SIZE", 1000)
    members = saved()
    stuffed = {"a.json": b"{" + b" " * 950 + b"}", **members}
    with pytest.raises(LayerscopeError, match="could be read only once"):
        read_stream(pack(stuffed))
    assert read_stream(pack({**members, "z.json": b"{" + b" " * 950 + b"}"})).contents == [TINY_LAYER]


@pytest.mark.parametrize("cut", [1, 3, 10])
def test_cut_stream_names_the_damage(cut: int) -> None:
    """The descriptions come last, so that they are what is missing."""
    content = pack(saved({"one/layer.tar": bytes(5000)}))
    with pytest.raises(ImageError, match=r"the archive ends inside .*, before manifest\.json or index\.json came"):
        read_stream(content[: cut * 500])


@pytest.mark.parametrize("packing", [Packing.GZIP, Packing.ZSTD, Packing.XZ, Packing.BZIP2])
def test_cut_compressed_stream_names_the_damage(packing: Packing) -> None:
    """What the compression knows to be missing."""
    with pytest.raises(ImageError, match=f"standard input: its {packing} data ends after"):
        read_stream(compress(pack(saved()), packing)[:-30])


def test_nothing_is_a_source_error() -> None:
    """As after a `docker save` that failed."""
    with pytest.raises(SourceError, match="not a single byte came; did the command that writes it fail"):
        read_stream(b"")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"FROM scratch\n", "a Dockerfile, from which an image is yet to be built, expected an image archive"),
        (b"hello\n", "a text file, expected an image archive"),
    ],
)
def test_what_is_no_archive_is_told(content: bytes, message: str) -> None:
    """One sentence: what it is, and what was expected."""
    with pytest.raises(UsageError, match=message):
        read_stream(content)


def test_broken_stream_is_its_own_error_even_if_the_layer_swallowed_it() -> None:
    """A layer's reader keeps what it read before; the image is not there all the same."""
    content = pack(saved({"one/layer.tar": bytes(50_000)}))
    stream = ArchiveStream(BrokenStream(content, 20_000), ImageRequest("-"), where="standard input")

    def scan(_name: str, body: ByteStream) -> None:
        with pytest.raises(SourceError):
            drain(body, 4000)

    with pytest.raises(SourceError, match="the disk failed"):
        stream.consume(scan)


def test_error_of_the_scan_comes_through() -> None:
    """Ctrl-C, say."""

    def scan(_name: str, _body: ByteStream) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_stream(pack(saved())).consume(scan)


def test_what_follows_the_archive_is_read() -> None:
    """So that whoever writes it is not cut off by a closed pipe."""
    source = io.BytesIO(pack(saved()) + bytes(100_000))
    consume(ArchiveStream(source, ImageRequest("-"), where="standard input"))
    assert source.read(1) == b""


def test_platform_and_name_pick_in_a_stream() -> None:
    """As in a file."""
    layout = LayoutBuilder()
    images = [layout.image(name, [name.encode()], on(name)) for name in ("linux/arm64", "linux/amd64")]
    layout.list({**layout.index(images), **named("1")}, {**layout.image(layers=[b"other"]), **named("2")})
    archive = layout.pack()
    assert read_image("oci-archive:-:2", stdin=archive).contents == [b"other"]
    opened = read_image("oci-archive:-:1", stdin=archive, platform="linux/arm64")
    assert opened.contents == [b"linux/arm64"]


def test_closing_closes_the_stream() -> None:
    """Nothing stays open."""
    source = io.BytesIO(b"")
    ArchiveStream(source, ImageRequest("-"), where="x").close()
    assert source.closed


def test_memory_does_not_grow_with_layers() -> None:
    """A layer is handed on in the pieces in which it arrives."""
    size = 64 << 20
    header = pack({"big/layer.tar": b""})[:512]
    info = bytearray(header)
    info[124:136] = b"%011o\0" % size
    info[148:156] = b" " * 8
    info[148:156] = b"%06o\0 " % sum(info)
    pieces = itertools.chain([bytes(info)], (bytes(1 << 20) for _ in range(64)), [pack(saved())])
    largest = 0

    class Pieces:
        """A stream of prepared pieces."""

        def __init__(self) -> None:
            self.rest = b""

        def read(self, wanted: int, /) -> bytes:
            """Give the next piece or its rest."""
            self.rest = self.rest or next(pieces, b"")
            chunk, self.rest = self.rest[:wanted], self.rest[wanted:]
            return chunk

        def close(self) -> None:
            """Hold nothing."""

    def scan(_name: str, body: ByteStream) -> None:
        nonlocal largest
        while chunk := body.read(8 << 20):
            largest = max(largest, len(chunk))

    ArchiveStream(Pieces(), ImageRequest("-"), where="standard input").consume(scan)
    assert largest <= 1 << 20
