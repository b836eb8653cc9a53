"""The tar writer of the tests, held to what the standard library and GNU tar read."""

import io
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from support.tar_writer import (
    DIALECTS,
    GNU,
    GNU_ALWAYS,
    PAX,
    USTAR,
    V7,
    CannotHoldError,
    Dialect,
    Sparse,
    TarMember,
    can_hold,
    device,
    directory,
    file,
    hardlink,
    opaque,
    sparse_file,
    symlink,
    whiteout,
    write_tar,
)

LONG = "/".join(["a-rather-long-directory-name"] * 12)


def read_back(archive: bytes) -> list[tarfile.TarInfo]:
    """The members as the standard library sees them."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:", encoding="utf-8", errors="surrogateescape") as opened:
        return opened.getmembers()


@pytest.mark.parametrize("dialect", DIALECTS, ids=str)
def test_every_dialect_keeps_names_contents_and_owners(dialect: Dialect) -> None:
    """A file with plain attributes reads back the same from every dialect."""
    member = file("etc/motd", b"hello", mode=0o640, uid=1000, gid=50, mtime_ns=1_700_000_000 * 10**9)
    (read,) = read_back(write_tar([member], dialect=dialect))
    assert (read.name, read.size, read.mode, read.uid, read.gid) == ("etc/motd", 5, 0o640, 1000, 50)
    assert read.mtime == 1_700_000_000
    assert read.isreg()


@pytest.mark.parametrize("dialect", DIALECTS, ids=str)
def test_every_dialect_keeps_directories_and_links(dialect: Dialect) -> None:
    """Directories, symbolic and hard links read back as what they are."""
    members = [directory("etc"), symlink("etc/a", "../b"), hardlink("etc/c", "etc/d")]
    read = read_back(write_tar(members, dialect=dialect))
    assert [(entry.name, entry.linkname) for entry in read] == [("etc", ""), ("etc/a", "../b"), ("etc/c", "etc/d")]
    assert read[0].isdir()
    assert read[1].issym()
    assert read[2].islnk()


@pytest.mark.parametrize("dialect", [PAX, GNU], ids=str)
def test_long_names_and_targets_survive(dialect: Dialect) -> None:
    """Names beyond the header's fields go to the dialect's extension."""
    (read,) = read_back(write_tar([symlink(LONG + "/link", LONG)], dialect=dialect))
    assert (read.name, read.linkname) == (LONG + "/link", LONG)


def test_ustar_cuts_long_names_at_a_slash() -> None:
    """Prefix and name together make the path again."""
    (read,) = read_back(write_tar([file(LONG[:180] + "/file")], dialect=USTAR))
    assert read.name == LONG[:180] + "/file"


@pytest.mark.parametrize("number", [8**7, 2**40, -1])
def test_gnu_writes_large_and_negative_numbers_in_base_256(number: int) -> None:
    """Numbers that octal cannot hold keep their value."""
    (read,) = read_back(write_tar([file("a", uid=number)], dialect=GNU))
    assert read.uid == number


def test_gnu_always_writes_base_256_and_long_names() -> None:
    """The extension is used where the header would do, too."""
    archive = write_tar([file("a", b"x", uid=7)], dialect=GNU_ALWAYS)
    (read,) = read_back(archive)
    assert (read.name, read.uid, read.size) == ("a", 7, 1)
    assert b"././@LongLink" in archive


def test_pax_keeps_nanoseconds_and_attributes() -> None:
    """Times and extended attributes become records."""
    member = file("a", mtime_ns=1_500_000_001, xattrs={"user.raw": b"\x00\xff"})
    (read,) = read_back(write_tar([member], dialect=PAX))
    assert read.pax_headers["mtime"] == "1.500000001"
    assert read.pax_headers["SCHILY.xattr.user.raw"].encode("utf-8", "surrogateescape") == b"\x00\xff"


def test_names_that_are_not_utf8_keep_their_bytes() -> None:
    """Lone surrogates are written as the bytes they stand for."""
    (read,) = read_back(write_tar([file("bad-\udcff")], dialect=GNU))
    assert read.name == "bad-\udcff"


def test_devices_keep_their_numbers() -> None:
    """Major and minor numbers read back."""
    (read,) = read_back(write_tar([device("dev/null", 1, 3)], dialect=USTAR))
    assert (read.devmajor, read.devminor, read.ischr()) == (1, 3, True)


def test_whiteouts_are_named_after_what_they_remove() -> None:
    """The marker stands in front of the last part of the path."""
    assert [member.name for member in (whiteout("a/b"), whiteout("b"), opaque("a"), opaque(""))] == [
        "a/.wh.b",
        ".wh.b",
        "a/.wh..wh..opq",
        ".wh..wh..opq",
    ]


@pytest.mark.parametrize(("segments", "size"), [(((4096, b"middle"),), 20000), ((), 9000), (((0, b"x" * 30),), 30)])
@pytest.mark.parametrize("sparse", Sparse)
def test_sparse_files_are_whole_again_for_the_standard_library(
    sparse: Sparse, segments: tuple[tuple[int, bytes], ...], size: int
) -> None:
    """Every sparse format reads back with its holes filled."""
    member = sparse_file("dir/holes", segments, size, sparse)
    archive = write_tar([member, file("after", b"end")], dialect=GNU if sparse is Sparse.OLD_GNU else PAX)
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        stored = opened.extractfile("dir/holes")
        following = opened.extractfile("after")
        assert stored is not None
        assert following is not None
        assert stored.read() == member.content
        assert following.read() == b"end"


@pytest.mark.parametrize("sparse", Sparse)
def test_sparse_files_with_many_segments_are_whole_again_for_gnu_tar(sparse: Sparse, tmp_path: Path) -> None:
    """Sixty segments, which GNU tar cuts at whole blocks, need extension blocks or long records."""
    segments = tuple((number * 8192, bytes([65 + number % 26]) * 1024) for number in range(60))
    member = sparse_file("holes", segments, 60 * 8192 + 5, sparse)
    archive = write_tar([member], dialect=GNU if sparse is Sparse.OLD_GNU else PAX)
    (tmp_path / "a.tar").write_bytes(archive)
    subprocess.run(["tar", "-xf", "a.tar"], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "holes").read_bytes() == member.content


def test_global_records_hold_for_later_members() -> None:
    """A global header's record fills in what members do not say."""
    (read,) = read_back(write_tar([file("a")], global_records={"gname": b"staff"}))
    assert read.pax_headers["gname"] == "staff"


