"""A tar with members left out: what stays is the same to the byte, in every dialect and however it arrives."""

import io
import tarfile
from collections.abc import Iterator, Sequence

import pytest

from layerscope.fixes.surgery.cuts import Attributes, LayerCuts
from layerscope.fixes.surgery.tar_editor import edit_tar
from layerscope.layers.block_reader import TruncatedError
from layerscope.layers.limits import MAX_EXTENDED_HEADER
from layerscope.layers.tar_header import HeaderError
from support.edited_layers import list_names
from support.indexes import index_of_tar
from support.tar_header import DIALECTS, GNU, PAX, Dialect, octal
from support.tar_member import Sparse, TarMember, device, directory, fifo, file, hardlink, sparse_file, symlink
from support.tar_writer import TRAILER, CannotHoldError, write_global_header, write_member

LONG = "folder/" + "n" * 200
GIVEN = Attributes(0o640, 7, 8, 0)
SEGMENTS = ((0, b"head" * 128), (4096, b"tail" * 128))
MANY_SEGMENTS = tuple((number * 4096, b"x" * 512) for number in range(40))
TABLE = "stargz.index.json"


def edit(tar: bytes, cuts: LayerCuts, *, piece: int | None = None) -> bytes:
    """The edited tar; it arrives in pieces of that size."""
    return b"".join(edit_tar(split(tar, piece or len(tar)), index_of_tar(tar), cuts))


def split(content: bytes, size: int) -> Iterator[bytes]:
    """The content in pieces."""
    return (content[start : start + size] for start in range(0, len(content), size))


def drop(*positions: int) -> LayerCuts:
    """Cuts that leave these entries out."""
    return LayerCuts(frozenset(positions))


def write(members: Sequence[TarMember], dialect: Dialect = PAX) -> bytes:
    """The members and the trailer, with nothing that fills up records of blocks."""
    return b"".join(write_member(member, dialect) for member in members) + TRAILER


def read_content(tar: bytes, name: str) -> bytes:
    """A file's content, as Python reads it."""
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        file = archive.extractfile(name)
        assert file is not None
        return file.read()


def list_members(dialect: Dialect) -> list[TarMember]:
    """One member of each kind that the dialect can write."""
    wanted = [
        directory("d"),
        file("d/x", b"content"),
        file(LONG, b"long"),
        file("empty"),
        hardlink("link", "d/x"),
        symlink("soft", "x" * 150),
        device("null", 1, 3),
        fifo("pipe"),
        file("large", bytes(3000), uid=3_000_000),
        file("xattrs", b"1", xattrs={"user.k": b"\0\n"}),
    ]
    found = []
    for member in wanted:
        try:
            write_member(member, dialect)
        except CannotHoldError:
            continue
        found.append(member)
    return found


@pytest.mark.parametrize("dialect", DIALECTS, ids=str)
@pytest.mark.parametrize("piece", [None, 512, 700, 1])
def test_each_member_can_go_and_the_others_stay_as_they_were(dialect: Dialect, piece: int | None) -> None:
    """Headers for long names and records go with their member."""
    members = list_members(dialect)
    assert len(members) >= 4
    tar = write(members, dialect)
    for position in range(len(members)):
        rest = members[:position] + members[position + 1 :]
        assert edit(tar, drop(position), piece=piece) == write(rest, dialect)


@pytest.mark.parametrize("dialect", DIALECTS, ids=str)
def test_several_go_at_once(dialect: Dialect) -> None:
    """The first, the last, and neighbours."""
    members = list_members(dialect)
    last = len(members) - 1
    assert edit(write(members, dialect), drop(0, 1, last)) == write(members[2:last], dialect)


@pytest.mark.parametrize("segments", [SEGMENTS, MANY_SEGMENTS], ids=["few", "many"])
@pytest.mark.parametrize("sparse", Sparse)
def test_files_with_holes_stay_and_go(sparse: Sparse, segments: tuple[tuple[int, bytes], ...]) -> None:
    """Their maps are in the header, in blocks behind it, in records, or before the content."""
    dialect = GNU if sparse is Sparse.OLD_GNU else PAX
    holed = sparse_file("holed", segments, segments[-1][0] + 512, sparse)
    members = [file("a", b"1"), holed, file("b", b"2")]
    tar = write(members, dialect)
    assert edit(tar, drop(1)) == write([members[0], members[2]], dialect)
    assert edit(tar, drop(0)) == write(members[1:], dialect)
    assert edit(tar, drop(2), piece=512) == write(members[:2], dialect)
    changed = edit(tar, LayerCuts(given={2: GIVEN}))
    assert index_of_tar(changed).paths == ["a", "holed", "b"]
    assert read_content(changed, "holed") == holed.content


def test_a_global_header_stays_whatever_goes() -> None:
    """It belongs to no member, and says of the archive where it came from."""
    front = write_global_header({"comment": b"a commit"})
    members = [write_member(file(name, b"1")) for name in "ab"]
    tar = front + b"".join(members) + TRAILER
    assert edit(tar, drop(0)) == front + members[1] + TRAILER
    changed = edit(tar, LayerCuts(given={0: GIVEN}))
    assert changed.startswith(front)
    assert list_names(changed) == ["a", "b"]


