"""Sparse files in tar: the old GNU header and the three PAX formats, 0.0, 0.1 and 1.0.

The formats are described in https://www.gnu.org/software/tar/manual/html_node/Sparse-Formats.html
"""

from typing import Final

from support.tar_header import BLOCK, encode_name, seal_header
from support.tar_member import Sparse, TarMember

IN_HEADER: Final = 4
IN_EXTENSION: Final = 21
MAP_OFFSET: Final = 386
IS_EXTENDED: Final = 482
REAL_SIZE: Final = 483


def sparse_body(member: TarMember) -> bytes:
    """The stored bytes: the segments, one after the other."""
    return b"".join(member.content[offset : offset + length] for offset, length in member.segments)


def sparse_prefix(member: TarMember) -> bytes:
    """What precedes the stored bytes inside the member: the map, in format 1.0."""
    if member.sparse is not Sparse.PAX_10:
        return b""
    segments = _with_end(member)
    numbers = [len(segments), *(number for segment in segments for number in segment)]
    text = b"".join(b"%d\n" % number for number in numbers)
    return text + bytes(-len(text) % BLOCK)


def sparse_header_name(member: TarMember) -> str:
    """The name that stands in the header: formats 0.1 and 1.0 keep the real one in a record."""
    if member.sparse not in {Sparse.PAX_01, Sparse.PAX_10}:
        return member.name
    parent, slash, base = member.name.rpartition("/")
    return f"{parent}{slash}GNUSparseFile.0/{base}"


def sparse_records(member: TarMember) -> dict[str, bytes]:
    """The PAX records that describe the holes; `KEY#N` stands for a key that repeats."""
    size = b"%d" % len(member.content)
    segments = _with_end(member)
    match member.sparse:
        case Sparse.PAX_00:
            records = {"GNU.sparse.size": size, "GNU.sparse.numblocks": b"%d" % len(segments)}
            for number, (offset, length) in enumerate(segments):
                records[f"GNU.sparse.offset#{number}"] = b"%d" % offset
                records[f"GNU.sparse.numbytes#{number}"] = b"%d" % length
            return records
        case Sparse.PAX_01:
            places = ",".join(f"{offset},{length}" for offset, length in segments)
            return {
                "GNU.sparse.size": size,
                "GNU.sparse.numblocks": b"%d" % len(segments),
                "GNU.sparse.name": encode_name(member.name),
                "GNU.sparse.map": places.encode(),
            }
        case Sparse.PAX_10:
            return {
                "GNU.sparse.major": b"1",
                "GNU.sparse.minor": b"0",
                "GNU.sparse.name": encode_name(member.name),
                "GNU.sparse.realsize": size,
            }
        case _:
            return {}


def sparse_header(member: TarMember, header: bytes) -> bytes:
    """The old GNU header: type S, four segments in the header, the others in extension blocks after it."""
    block = bytearray(header)
    segments = _with_end(member)
    block[156:157] = b"S"
    block[MAP_OFFSET:IS_EXTENDED] = _render_map(segments[:IN_HEADER], IN_HEADER)
    rest = segments[IN_HEADER:]
    block[IS_EXTENDED] = 1 if rest else 0
    block[REAL_SIZE : REAL_SIZE + 12] = b"%011o\0" % len(member.content)
    seal_header(block)
    groups = [rest[start : start + IN_EXTENSION] for start in range(0, len(rest), IN_EXTENSION)]
    for number, group in enumerate(groups):
        more = number + 1 < len(groups)
        block += _render_map(group, IN_EXTENSION) + bytes([more]) + bytes(7)
    return bytes(block)


def _with_end(member: TarMember) -> list[tuple[int, int]]:
    """The segments, closed with an empty one at the end where the file ends in a hole, as GNU tar does."""
    segments = list(member.segments)
    end = segments[-1][0] + segments[-1][1] if segments else 0
    return segments if segments and end == len(member.content) else [*segments, (len(member.content), 0)]


def _render_map(segments: list[tuple[int, int]], slots: int) -> bytes:
    text = b"".join(b"%011o\0%011o\0" % segment for segment in segments)
    return text + bytes(24 * (slots - len(segments)))
