"""Layers that runtimes refuse for the order of their entries or for one of them, and their neighbours, which they take.

Each lies on `LOWER`, of which a runtime sees nothing while it unpacks the layer above.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from layerscope.layers import anomaly
from support.tar_header import GNU, PAX
from support.tar_member import (
    Sparse,
    TarMember,
    device,
    directory,
    fifo,
    file,
    hardlink,
    opaque,
    sparse_file,
    symlink,
    whiteout,
)
from support.tar_writer import write_tar

Members = Sequence[TarMember]

_RESPELLED: Final = frozenset({anomaly.RESPELLED_DUPLICATE, anomaly.ESCAPING_NAME})

LOWER: Final = (directory("etc"), file("etc/base", b"base"), directory("a"), file("a/low", b"low"))

SAME_NAME_CASES: Final[Mapping[str, tuple[str, Members]]] = {
    "one name with a parent": (anomaly.DUPLICATE_ENTRY, [file("q/../l"), file("l")]),
    "one name from the root": (anomaly.DUPLICATE_ENTRY, [file("/l"), file("/../l")]),
    "one name above the root": (anomaly.DUPLICATE_ENTRY, [file("../l"), file("./../l")]),
    "one name that climbs twice": (anomaly.DUPLICATE_ENTRY, [file("q/../../../l"), file("../../l")]),
    "one directory above the root": (anomaly.DUPLICATE_ENTRY, [directory("../d"), directory("q/../../d")]),
    "one opaque whiteout above the root": (anomaly.DUPLICATE_ENTRY, [opaque("../a"), opaque("q/../../a")]),
    "root above itself twice": (anomaly.DUPLICATE_ENTRY, [directory("../"), directory("q/../../")]),
}
"""Names that are one once they are cleaned: Docker's overlay2 and podman refuse them, containerd does not."""

OTHER_NAME_CASES: Final[Mapping[str, tuple[frozenset[str], Members]]] = {
    "name and one above the root": (_RESPELLED, [file("l"), file("../l")]),
    "name and one above the root behind a directory": (_RESPELLED, [file("q/../../l"), file("l")]),
    "names that climb once and twice": (_RESPELLED, [file("../l"), file("../../l")]),
    "name from the root and one above it": (_RESPELLED | {anomaly.ABSOLUTE_NAME}, [file("/l"), file("../l")]),
    "directory and one above the root": (_RESPELLED, [directory("d"), directory("../d")]),
    "opaque whiteout and one above the root": (_RESPELLED, [opaque("a"), opaque("../a")]),
    "root by three names": (
        _RESPELLED | {anomaly.ABSOLUTE_NAME},
        [directory("./"), directory("../"), directory("/")],
    ),
}
"""Names of one path that stay different when they are cleaned: they are all taken."""

