"""The ceiling on a layer's entries is met by whatever its headers are, and by one more than it allows."""

from collections.abc import Callable, Iterator

import pytest

from layerscope.layers.cache_record import decode_record, encode_record
from layerscope.layers.extractor_set import ExtractorSet
from layerscope.layers.index import LayerIndex
from layerscope.layers.limits import Limits
from layerscope.layers.scan import Damage, DamageKind
from layerscope.layers.tar_scanner import TarScanner
from support.tar_header import GNU
from support.tar_member import directory, file, symlink, whiteout
from support.tar_writer import write_global_header, write_tar

LONG = "n" * 120
"""A name that needs an extended header."""
GLOBAL = write_global_header({"comment": b"x"})


def scan(content: bytes, most: int, chunk: int = 1 << 20) -> tuple[LayerIndex, Damage | None]:
    """The index and the damage of a tar that may have so many entries."""
    chunks: Iterator[bytes] = (content[start : start + chunk] for start in range(0, len(content), chunk))
    scanner = TarScanner(chunks, ExtractorSet(()), Limits(layer_entries=most))
    damage = scanner.run()
    return scanner.index(), damage


WRITERS: dict[str, Callable[[int], bytes]] = {
    "plain files": lambda count: write_tar([file(f"f{number}") for number in range(count)]),
    "plain files with content": lambda count: write_tar([file(f"f{number}", b"x" * 700) for number in range(count)]),
    "plain directories": lambda count: write_tar([directory(f"d{number}") for number in range(count)]),
    "symlinks": lambda count: write_tar([symlink(f"l{number}", "x") for number in range(count)]),
    "whiteouts": lambda count: write_tar([whiteout(f"w{number}") for number in range(count)]),
    "long names": lambda count: write_tar([file(f"{LONG}{number}") for number in range(count)]),
    "long names of GNU": lambda count: write_tar([file(f"{LONG}{number}") for number in range(count)], dialect=GNU),
    "plain files and others": lambda count: write_tar(
        [file(f"f{number}") if number % 3 else file(f"{LONG}{number}") for number in range(count)]
    ),
}


@pytest.mark.parametrize("chunk", [512, 5000, 1 << 20])
@pytest.mark.parametrize("kind", WRITERS)
def test_as_many_entries_as_are_allowed_are_read_and_no_more(kind: str, chunk: int) -> None:
    """Also where nothing but plain headers stands between the start of a chunk and the end of the layer."""
    for count in (1, 9, 20):
        content = WRITERS[kind](count)
        index, damage = scan(content, count, chunk)
        assert (len(index), index.unused, damage) == (count, 0, None)
        index, damage = scan(content, count - 1, chunk)
        assert damage is not None
        assert damage.kind is DamageKind.LIMIT
        assert damage.detail == f"more than {count - 1} entries, the limit for one layer (--max-layer-entries)"
        assert len(index) == count


@pytest.mark.parametrize(
    ("flood", "count"),
    [
        (GLOBAL * 8, 8),
        (write_tar([file(LONG)], trailer=False)[:1024] * 9, 8),
        (write_tar([file(LONG)], trailer=False)[:1024] + GLOBAL * 7, 8),
        (write_tar([file("z", fields={"typeflag": b"Z"})] * 8, trailer=False), 8),
        (write_tar([file("x/" * 2100 + "x")] * 8, trailer=False), 8),
    ],
    ids=[
        "global headers",
        "headers of one member",
        "headers that a global one drops",
        "unknown types",
        "endless names",
    ],
)
def test_headers_that_bring_no_entry_count_as_well(flood: bytes, count: int) -> None:
    """A layer can be nothing but headers, each of which takes as long as an entry."""
    content = flood + write_tar([file("a"), file("b")])
    index, damage = scan(content, count + 2)
    assert (damage, index.unused) == (None, count)
    assert decode_record(encode_record(index, {}))[0].unused == count
    _, damage = scan(content, count + 1)
    assert damage is not None
    assert damage.detail == (
        f"more than {count + 1} entries and headers without one, the limit for one layer (--max-layer-entries)"
    )
