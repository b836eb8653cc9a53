"""PAX extended header records: which a member needs, and how they are written."""

from collections.abc import Mapping
from typing import Final

from support.tar_header import FIELDS, encode_name, fits_octal
from support.tar_member import Sparse, TarMember

SECOND: Final = 1_000_000_000


def pax_records(member: TarMember, stored: int, *, always: bool) -> dict[str, bytes]:
    """The records for what the header cannot hold; with `always`, for all that a record can say."""
    records: dict[str, bytes] = {}
    texts = {"path": ("name", member.name), "linkpath": ("linkname", member.link)}
    texts |= {"uname": ("uname", member.uname), "gname": ("gname", member.gname)}
    for key, (field, text) in texts.items():
        raw = encode_name(text)
        if raw and (always or len(raw) > FIELDS[field][1] or not raw.isascii()):
            records[key] = raw
    if member.sparse in {Sparse.PAX_01, Sparse.PAX_10}:
        records.pop("path", None)
    numbers = {"uid": member.uid, "gid": member.gid, "size": stored}
    records |= {key: b"%d" % value for key, value in numbers.items() if always or not fits_octal(value, key)}
    if always or member.mtime_ns % SECOND or not fits_octal(member.mtime_ns // SECOND, "mtime"):
        records["mtime"] = render_time(member.mtime_ns)
    records |= {f"SCHILY.xattr.{name}": value for name, value in sorted(member.xattrs.items())}
    if any(not _is_utf8(records.get(key, b"")) for key in texts):
        return {"hdrcharset": b"BINARY"} | records
    return records


def render_records(records: Mapping[str, bytes]) -> bytes:
    """Records as `LENGTH KEY=VALUE` lines, the length counting itself; `KEY#N` writes a key that repeats."""
    return b"".join(_render_record(key.partition("#")[0], value) for key, value in records.items())


def render_time(nanoseconds: int) -> bytes:
    """Nanoseconds as decimal seconds without trailing zeros."""
    sign = "-" if nanoseconds < 0 else ""
    seconds, fraction = divmod(abs(nanoseconds), SECOND)
    digits = f".{fraction:09}".rstrip("0").rstrip(".")
    return f"{sign}{seconds}{digits}".encode()


def _render_record(key: str, value: bytes) -> bytes:
    rest = b" " + encode_name(key) + b"=" + value + b"\n"
    length = len(rest)
    while length != len(rest) + len(str(length)):
        length = len(rest) + len(str(length))
    return str(length).encode() + rest


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