REFUSED_CASES: Final[Mapping[str, tuple[str, Members]]] = {
    "hard link to nothing": (anomaly.DANGLING_HARDLINK, [hardlink("h", "no/where")]),
    "hard link before its target": (anomaly.DANGLING_HARDLINK, [hardlink("h", "t"), file("t", b"t")]),
    "hard link to itself": (anomaly.DANGLING_HARDLINK, [hardlink("h", "h")]),
    "hard link in the place of its target": (anomaly.DANGLING_HARDLINK, [file("h", b"h"), hardlink("/h", "h")]),
    "hard link to a directory": (anomaly.DANGLING_HARDLINK, [directory("d"), hardlink("h", "d")]),
    "hard link to a directory without an entry": (anomaly.DANGLING_HARDLINK, [file("d/x"), hardlink("h", "d")]),
    "hard link to what a directory replaced": (
        anomaly.DANGLING_HARDLINK,
        [file("t"), directory("/t"), hardlink("h", "t")],
    ),
    "hard link to the root": (anomaly.DANGLING_HARDLINK, [hardlink("h", "/")]),
    "hard link to a lower file": (anomaly.DANGLING_HARDLINK, [directory("etc"), hardlink("etc/h", "etc/base")]),
    "hard link through a lower directory": (
        anomaly.DANGLING_HARDLINK,
        [symlink("lnk", "etc"), hardlink("h", "lnk/base")],
    ),
    "hard link to the name of a whiteout": (anomaly.DANGLING_HARDLINK, [whiteout("q"), hardlink("h", ".wh.q")]),
    "hard link through a symlink that comes later": (
        anomaly.DANGLING_HARDLINK,
        [directory("d"), file("d/t"), hardlink("h", "lnk/t"), symlink("lnk", "d")],
    ),
    "hard link through symlinks that lead round": (
        anomaly.DANGLING_HARDLINK,
        [symlink("r", "s"), symlink("s", "r"), hardlink("h", "r/t")],
    ),
    "hard link to what a symlink replaced": (
        anomaly.DANGLING_HARDLINK,
        [file("d/f"), symlink("d", "."), hardlink("h", "d/f")],
    ),
    "hard link below a symlink to nothing, to what is not there either": (
        anomaly.DANGLING_HARDLINK,
        [symlink("d", "m"), hardlink("d/b", "d/a")],
    ),
    "hard link in the place of its target's directory": (
        anomaly.DANGLING_HARDLINK,
        [file("d/f"), hardlink("d", "d/f")],
    ),
    "below a file": (anomaly.BELOW_NO_DIRECTORY, [file("t"), file("t/u")]),
    "deep below a file": (anomaly.BELOW_NO_DIRECTORY, [file("t"), directory("t/u/v")]),
    "file below a file, and its whiteout below the directory in that one's place": (
        anomaly.BELOW_NO_DIRECTORY,
        [file("f"), file("f/x"), directory("/f"), whiteout("f/x")],
    ),
    "below what the layer removes": (anomaly.BELOW_NO_DIRECTORY, [whiteout("a"), file("a/new")]),
    "below a file that came through a symlink": (
        anomaly.BELOW_NO_DIRECTORY,
        [directory("d"), symlink("lnk", "d"), file("lnk/f"), file("d/f/x")],
    ),
    "below a symlink to a file": (anomaly.BELOW_NO_DIRECTORY, [file("t"), symlink("lnk", "t"), file("lnk/x")]),
    "whiteout below a symlink to itself": (anomaly.BELOW_NO_DIRECTORY, [symlink("lnk", "lnk"), whiteout("lnk/x")]),
    "below a symlink to itself": (anomaly.BELOW_NO_DIRECTORY, [symlink("lnk", "lnk"), file("lnk/x")]),
    "whiteout after its file": (anomaly.LATE_WHITEOUT, [file("w"), whiteout("w")]),
    "whiteout after its directory": (anomaly.LATE_WHITEOUT, [directory("w"), file("w/x"), whiteout("w")]),
    "whiteout after what lies there": (anomaly.LATE_WHITEOUT, [file("w/x"), whiteout("w")]),
    "whiteout twice": (anomaly.LATE_WHITEOUT, [whiteout("a"), whiteout("a")]),
    "whiteout through a symlink after its file": (
        anomaly.LATE_WHITEOUT,
        [directory("d"), file("d/f"), symlink("lnk", "d"), whiteout("lnk/f")],
    ),
    "whiteout after its directory, through a symlink": (
        anomaly.LATE_WHITEOUT,
        [directory("d"), directory("d/sub"), symlink("lnk", "d"), whiteout("lnk/sub")],
    ),
    "whiteout after its file that came through a symlink": (
        anomaly.LATE_WHITEOUT,
        [directory("d"), symlink("lnk", "d"), file("lnk/f"), whiteout("d/f")],
    ),
    "whiteout twice, once through a symlink": (
        anomaly.LATE_WHITEOUT,
        [directory("d"), symlink("lnk", "d"), whiteout("lnk/f"), whiteout("d/f")],
    ),
    "opaque whiteout below a file": (anomaly.BELOW_NO_DIRECTORY, [file("t"), opaque("t/u")]),
    "opaque whiteout below what the layer removes": (anomaly.BELOW_NO_DIRECTORY, [whiteout("a"), opaque("a/sub")]),
    "opaque whiteout of a symlink below a file": (
        anomaly.BELOW_NO_DIRECTORY,
        [file("t"), symlink("lnk", "t/u"), opaque("lnk")],
    ),
    "opaque whiteout of a symlink to itself": (anomaly.BELOW_NO_DIRECTORY, [symlink("lnk", "lnk"), opaque("lnk")]),
    "directory, then a file for its parent": (anomaly.REPLACED_DIRECTORY, [directory("d/sub"), file("d")]),
    "directory, then a file for its named parent": (
        anomaly.REPLACED_DIRECTORY,
        [directory("d"), directory("d/sub"), file("/d")],
    ),
    "directory, then a file two above": (anomaly.REPLACED_DIRECTORY, [directory("d/sub/sub"), file("d")]),
    "directory, then a pipe for its parent": (anomaly.REPLACED_DIRECTORY, [directory("d/sub"), fifo("d")]),
    "directory, then a device for its parent": (anomaly.REPLACED_DIRECTORY, [directory("d/sub"), device("d", 1, 3)]),
    "directory, then a whiteout device for its parent": (
        anomaly.REPLACED_DIRECTORY,
        [directory("d/sub"), device("d", 0, 0)],
    ),
    "directory, then a hard link for its parent": (
        anomaly.REPLACED_DIRECTORY,
        [file("t"), directory("d/sub"), hardlink("d", "t")],
    ),
    "directory, then a symlink to nothing for its parent": (
        anomaly.REPLACED_DIRECTORY,
        [directory("d/sub"), symlink("d", "no/where")],
    ),
    "directory, then a symlink to a lower directory for its parent": (
        anomaly.REPLACED_DIRECTORY,
        [directory("d/low"), symlink("d", "a")],
    ),
    "directory, then a symlink to itself for its parent": (
        anomaly.REPLACED_DIRECTORY,
        [directory("d/sub"), symlink("d", "d")],
    ),
    "directory, then a symlink to nothing in its place": (
        anomaly.REPLACED_DIRECTORY,
        [directory("d"), symlink("/d", "no/where")],
    ),
    "directory, then a hard link to such a symlink in its place": (
        anomaly.REPLACED_DIRECTORY,
        [symlink("s", "no/where"), directory("d"), hardlink("/d", "s")],
    ),
    "directory whose parent goes and comes": (
        anomaly.REPLACED_DIRECTORY,
        [directory("d/sub"), file("d"), directory("/d")],
    ),
    "directory through a symlink that leads elsewhere later": (
        anomaly.REPLACED_DIRECTORY,
        [directory("d"), symlink("lnk", "d"), directory("lnk/sub"), symlink("/lnk", "no/where")],
    ),
    "directory through a symlink to what is replaced later": (
        anomaly.REPLACED_DIRECTORY,
        [directory("d"), symlink("lnk", "d"), directory("lnk/sub"), file("/d")],
    ),
    "whiteout of nothing": (anomaly.INVALID_WHITEOUT, [file("etc/.wh.")]),
    "contiguous file": (anomaly.UNKNOWN_TYPE, [file("seven", b"7", fields={"typeflag": b"7"})]),
    "unknown type": (anomaly.UNKNOWN_TYPE, [file("z", fields={"typeflag": b"Z"})]),
    "GNU's old sparse file": (anomaly.UNKNOWN_TYPE, [sparse_file("s", ((512, b"s" * 512),), 4096, Sparse.OLD_GNU)]),
    "mode that is no number": (anomaly.BAD_NUMBER, [file("m", fields={"mode": b"zzzzzzz\0"})]),
    "owner that is no number": (anomaly.BAD_NUMBER, [file("m", records={"uid": b"abc"})]),
    "time that is no number, and a record of another": (
        anomaly.BAD_NUMBER,
        [file("m", fields={"mtime": b"1x"}, records={"mtime": b"1"})],
    ),
    "time that is no number": (anomaly.BAD_NUMBER, [file("m", records={"atime": b"abc"})]),
    "sparse map without its count": (
        anomaly.INVALID_EXTENDED_HEADER,
        [file("s", b"abcd", records={"GNU.sparse.size": b"6", "GNU.sparse.map": b"2,4"})],
    ),
    "attribute without a name": (anomaly.UNSETTABLE_ATTRIBUTE, [file("x", xattrs={"": b"v"})]),
    "attribute that is a namespace": (anomaly.UNSETTABLE_ATTRIBUTE, [file("x", xattrs={"user.": b"v"})]),
    "attribute of a name too long": (anomaly.UNSETTABLE_ATTRIBUTE, [file("x", xattrs={"user." + "n" * 251: b"v"})]),
    "capabilities that are none": (
        anomaly.UNSETTABLE_ATTRIBUTE,
        [directory("x", xattrs={"security.capability": b"\0\0\0\1" + bytes(8)})],
    ),
    "access list that is none": (
        anomaly.UNSETTABLE_ATTRIBUTE,
        [file("x", xattrs={"system.posix_acl_access": b"v"})],
    ),
    "device of a pipe that is no number": (anomaly.BAD_NUMBER, [fifo("p", fields={"devmajor": b"x"})]),
    "device of a directory that is no number": (anomaly.BAD_NUMBER, [directory("p", fields={"devminor": b"8"})]),
    "device of a symlink that is no number": (anomaly.BAD_NUMBER, [symlink("p", "a", fields={"devmajor": b"x"})]),
    "symlink to an empty name": (anomaly.EMPTY_SYMLINK, [symlink("l", "")]),
}
"""What Docker's overlay2, containerd and podman refuse, with what it is."""

