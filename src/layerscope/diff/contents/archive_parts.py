"""ArchiveParts: all that an archive is made of, without what another build changes anyway, and how two differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from layerscope.diff.contents.content_diff import ContentDiff
from layerscope.layers.limits import MIB

UNPACKED_LIMIT: Final = 16 * MIB
"""Bytes of an archive's members that are compared."""

MEMBERS_LIMIT: Final = 20_000


@dataclass(frozen=True)
class ArchiveParts:
    """Digests of the members by name, several where one name comes again, and of the bytes outside of them.

    Nothing but times and packing is missing in them. `is_order_free` says that another order unpacks to the same.
    """

    members: Mapping[str, tuple[bytes, ...]]
    order: tuple[str, ...]
    rest: bytes
    is_order_free: bool


def compare_parts(kind: str, before: ArchiveParts, after: ArchiveParts) -> ContentDiff:
    """The members that came, went, or hold something else; what differs beside them, if they do not."""
    one, other = before.members, after.members
    lines = []
    for name in sorted(one.keys() | other.keys()):
        if one.get(name) != other.get(name):
            sign = "-" if name not in other else "+" if name not in one else "~"
            lines.append(sign + name)
    if lines:
        return ContentDiff(kind, tuple(lines))
    if before.rest != after.rest:
        return ContentDiff(kind, remark="the same members; bytes outside of them differ")
    if before.order == after.order:
        return ContentDiff(kind, remark="the same members; their times or packing differ", is_noise=True)
    if before.is_order_free and after.is_order_free:
        return ContentDiff(kind, remark="the same members; their order, times or packing differ", is_noise=True)
    return ContentDiff(kind, remark="the same members in another order, in which they may unpack to something else")
