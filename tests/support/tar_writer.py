"""Writes tar archives in every dialect that layers come in, independently of the reader under test."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from support.tar_header import (
    BLOCK,
    DIALECTS,
    FIELDS,
    GNU,
    GNU_ALWAYS,
    PAX,
    PAX_ALWAYS,
    USTAR,
    V7,
    V7_MAGIC,
    CannotHoldError,
    Dialect,
    Extension,
    base256,
    encode_name,
    fits_octal,
    octal,
    render_header,
)
from support.tar_member import (
    Kind,
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
from support.tar_pax import pax_records, render_records
from support.tar_sparse import sparse_body, sparse_header, sparse_header_name, sparse_prefix, sparse_records

__all__ = [
    "DIALECTS",
    "GNU",
    "GNU_ALWAYS",
    "PAX",
    "PAX_ALWAYS",
    "USTAR",
    "V7",
    "CannotHoldError",
    "Dialect",
    "Kind",
    "Sparse",
    "TarMember",
    "can_hold",
    "device",
    "directory",
    "fifo",
    "file",
    "hardlink",
    "iter_tar",
    "opaque",
    "sparse_file",
    "stored_mtime_ns",
    "symlink",
    "whiteout",
    "write_global_header",
    "write_member",
    "write_tar",
]

RECORD: Final = 20 * BLOCK
"""Archives are filled to a multiple of this, as tape programs did and tar still does."""

TRAILER: Final = bytes(2 * BLOCK)
SECOND: Final = 1_000_000_000
LONG_NAME: Final = "././@LongLink"


def write_tar(
    members: Iterable[TarMember],
    *,
    dialect: Dialect = PAX,
    global_records: Mapping[str, bytes] | None = None,
    trailer: bool = True,
    padded: bool = False,
) -> bytes:
    """The archive of `members`; without `trailer` it just ends, with `padded` it fills whole tape records."""
    parts = iter_tar(members, dialect=dialect, global_records=global_records, trailer=trailer)
    archive = b"".join(parts)
    return archive + bytes(-len(archive) % RECORD) if padded else archive


def iter_tar(
    members: Iterable[TarMember],
    *,
    dialect: Dialect = PAX,
    global_records: Mapping[str, bytes] | None = None,
    trailer: bool = True,
) -> Iterator[bytes]:
    """Like `write_tar`, a member at a time."""
    if global_records:
        yield write_global_header(global_records)
    for member in members:
        yield write_member(member, dialect)
    if trailer:
        yield TRAILER


def write_member(member: TarMember, dialect: Dialect = PAX) -> bytes:
    """All blocks of one member: extended headers, header, and content filled to whole blocks."""
    if member.sparse is not None:
        _check_sparse(member, dialect)
    if dialect.extension is Extension.PAX:
        return _write_pax(member, dialect)
    if member.records or member.xattrs:
        raise CannotHoldError(f"{dialect} has no records for {member.name!r}")
    body = _body(member)
    values = _numbers(member, dialect, len(body))
    if dialect.extension is Extension.GNU:
        prefix = _gnu_long(encode_name(member.name), b"L", dialect) + _gnu_long(encode_name(member.link), b"K", dialect)
        values |= {"name": encode_name(member.name)[:100], "linkname": encode_name(member.link)[:100]}
    else:
        prefix = b""
        values |= _split_name(member, dialect) | {"linkname": encode_name(member.link)}
    return prefix + _finish(member, values, body)


def write_global_header(records: Mapping[str, bytes]) -> bytes:
    """A PAX global header: records that hold for every member after it."""
    return _extended("pax_global_header", b"g", render_records(records))


def can_hold(member: TarMember, dialect: Dialect) -> bool:
    """Whether the dialect can write the member at all."""
    try:
        write_member(replace(member, content=b"", segments=(), sparse=None), dialect)
    except CannotHoldError:
        return False
    return True


def stored_mtime_ns(member: TarMember, dialect: Dialect) -> int:
    """The time that is left of a member's after writing: PAX keeps nanoseconds, the others whole seconds."""
    return member.mtime_ns if dialect.extension is Extension.PAX else member.mtime_ns // SECOND * SECOND