PARTLY_REFUSED_CASES: Final[Mapping[str, tuple[str, Members]]] = {
    "below a symlink to a lower directory": (anomaly.BELOW_SYMLINK, [symlink("lnk", "etc"), file("lnk/x")]),
    "below a symlink to nothing": (anomaly.BELOW_SYMLINK, [symlink("lnk", "no/where"), directory("lnk/sub")]),
    "below a symlink before its directory": (
        anomaly.BELOW_SYMLINK,
        [symlink("lnk", "d"), file("lnk/x"), directory("d")],
    ),
    "below a hard link to a symlink to nothing": (
        anomaly.BELOW_SYMLINK,
        [symlink("s", "nowhere"), hardlink("s2", "s"), file("s2/new")],
    ),
    "hard link below a symlink": (anomaly.BELOW_SYMLINK, [file("t"), symlink("lnk", "etc"), hardlink("lnk/h", "t")]),
    "opaque whiteout of a symlink to nothing": (anomaly.BELOW_SYMLINK, [symlink("lnk", "no/where"), opaque("lnk")]),
    "opaque whiteout of a symlink to a lower directory": (
        anomaly.BELOW_SYMLINK,
        [symlink("lnk", "etc"), opaque("lnk")],
    ),
    "opaque whiteout below a symlink to a lower directory": (
        anomaly.BELOW_SYMLINK,
        [symlink("lnk", "etc"), opaque("lnk/sub")],
    ),
    "opaque whiteout of a hard link to such a symlink": (
        anomaly.BELOW_SYMLINK,
        [symlink("s", "nowhere"), hardlink("s2", "s"), opaque("s2")],
    ),
    "whiteout below a symlink to a lower directory": (
        anomaly.BELOW_SYMLINK,
        [symlink("lnk", "etc"), whiteout("lnk/base")],
    ),
    "file in the place of the root": (anomaly.ROOT_NO_DIRECTORY, [file("..")]),
    "contiguous file in the place of the root": (
        anomaly.ROOT_NO_DIRECTORY,
        [file("/", fields={"typeflag": b"7"})],
    ),
    "file with the root's name, then the root": (anomaly.DUPLICATE_ENTRY, [file("./"), directory("./")]),
    "root, then a pipe with its name": (anomaly.DUPLICATE_ENTRY, [directory("./"), fifo("q/..")]),
    "file without a name, then the root": (anomaly.DUPLICATE_ENTRY, [file(""), directory("./")]),
    "file without a name twice": (anomaly.DUPLICATE_ENTRY, [file(""), file("")]),
    "file with the root's name twice": (anomaly.DUPLICATE_ENTRY, [file("./"), file(".")]),
    "trusted attribute that is a namespace": (anomaly.SKIPPED_ATTRIBUTE, [file("x", xattrs={"trusted.": b"v"})]),
    "whiteout twice, and its directory replaced between": (
        anomaly.DUPLICATE_ENTRY,
        [whiteout("f/x"), file("f"), directory("/f"), whiteout("f/x")],
    ),
    "file twice": (anomaly.DUPLICATE_ENTRY, [file("d", b"1"), file("./d", b"2")]),
    "directory twice": (anomaly.DUPLICATE_ENTRY, [directory("d"), directory("d")]),
    "opaque whiteout twice": (anomaly.DUPLICATE_ENTRY, [opaque("a"), opaque("a")]),
    **SAME_NAME_CASES,
}
"""What Docker's overlay2 and podman refuse, and containerd takes."""