def test_raw_fields_replace_what_would_have_been_written() -> None:
    """A member may claim a size that it does not have."""
    (read,) = read_back(write_tar([file("a", fields={"size": b"00000000000\0"})], dialect=USTAR))
    assert read.size == 0


def test_a_trailer_ends_the_archive_unless_left_out() -> None:
    """Two zero blocks stand at the end, and nothing when told so."""
    assert write_tar([file("a")]).endswith(bytes(1024))
    assert len(write_tar([file("a")], trailer=False)) == 512
    assert len(write_tar([file("a")], padded=True)) == 10240


@pytest.mark.parametrize(
    "member",
    [file(LONG), device("d", 1, 3), file("a", xattrs={"user.a": b""}), file("a", uid=2**40), file("a", mtime_ns=-1)],
)
def test_v7_refuses_what_it_cannot_hold(member: TarMember) -> None:
    """What a dialect cannot say is an error, never a silent change."""
    assert not can_hold(member, V7)
    with pytest.raises(CannotHoldError):
        write_tar([member], dialect=V7)


def test_the_same_members_give_the_same_bytes() -> None:
    """Nothing of the host, such as clock or user, enters the archive."""
    members = [file("a", b"1", xattrs={"user.b": b"2", "user.a": b"1"}), directory("b")]
    swapped = [replace(members[0], xattrs={"user.a": b"1", "user.b": b"2"}), directory("b")]
    assert write_tar(members) == write_tar(swapped)