@pytest.mark.parametrize("end", [b"", bytes(512)], ids=["none", "half"])
def test_a_missing_trailer_is_written(end: bytes) -> None:
    """Some tools leave it out, or write one block of it."""
    members = [write_member(file(name, b"1")) for name in "ab"]
    assert edit(b"".join(members) + end, drop(0)) == members[1] + TRAILER


def test_what_follows_the_trailer_is_left_out() -> None:
    """No runtime reads it."""
    tar = write([file("a"), file("b")])
    assert edit(tar + b"whatever" * 1000, drop(0)) == write([file("b")])
    assert edit(tar + bytes(10_240), drop(0)) == write([file("b")])


def test_a_table_of_contents_is_left_out() -> None:
    """It would tell of members that are gone, at offsets that are no longer true."""
    members = [file("a", b"1"), file("b", b"2"), file(TABLE, b"{}")]
    tar = write(members)
    assert edit(tar, drop(0)) == write([members[1]])


def test_directories_that_get_an_entry_stand_first() -> None:
    """In order, each before what lies in it."""
    tar = write([file("d/e/x"), file("a")])
    edited = edit(tar, LayerCuts(frozenset({0}), named={"d/e": 1, "d": 1}))
    assert list_names(edited) == ["d", "d/e", "a"]


def test_a_size_in_a_record_is_heeded() -> None:
    """The header's own field says another one."""
    liar = file("a", b"x" * 700, records={"size": b"700"}, fields={"size": octal(0, "size")})
    rest = write_member(file("b", b"2"))
    tar = write_member(liar) + rest + TRAILER
    assert edit(tar, drop(1)) == write_member(liar) + TRAILER
    assert edit(tar, drop(0)) == rest + TRAILER


def test_links_and_directories_have_no_content_whatever_they_say() -> None:
    """A size in their headers counts for nothing, as in Go."""
    size = {"size": octal(600, "size")}
    members = [symlink("l", "a", fields=size), hardlink("h", "a", fields=size), directory("d", fields=size), file("a")]
    tar = write([members[3], *members[:3], file("b")])
    assert edit(tar, drop(0)) == write([*members[:3], file("b")])


def test_a_name_of_bytes_that_are_no_text_stays() -> None:
    """It passes by as it is."""
    members = [file("a"), file("caf\udce9", b"1")]
    assert edit(write(members), drop(0)) == write(members[1:])


def test_a_tar_cut_off_in_a_file_is_no_whole_one() -> None:
    """It was, when it was read first."""
    tar = write([file("a"), file("b", bytes(5000))])
    index = index_of_tar(tar)
    with pytest.raises(TruncatedError):
        list(edit_tar(iter([tar[:2000]]), index, drop(0)))


def test_a_tar_without_what_is_meant_has_changed() -> None:
    """The member that was to go is not met."""
    index = index_of_tar(write([file("a", b"1"), file("b", b"2")]))
    with pytest.raises(HeaderError, match="before 1 of its entries, which changed"):
        list(edit_tar(iter([write([file("a", b"1")])]), index, drop(1)))


def test_an_extended_header_has_a_ceiling() -> None:
    """It would have to be held in memory."""
    header = write_member(file("a", records={"k": b"v"}))[:512]
    start, length = 124, 12
    large = header[:start] + octal(MAX_EXTENDED_HEADER + 1, "size").ljust(length, b"\0") + header[start + length :]
    seal = sum(large[:148] + b" " * 8 + large[156:])
    large = large[:148] + b"%06o\0 " % seal + large[156:]
    with pytest.raises(HeaderError, match="limit"):
        list(edit_tar(iter([large]), index_of_tar(write([file("a")])), drop(0)))


def test_large_files_pass_by_in_pieces() -> None:
    """Never is more of a layer in memory than the pieces that came."""
    tar = write([file("a"), file("b", bytes(4 << 20))])
    pieces = [len(piece) for piece in edit_tar(split(tar, 1 << 20), index_of_tar(tar), drop(0))]
    assert max(pieces) <= 1 << 20
    assert sum(pieces) == len(tar) - 512


def test_headers_without_end_are_refused() -> None:
    """Many small ones would fill memory, and take their time."""
    headers = write_global_header({"comment": b"x" * 900_000})
    tar = headers * 20 + write([file("a"), file("b")])
    with pytest.raises(HeaderError, match="bytes of extended headers before one entry"):
        edit(tar, drop(0))


def test_what_a_global_header_drops_belongs_to_nobody() -> None:
    """It stays where it was, as the member behind does, whose name is its own."""
    orphan = write_member(file(LONG))[: -len(write_member(file("x")))]
    tar = orphan + write_global_header({"comment": b"x"}) + write([file("a", b"1"), file("b", b"2")])
    assert edit(tar, drop(1)) == tar[: -len(write([file("b", b"2")]))] + TRAILER
    assert index_of_tar(edit(tar, drop(0))).paths == ["b"]


@pytest.mark.parametrize(("dialect", "prefix"), [(GNU, b"etc"), (PAX, b"etc")])
def test_a_prefix_is_no_part_of_a_new_name(dialect: Dialect, prefix: bytes) -> None:
    """Neither is that of Go's writers before Go 1.8, which stands in the place of GNU's times."""
    tar = write([file("a", b"1", fields={"prefix": prefix})], dialect)
    assert index_of_tar(edit(tar, LayerCuts(names={0: "usr/b"}))).paths == ["usr/b"]