REFUSED_BY_CONTAINERD_CASES: Final[Mapping[str, tuple[str, Members]]] = {
    "opaque whiteout of a file": (anomaly.OPAQUE_NO_DIRECTORY, [file("f"), opaque("f")]),
    "opaque whiteout of a pipe": (anomaly.OPAQUE_NO_DIRECTORY, [fifo("f"), opaque("f")]),
    "opaque whiteout of a device": (anomaly.OPAQUE_NO_DIRECTORY, [device("f", 1, 3), opaque("f")]),
    "opaque whiteout of a whiteout device": (anomaly.OPAQUE_NO_DIRECTORY, [device("f", 0, 0), opaque("f")]),
    "opaque whiteout of a hard link": (anomaly.OPAQUE_NO_DIRECTORY, [file("t"), hardlink("f", "t"), opaque("f")]),
    "opaque whiteout of a symlink to a file": (
        anomaly.OPAQUE_NO_DIRECTORY,
        [file("t"), symlink("lnk", "t"), opaque("lnk")],
    ),
    "opaque whiteout of what the layer removes": (anomaly.OPAQUE_NO_DIRECTORY, [whiteout("a"), opaque("a")]),
    "opaque whiteout of a symlink to what the layer removes": (
        anomaly.OPAQUE_NO_DIRECTORY,
        [whiteout("a"), symlink("lnk", "a"), opaque("lnk")],
    ),
}
"""What containerd refuses, and Docker's overlay2 and podman take: the mark hides nothing then."""

