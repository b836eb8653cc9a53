"""The bytes of an entry are found again by its offset."""

import io

import pytest

from layerscope.errors import LayerDamageError
from layerscope.image.digest import Digest
from layerscope.layers.content import iter_contents
from layerscope.layers.reading import Reading, read_layer
from support.compression import Packing, compress
from support.memory_layer import MemoryLayer
from support.tar_writer import GNU, PAX, Sparse, directory, file, sparse_file, write_tar

CONTENTS = {f"d/{'n' * 120}{number}": bytes([number]) * (number * 1700) for number in range(40)}
TAR = write_tar([directory("d"), *(file(name, content) for name, content in CONTENTS.items())])


@pytest.mark.parametrize("packing", list(Packing))
def test_chosen_files_come_in_the_tar_s_order(packing: Packing) -> None:
    """Any choice of files is read in one pass, whatever the compression."""
    layer = MemoryLayer("layer", compress(TAR, packing), Digest.of(TAR))
    index = read_layer(layer.open(), "layer", Reading()).index
    chosen = [39, 2, 17]
    found = {index.paths[position]: b"".join(pieces) for position, pieces in iter_contents(layer, index, chosen)}
    assert found == {index.paths[position]: CONTENTS[index.paths[position]] for position in sorted(chosen)}


def test_a_content_may_be_left_half_read() -> None:
    """What the reader does not take of one file does not end up in the next."""
    layer = MemoryLayer("layer", TAR, Digest.of(TAR))
    index = read_layer(layer.open(), "layer", Reading()).index
    heads = [next(pieces)[:5] for _, pieces in iter_contents(layer, index, [30, 31])]
    assert heads == [bytes([29]) * 5, bytes([30]) * 5]


def test_directories_have_no_content() -> None:
    """Entries that are no files are passed over."""
    layer = MemoryLayer("layer", TAR, Digest.of(TAR))
    index = read_layer(layer.open(), "layer", Reading()).index
    assert list(iter_contents(layer, index, [0])) == []


@pytest.mark.parametrize("packing", [Packing.NONE, Packing.GZIP, Packing.ZSTD, Packing.XZ, Packing.BZIP2])
def test_a_cut_layer_says_which_file_is_missing(packing: Packing) -> None:
    """Content that is not there any more is damage, with the file and the layer."""
    whole = compress(TAR, packing)
    index = read_layer(io.BytesIO(whole), "layer", Reading()).index
    layer = MemoryLayer("layer", whole[: len(whole) // 2], Digest.of(TAR))
    with pytest.raises(LayerDamageError, match=r"reading 'd/n+39' of layer layer"):
        [b"".join(pieces) for _, pieces in iter_contents(layer, index, [40])]


@pytest.mark.parametrize("style", list(Sparse))
def test_sparse_files_come_with_their_holes(style: Sparse) -> None:
    """A file stored without its holes is given out whole, and the file after it too."""
    member = sparse_file("disk", ((512, b"x" * 512), (4096, b"y" * 700)), 9000, style)
    tar = write_tar([member, file("after", b"z" * 10)], dialect=GNU if style is Sparse.OLD_GNU else PAX)
    layer = MemoryLayer("layer", tar, Digest.of(tar))
    index = read_layer(layer.open(), "layer", Reading()).index
    found = [b"".join(pieces) for _, pieces in iter_contents(layer, index, [0, 1])]
    assert found == [member.content, b"z" * 10]


def test_a_sparse_file_of_exabytes_is_refused() -> None:
    """A hole costs nothing to send; writing it out does."""
    records = {"GNU.sparse.size": str(1 << 60).encode(), "GNU.sparse.map": b"0,3"}
    tar = write_tar([file("huge", b"abc", records=records)])
    layer = MemoryLayer("layer", tar, Digest.of(tar))
    index = read_layer(layer.open(), "layer", Reading()).index
    with pytest.raises(LayerDamageError, match="limit"):
        list(iter_contents(layer, index, [0]))
