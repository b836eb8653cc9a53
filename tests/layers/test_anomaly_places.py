"""Each anomaly is told with the place of the header that it is about, of an entry's headers the first."""

import pytest

from layerscope.layers import anomaly
from layerscope.layers.extractor_set import ExtractorSet
from layerscope.layers.limits import Limits
from layerscope.layers.tar_scanner import TarScanner
from support.tar_header import GNU, PAX, Dialect
from support.tar_member import (
    Sparse,
    TarMember,
    directory,
    file,
    hardlink,
    sparse_file,
    symlink,
    whiteout,
)
from support.tar_writer import write_global_header, write_tar

BEFORE = [directory("d"), file("d/f", b"content" * 200), symlink("s", "nowhere")]
HOLES = sparse_file("d/f", ((0, b"a" * 600), (2000, b"b" * 48)), 4000, Sparse.PAX_10)
LONG = "n" * 120
AT_ROOT = "../" * 40


def find_places(content: bytes, *, chunk: int = 1 << 20) -> dict[str, list[int]]:
    """Where anomalies of each kind lie."""
    scanner = TarScanner((content[at : at + chunk] for at in range(0, len(content), chunk)), ExtractorSet(()), Limits())
    scanner.run()
    found: dict[str, list[int]] = {}
    for each in scanner.index().anomalies:
        found.setdefault(each.kind, []).append(each.offset)
    return found


CASES: dict[str, tuple[str, TarMember]] = {
    "path twice": (anomaly.DUPLICATE_ENTRY, file("d/f", b"other")),
    "path twice, with a record": (anomaly.DUPLICATE_ENTRY, file("d/f", b"other", xattrs={"user.a": b"v"})),
    "path twice, with holes": (anomaly.DUPLICATE_ENTRY, HOLES),
    "path twice, behind a slash": (anomaly.RESPELLED_DUPLICATE, file("/d/f")),
    "path twice, high above the root": (anomaly.RESPELLED_DUPLICATE, file(f"{AT_ROOT}d/f")),
    "late whiteout": (anomaly.LATE_WHITEOUT, whiteout("d/f")),
    "dangling hard link": (anomaly.DANGLING_HARDLINK, hardlink("h", "no/where")),
    "dangling hard link of a long name": (anomaly.DANGLING_HARDLINK, hardlink(LONG, LONG * 2)),
    "below a file": (anomaly.BELOW_NO_DIRECTORY, file("d/f/x", b"x")),
    "below a symlink": (anomaly.BELOW_SYMLINK, file("s/x")),
    "unknown type": (anomaly.UNKNOWN_TYPE, file("z", fields={"typeflag": b"Z"})),
    "bad number with a record": (anomaly.BAD_NUMBER, file(LONG, fields={"mode": b"zzzzzzz\0"})),
    "time beyond all": (anomaly.EXCESSIVE_NUMBER, file("t", records={"mtime": b"9223372036854775"})),
}


IN_DIALECTS = [(name, PAX) for name in CASES] + [
    (name, GNU) for name, (_, member) in CASES.items() if not (member.xattrs or member.records or member.sparse)
]
"""The cases in each dialect that can hold them: GNU's has no records."""


@pytest.mark.parametrize("chunk", [512, 1 << 20])
@pytest.mark.parametrize(("name", "dialect"), IN_DIALECTS)
def test_an_entry_lies_where_its_first_header_begins(name: str, dialect: Dialect, chunk: int) -> None:
    """Whoever opens the tar there sees it, and not only its content."""
    kind, member = CASES[name]
    before = write_tar(BEFORE, dialect=dialect, trailer=False)
    content = before + write_tar([member, file("last")], dialect=dialect)
    assert find_places(content, chunk=chunk)[kind] == [len(before)]


def test_a_header_without_an_entry_lies_where_it_begins() -> None:
    """The trailer or a global header that comes instead of the entry is elsewhere."""
    before, long = write_tar(BEFORE, trailer=False), write_tar([file(LONG)], trailer=False)[:1024]
    for rest in (write_tar([]), write_global_header({"comment": b"x"}) + write_tar([])):
        assert find_places(before + long + rest)[anomaly.ORPHAN_EXTENDED_HEADER] == [len(before)]


def test_a_lone_zero_block_lies_where_it_is() -> None:
    """And not where the second one is missing."""
    before = write_tar(BEFORE, trailer=False)
    assert find_places(before + bytes(512) + write_tar([file("a")]))[anomaly.LONE_ZERO_BLOCK] == [len(before)]