REFUSED_BUT_BY_PODMAN_CASES: Final[Mapping[str, tuple[str, Members]]] = {
    "whiteout below what the layer removes": (
        anomaly.WHITEOUT_BELOW_NO_DIRECTORY,
        [whiteout("a"), whiteout("a/low"), whiteout("a/sub/low")],
    ),
    "whiteout below a whiteout device": (anomaly.WHITEOUT_BELOW_NO_DIRECTORY, [device("a", 0, 0), whiteout("a/low")]),
    "whiteout below a file": (anomaly.WHITEOUT_BELOW_NO_DIRECTORY, [file("a"), whiteout("a/low")]),
    "whiteout below a file, and again below the directory in its place": (
        anomaly.WHITEOUT_BELOW_NO_DIRECTORY,
        [file("f"), whiteout("f/x"), directory("/f"), whiteout("/f/x")],
    ),
    "whiteout below a symlink to a file": (
        anomaly.WHITEOUT_BELOW_NO_DIRECTORY,
        [file("t"), symlink("lnk", "t"), whiteout("lnk/low")],
    ),
}
"""What Docker's overlay2 and containerd refuse; podman leaves it out, since some tools write a whiteout for each file
of a directory that they remove."""

TAKEN_CASES: Final[Mapping[str, tuple[frozenset[str], Members]]] = {
    "hard links in order": (frozenset(), [file("t"), hardlink("h1", "t"), hardlink("h2", "h1")]),
    "hard link to a symlink": (frozenset(), [symlink("s", "nowhere"), hardlink("h", "s")]),
    "below a hard link to a symlink": (
        frozenset(),
        [directory("d"), file("d/f"), symlink("s", "d"), hardlink("s2", "s"), hardlink("h", "s2/f"), file("s2/new")],
    ),
    "below a symlink that came through a symlink": (
        frozenset(),
        [directory("d"), symlink("lnk", "d"), directory("e"), symlink("lnk/s", "/e"), file("lnk/s/x"), file("d/s/y")],
    ),
    "hard link to a pipe": (frozenset(), [fifo("p"), hardlink("h", "p")]),
    "hard link through a symlink": (
        frozenset(),
        [directory("real"), file("real/t"), symlink("lnk", "/real"), hardlink("h", "lnk/t")],
    ),
    "hard link to what came through a symlink": (
        frozenset(),
        [directory("real"), symlink("lnk", "real"), file("lnk/t"), hardlink("h", "real/t"), hardlink("g", "lnk/t")],
    ),
    "hard link through a parent": (frozenset(), [file("t"), hardlink("h", "a/../t")]),
    "hard link above the root": (
        frozenset({anomaly.ESCAPING_HARDLINK}),
        [file("t"), hardlink("h", "/../t"), hardlink("g", "../../t")],
    ),
    "name above the root": (
        frozenset({anomaly.ESCAPING_NAME, anomaly.ABSOLUTE_NAME}),
        [file("../up"), file("/../etc/over"), directory("../")],
    ),
    "below a symlink": (frozenset(), [directory("d"), symlink("lnk", "d"), file("lnk/x"), file("lnk/sub/y")]),
    "below a symlink above the root": (
        frozenset(),
        [directory("d"), symlink("lnk", "../../d"), file("lnk/x"), symlink("top", "/.."), file("top/y")],
    ),
    "below a symlink that was replaced": (
        frozenset({anomaly.RESPELLED_DUPLICATE, anomaly.ABSOLUTE_NAME}),
        [symlink("lnk", "nowhere"), directory("/lnk"), file("lnk/x")],
    ),
    "below a lower file": (frozenset(), [file("etc/base/x")]),
    "symlink over what lies there": (frozenset(), [file("d/x"), symlink("d", "etc")]),
    "whiteout device over what lies there": (frozenset(), [file("d/x"), device("d", 0, 0)]),
    "hard link to a whiteout": (frozenset(), [whiteout("a"), hardlink("h", "a"), hardlink("g", "h")]),
    "hard link to a whiteout device": (frozenset(), [device("c", 0, 0), hardlink("a", "c")]),
    "directory after its whiteout": (frozenset(), [whiteout("a"), directory("a"), file("a/new")]),
    "file after its whiteout": (frozenset(), [whiteout("a"), file("a")]),
    "opaque whiteout after what lies there": (frozenset(), [directory("a"), file("a/new"), opaque("a")]),
    "opaque whiteout of a symlink to a directory": (
        frozenset(),
        [directory("d"), symlink("lnk", "d"), opaque("lnk"), opaque("lnk/sub")],
    ),
    "opaque whiteout before a file in its place": (frozenset(), [opaque("a"), file("a")]),
    "opaque whiteout of a lower file": (frozenset(), [opaque("etc/base")]),
    "whiteout through a symlink": (
        frozenset(),
        [directory("d"), file("d/f"), symlink("lnk", "d"), whiteout("lnk/g"), file("d/g")],
    ),
    "whiteout after what another file took away": (
        frozenset({anomaly.RESPELLED_DUPLICATE, anomaly.ABSOLUTE_NAME}),
        [file("d/f"), file("d"), directory("/d"), whiteout("d/f")],
    ),
    "file, then a file for its parent": (frozenset(), [file("d/sub"), file("d")]),
    "opaque whiteout, then a file for its parent": (frozenset(), [opaque("d/sub"), file("d")]),
    "directory, then a symlink to one with the same name for its parent": (
        frozenset(),
        [directory("q"), directory("q/sub"), directory("d/sub"), symlink("d", "q")],
    ),
    "directory, then a symlink to where a file has its name for its parent": (
        frozenset(),
        [directory("q"), file("q/sub"), directory("d/sub"), symlink("d", "q")],
    ),
    "directory, then a file in its place": (
        frozenset({anomaly.RESPELLED_DUPLICATE, anomaly.ABSOLUTE_NAME}),
        [directory("d"), file("/d"), directory("e"), device("/e", 0, 0)],
    ),
    "directory, then a symlink to a file in its place": (
        frozenset({anomaly.RESPELLED_DUPLICATE, anomaly.ABSOLUTE_NAME}),
        [file("t"), directory("d"), symlink("/d", "t")],
    ),
    "directory whose parent goes and comes with it": (
        frozenset({anomaly.RESPELLED_DUPLICATE, anomaly.ABSOLUTE_NAME}),
        [directory("d/sub"), file("d"), directory("/d"), directory("/d/sub")],
    ),
    "directory through a symlink, with a file in its place": (
        frozenset(),
        [directory("d"), symlink("lnk", "d"), directory("lnk/sub"), file("d/sub")],
    ),
    "file twice, once with a slash": (
        frozenset({anomaly.RESPELLED_DUPLICATE, anomaly.ABSOLUTE_NAME}),
        [file("d", b"1"), file("/d", b"2")],
    ),
    "bookkeeping of AUFS": (frozenset({anomaly.AUFS_METADATA}), [file(".wh..wh.aufs"), file("a/.wh..wh.plnk")]),
    "bookkeeping of AUFS, with what lies in it": (
        frozenset({anomaly.AUFS_METADATA}),
        [directory(".wh..wh.plnk"), file(".wh..wh.plnk/1")],
    ),
    "capabilities": (
        frozenset(),
        [
            file("x", xattrs={"security.capability": b"\0\0\0\2" + bytes(16)}),
            file("y", xattrs={"security.capability": b"\1\0\0\3" + bytes(20)}),
            whiteout("a", xattrs={"security.capability": b"v"}),
        ],
    ),
    "attribute of users without a value on a symlink": (
        frozenset(),
        [symlink("s", "t", xattrs={"user.a": b"", "user.": b""})],
    ),
    "unknown type in the place of the root": (
        frozenset({anomaly.EMPTY_NAME}),
        [file("./", fields={"typeflag": b"7"})],
    ),
    "file with the root's name, and the root by others": (
        frozenset({anomaly.EMPTY_NAME, anomaly.ABSOLUTE_NAME, anomaly.ESCAPING_NAME, anomaly.RESPELLED_DUPLICATE}),
        [directory("/"), file("./"), directory("../")],
    ),
    "device that is no number without a magic number": (
        frozenset(),
        [directory("p", fields={"devmajor": b"x", "magic": bytes(8)})],
    ),
    "owner below zero": (frozenset({anomaly.EXCESSIVE_NUMBER}), [file("o", records={"uid": b"-1"})]),
    **OTHER_NAME_CASES,
}
"""What they all take, with what is unusual about it."""


def write_case(members: Members) -> bytes:
    """The layer of a case; only GNU's dialect has its old sparse files."""
    is_old = any(member.sparse is Sparse.OLD_GNU for member in members)
    return write_tar(members, dialect=GNU if is_old else PAX)
