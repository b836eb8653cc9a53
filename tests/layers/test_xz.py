"""Streams of xz: the padding between them, and the memory that they may take."""

import lzma
import sys
import tracemalloc
import zlib

import pytest

from layerscope.image.digest import Digest
from layerscope.layers.compression import Decompressor, load_codecs
from layerscope.layers.limits import MAX_XZ_MEMORY, MIB
from layerscope.layers.reading import Reading, read_layer
from layerscope.layers.scan import Compression, DamageKind
from layerscope.sources import outer_compression
from support.compression import Packing, compress
from support.memory_layer import MemoryLayer
from support.tar_writer import file, write_tar

TAR = write_tar([file("one", b"1" * 1000), file("two", b"2" * 1000)])
HALF = len(TAR) // 2


def decompress(stored: bytes) -> tuple[bytes, int, int]:
    """The tar, how many streams it came in, and how many bytes followed them."""
    decompressor = Decompressor(stored[start : start + 7] for start in range(0, len(stored), 7))
    tar = b"".join(decompressor.iter_chunks())
    return tar, decompressor.frames, decompressor.trailing


def pack_with(dictionary: int, content: bytes = TAR) -> bytes:
    """The content in a stream that asks for a dictionary of that many bytes."""
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": dictionary, "mode": lzma.MODE_FAST, "mf": lzma.MF_HC3}]
    return lzma.compress(content, filters=filters)


def claim_dictionary(code: int) -> bytes:
    """A stream whose block claims the dictionary of that code, 40 being 4 GiB less a byte, with a true checksum."""
    stored = bytearray(lzma.compress(TAR))
    start = 12  # behind the header of the stream
    size = (stored[start] + 1) * 4
    stored[stored.index(b"\x21\x01", start, start + size) + 2] = code
    checked = start + size - 4
    stored[checked : checked + 4] = zlib.crc32(stored[start:checked]).to_bytes(4, "little")
    return bytes(stored)


@pytest.mark.parametrize("padding", [0, 4, 8, 2 << 20])
def test_zeros_between_and_after_streams_are_padding(padding: int) -> None:
    """In multiples of four, as the format has them."""
    zeros = bytes(padding)
    stored = lzma.compress(TAR[:HALF]) + zeros + lzma.compress(TAR[HALF:]) + zeros
    assert decompress(stored) == (TAR, 2, 0)


@pytest.mark.parametrize(("tail", "trailing"), [(bytes(3), 3), (bytes(6) + b"x", 7), (bytes(4) + b"garbage", 7)])
def test_what_follows_and_is_no_padding_is_counted(tail: bytes, trailing: int) -> None:
    """An odd number of zeros is none, and ends the streams."""
    assert decompress(lzma.compress(TAR) + tail) == (TAR, 1, trailing)


def test_a_stream_behind_odd_zeros_is_not_unpacked() -> None:
    """The tool refuses it, too."""
    second = lzma.compress(TAR[HALF:])
    assert decompress(lzma.compress(TAR[:HALF]) + bytes(5) + second) == (TAR[:HALF], 1, 5 + len(second))


def test_a_dictionary_as_large_as_the_limit_is_read() -> None:
    """128 MiB, twice what `xz -9` asks for."""
    assert decompress(pack_with(128 * MIB))[0] == TAR


@pytest.mark.parametrize("stored", [claim_dictionary(40), claim_dictionary(32)], ids=["4 GiB", "256 MiB"])
def test_a_larger_dictionary_passes_a_limit(stored: bytes) -> None:
    """It is told as that, no memory is taken for it, and the entries before it stay."""
    first = write_tar([file("zero", b"0")], trailer=False)
    layer = MemoryLayer("layer", lzma.compress(first) + stored, Digest.of(TAR))
    tracemalloc.start()
    scan = read_layer(layer.open(), "layer", Reading())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 32 * MIB
    assert scan.damage is not None
    assert scan.damage.kind is DamageKind.LIMIT
    assert scan.damage.detail == "xz: a dictionary that takes more than 130 MiB of memory, the limit"
    assert scan.index.paths == ["zero"]


def test_archives_have_the_limit_of_layers() -> None:
    """What the two modules say of it is one number."""
    assert outer_compression.MAX_XZ_MEMORY == MAX_XZ_MEMORY


@pytest.mark.parametrize(("module", "compression"), [("_lzma", "xz"), ("_bz2", "bzip2")])
def test_a_python_without_it_says_so(module: str, compression: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one that was built where the library was not to be had; whoever reads other layers is not disturbed."""
    stored = compress(TAR, Packing(compression))
    for name in ("lzma", "bz2", "layerscope.layers.xz"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, module, None)
    load_codecs()
    scan = read_layer(MemoryLayer("layer", stored, Digest.of(TAR)).open(), "layer", Reading())
    assert scan.damage is not None
    assert scan.damage.kind is DamageKind.UNREADABLE
    assert scan.damage.detail.startswith(f"decompressing {compression}: this Python was built without it")


def test_what_has_no_media_type_is_written_as_gzip() -> None:
    """Everything else as it was."""
    rewritten = {each: each.rewritten for each in Compression if each.rewritten is not each}
    assert rewritten == {Compression.XZ: Compression.GZIP, Compression.BZIP2: Compression.GZIP}
