"""A layer written member by member is read back as it was meant."""

import io
import os
import tarfile
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.image.digest import Digest
from layerscope.layers.entry import EntryType
from layerscope.sources.file_range import FileSlice
from layerscope.sources.layer_spool import (
    CHARACTER,
    DIRECTORY,
    FILE,
    HARDLINK,
    SYMLINK,
    LayerSpool,
    NewMember,
    render_member,
)
from support.archives import drain
from support.indexes import index_of_tar

LONG = "/".join(["n" * 80] * 4)
names = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=150).filter(
    lambda name: name not in {".", ".."} and not name.startswith(".wh.")
)
numbers = st.integers(0, (1 << 32) - 2)


def spell(*members: NewMember, content: bytes = b"") -> bytes:
    """The tar of some members, the last of which has this content."""
    with LayerSpool(None, where="a test") as spool:
        for member in members:
            spool.add(member)
        spool.write(content)
        spool.pad()
        layer = spool.finish("own")
        stored = drain(layer.open(), 1 << 20)
        assert layer.diff_id == Digest.of(stored)
        assert layer.stored_size == len(stored)
        return stored


@given(name=names, uid=numbers, gid=numbers, mtime=st.integers(-(1 << 62), 1 << 62), xattr=st.binary(max_size=40))
def test_a_member_is_read_as_it_was_written(name: str, uid: int, gid: int, mtime: int, xattr: bytes) -> None:
    """Any name, owner and time, by our reader; what does not fit a plain header is told before it."""
    path = f"d/{name}"
    member = NewMember(path.encode(), FILE, 0o4755, uid, gid, 3, mtime, xattrs={"user.a": xattr})
    index = index_of_tar(spell(member, content=b"abc"))
    assert list(index.paths) == [path]
    assert (index.sizes[0], index.mtimes_ns[0]) == (3, mtime)
    assert index.attribute(0) == (0o4755, uid, gid)
    assert index.xattrs[0] == {"user.a": xattr}


def test_links_devices_and_folders_are_what_they_are() -> None:
    """By Python's reader as well."""
    members = (
        NewMember(b"dir", DIRECTORY, 0o700),
        NewMember(LONG.encode(), SYMLINK, link=LONG.encode()),
        NewMember(b"first", FILE),
        NewMember(b"second", HARDLINK, link=b"first"),
        NewMember(b"null", CHARACTER, 0o666, device=(1, 3)),
    )
    stored = spell(*members)
    index = index_of_tar(stored)
    kinds = [EntryType(index.types[number]) for number in range(5)]
    assert kinds == [
        EntryType.DIRECTORY,
        EntryType.SYMLINK,
        EntryType.FILE,
        EntryType.HARDLINK,
        EntryType.CHARACTER_DEVICE,
    ]
    with tarfile.open(fileobj=io.BytesIO(stored)) as archive:
        told = [(each.name, each.linkname) for each in archive.getmembers()]
        assert told == [("dir", ""), (LONG, LONG), ("first", ""), ("second", "first"), ("null", "")]
        assert (archive.getmember("null").devmajor, archive.getmember("null").devminor) == (1, 3)


def test_a_whiteout_says_that_a_path_is_gone() -> None:
    """In its folder."""
    with LayerSpool(None, where="a test") as spool:
        spool.add_whiteout("etc/gone")
        index = index_of_tar(drain(spool.finish("own").open(), 1 << 20))
    assert [(path, EntryType(index.types[n])) for n, path in enumerate(index.paths)] == [
        ("etc/gone", EntryType.WHITEOUT)
    ]


def test_a_sparse_file_takes_no_room() -> None:
    """A container may have one that is larger than the disk; what is read back is all of it."""
    with LayerSpool(None, where="a test") as spool:
        spool.add(replace(NewMember(b"large", FILE), size=64 << 20))
        for _ in range(64):
            spool.write(bytes(1 << 20))
        layer = spool.finish("own")
    assert layer.stored is not None
    stored = drain(layer.open(), 1 << 20)
    assert layer.diff_id == Digest.of(stored)
    assert index_of_tar(stored).sizes[0] == 64 << 20
    assert isinstance(layer.stored, FileSlice)
    descriptor = layer.stored.file.open_descriptor()
    assert os.fstat(descriptor).st_blocks * 512 < 1 << 20
    os.close(descriptor)


@pytest.mark.parametrize("size", [0, 1 << 33, 1 << 39])
def test_a_size_that_fits_no_header_is_told_before_it(size: int) -> None:
    """As every reader of pax understands it."""
    head = render_member(replace(NewMember(b"large", FILE), size=size))
    with tarfile.open(fileobj=io.BytesIO(head), ignore_zeros=True) as archive:
        member = archive.next()
    assert member is not None
    assert member.size == size