def _write_pax(member: TarMember, dialect: Dialect) -> bytes:
    body = _body(member)
    records = sparse_records(member) | pax_records(member, len(body), always=dialect.always) | dict(member.records)
    values = _numbers(member, dialect, len(body))
    values |= {"name": encode_name(sparse_header_name(member))[:100], "linkname": encode_name(member.link)[:100]}
    prefix = _extended("PaxHeaders.0/x", b"x", render_records(records)) if records else b""
    return prefix + _finish(member, values, body)


def _finish(member: TarMember, values: dict[str, bytes], body: bytes) -> bytes:
    values |= member.fields
    header = render_header(values)
    if member.sparse is Sparse.OLD_GNU:
        header = sparse_header(member, header)
    return header + body + bytes(-len(body) % BLOCK)


def _body(member: TarMember) -> bytes:
    if member.sparse is None:
        return member.content
    return sparse_prefix(member) + sparse_body(member)


def _numbers(member: TarMember, dialect: Dialect, stored: int) -> dict[str, bytes]:
    """Every header field but the names."""
    values = {
        "mode": _number(member.mode, "mode", dialect),
        "uid": _number(member.uid, "uid", dialect),
        "gid": _number(member.gid, "gid", dialect),
        "size": _number(stored, "size", dialect),
        "mtime": _number(member.mtime_ns // SECOND, "mtime", dialect),
        "typeflag": member.kind.value,
        "magic": dialect.magic,
    }
    if dialect.magic == V7_MAGIC:
        return values | {"typeflag": _v7_type(member)}
    values |= {"uname": encode_name(member.uname)[:32], "gname": encode_name(member.gname)[:32]}
    if member.kind in {Kind.CHARACTER_DEVICE, Kind.BLOCK_DEVICE}:
        major, minor = member.device
        values |= {"devmajor": _number(major, "devmajor", dialect), "devminor": _number(minor, "devminor", dialect)}
    return values


def _number(value: int, field: str, dialect: Dialect) -> bytes:
    if dialect.extension is Extension.GNU and (dialect.always or not fits_octal(value, field)):
        return base256(value, field)
    if dialect.extension is Extension.PAX and field in {"uid", "gid", "size", "mtime"} and not fits_octal(value, field):
        return octal(0, field)
    return octal(value, field)


def _v7_type(member: TarMember) -> bytes:
    """V7 tells directories by a closing slash and knows links, nothing else."""
    if member.uname or member.gname:
        raise CannotHoldError(f"v7 has no owner names for {member.name!r}")
    match member.kind:
        case Kind.FILE:
            return b"\0"
        case Kind.DIRECTORY if member.name.endswith("/"):
            return b"\0"
        case Kind.HARDLINK:
            return b"1"
        case Kind.SYMLINK:
            return b"2"
    raise CannotHoldError(f"v7 has no {member.kind.name} for {member.name!r}")


def _split_name(member: TarMember, dialect: Dialect) -> dict[str, bytes]:
    """The name, cut at a slash into prefix and name where it is too long for one field."""
    name = encode_name(member.name)
    longest = FIELDS["name"][1]
    if len(name) <= longest:
        return {"name": name}
    cut = name.find(b"/", len(name) - longest - 1)
    if dialect.magic == V7_MAGIC or not 0 < cut <= FIELDS["prefix"][1] or cut + 1 == len(name):
        raise CannotHoldError(f"{dialect} cannot cut {member.name!r}")
    return {"prefix": name[:cut], "name": name[cut + 1 :]}


def _gnu_long(name: bytes, typeflag: bytes, dialect: Dialect) -> bytes:
    if len(name) <= FIELDS["name"][1] and not (dialect.always and name):
        return b""
    return _extended(LONG_NAME, typeflag, name + b"\0", magic=dialect.magic)


def _extended(name: str, typeflag: bytes, body: bytes, *, magic: bytes = USTAR.magic) -> bytes:
    """A member that speaks of the next one."""
    values = {"name": encode_name(name), "mode": octal(0o644, "mode"), "uid": octal(0, "uid"), "gid": octal(0, "gid")}
    values |= {"size": octal(len(body), "size"), "mtime": octal(0, "mtime"), "typeflag": typeflag, "magic": magic}
    return render_header(values) + body + bytes(-len(body) % BLOCK)


def _check_sparse(member: TarMember, dialect: Dialect) -> None:
    needed = Extension.GNU if member.sparse is Sparse.OLD_GNU else Extension.PAX
    if dialect.extension is not needed:
        raise CannotHoldError(f"{dialect} has no {member.sparse} for {member.name!r}")
