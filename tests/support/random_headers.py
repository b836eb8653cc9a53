"""Odd headers of random members: numbers, names and attributes as strange or broken tools write them.

What a layer's numbers of devices of plain files are, and what star's headers without a prefix have for times, is not
read (a blind spot of LAY007), so that no plain file gets such.
"""

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from support.tar_header import GNU_MAGIC, USTAR_MAGIC, V7_MAGIC
from support.tar_member import Kind, Sparse, TarMember, sparse_file

FIELDS: Final[Mapping[str, tuple[bytes, ...]]] = {
    "mode": (b"0100644\0", b"644", b"   644 ", b"abc", b"\xff" * 8, b"0777777\0", b""),
    "uid": (b"7777777", b"\x80\0\0\0\0\0\x03\xe8", b"  12 \0", b"12 9", b"-1", b"x", b"\xff" * 8, b"\0123"),
    "gid": (b"\x80\0\0\0\xff\xff\xff\xff", b"zz", b"7", b""),
    "mtime": (b"", b" 1 ", b"1x", b"\x80\0\0\0\x40" + bytes(7), b"\xff" * 12, b"77777777777\0"),
    "magic": (GNU_MAGIC, USTAR_MAGIC, V7_MAGIC, b"ustar\0  ", b"ustar  ", b"ustar\0\0\0", b"USTAR\x0000"),
    "prefix": (b"pre", b"pre/", b"/pre", b"..", b".", b"pr\xc3\xa9", b"00000000001\x0000000000002\0"),
    "uname": (b"root", b"\xff", b"u" * 32),
    "typeflag": (b"0", b"\0", b"7", b"S", b"V", b"M", b"A", b"5", b"6", b"Z"),
}
"""What a header field may hold."""

UNREAD_SIZES: Final = (b"00000000005\0", b"zz", b"\xff" * 12, b"", b"\x80" + bytes(10) + b"\5")
"""Sizes of what has no content."""
DEVICES: Final = (b"x", b"-1", b"", b"0000005\0", b"  \0", b"\xff" * 8)

RECORDS: Final[Mapping[str, tuple[bytes, ...]]] = {
    "path": (b"", b"p/", b"../p", b"/p", b"p\0q", b"\xff", b"n" * 255, b"n" * 256, b"p/.wh.q"),
    "linkpath": (b"", b"a", b"/a", b"nope", b"l/../a"),
    "uid": (b"5", b"-1", b"4294967295", b"4294967296", b"+7", b"x", b"", b"99999999999999999999", b"07", b" 5"),
    "gid": (b"7", b"-1", b"", b"1_0"),
    "mtime": (b"1.5", b"-1.5", b"1.", b".5", b"1.x", b"1.1234567891", b"9223372036854775808", b"-", b"", b"+1", b"1e5"),
    "atime": (b"1", b"x", b"", b"1.5"),
    "ctime": (b"-", b"2"),
    "uname": (b"u", b"b\0c", b""),
    "comment": (b"x", b"b\0c", b""),
    "hdrcharset": (b"BINARY", b"x"),
    "GNU.sparse.name": (b"s", b"", b"s\0n"),
    "a\0b": (b"c",),
    "": (b"x",),
}
"""What an extended header may say."""

UNREAD_SIZE_RECORDS: Final = (b"5", b"", b"-1", b"x", b"+0")

XATTRS: Final[tuple[tuple[str, bytes], ...]] = (
    ("user.a", b"v"),
    ("user.a", b""),
    ("user.b", b"a\0b"),
    ("user.", b"v"),
    ("trusted.x", b"v"),
    ("trusted.overlay.x", b"v"),
    ("security.capability", b"\1\0\0\2\0 \0\0" + bytes(12)),
    ("security.capability", b"bad"),
    ("security.other", b"v"),
    ("system.posix_acl_access", b"v"),
    ("bad", b"v"),
    ("", b"v"),
)


def change_header(source: random.Random, member: TarMember) -> TarMember:
    """The member with one or two oddities in its headers."""
    for _ in range(source.choice((1, 1, 2))):
        member = source.choice((_change_field, _change_field, _change_record, _change_record, _add_xattr, _thin))(
            source, member
        )
    return member


def _change_field(source: random.Random, member: TarMember) -> TarMember:
    has_content = member.kind is Kind.FILE
    choices = {**FIELDS} if has_content else {**FIELDS, "size": UNREAD_SIZES, "devmajor": DEVICES, "devminor": DEVICES}
    field = source.choice([*choices])
    return replace(member, fields={**member.fields, field: source.choice(choices[field])})


def _change_record(source: random.Random, member: TarMember) -> TarMember:
    choices = {**RECORDS} if member.kind is Kind.FILE else {**RECORDS, "size": UNREAD_SIZE_RECORDS}
    key = source.choice([*choices])
    return replace(member, records={**member.records, key: source.choice(choices[key])})


def _add_xattr(source: random.Random, member: TarMember) -> TarMember:
    name, value = source.choice(XATTRS)
    return replace(member, xattrs={**member.xattrs, name: value})


def _thin(source: random.Random, member: TarMember) -> TarMember:
    """A file with holes, in one of the ways that PAX has for them."""
    if member.kind is not Kind.FILE or member.sparse is not None:
        return member
    form = source.choice((Sparse.PAX_00, Sparse.PAX_01, Sparse.PAX_10))
    thin = sparse_file(member.name, ((3, b"ab"), (9, b"cd")), source.choice((11, 15)), form, mode=member.mode)
    return replace(thin, records=member.records, fields=member.fields, xattrs=member.xattrs)
