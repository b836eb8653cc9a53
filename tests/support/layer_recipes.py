"""Layers as the Python that writes them, to be put among the cases of `support.unpack_cases`."""

from typing import Final

from support.random_layers import Layers
from support.tar_header import PAX
from support.tar_member import Kind, TarMember

MODES: Final = {Kind.DIRECTORY: 0o755, Kind.SYMLINK: 0o777}
"""What the constructors give; all else gets 0644."""


def render_layers(layers: Layers) -> str:
    """A line a layer, lowest first, each a list of members."""
    return "\n".join(
        f"[{', '.join(map(render_member, layer.members))}]"
        + ("" if layer.dialect is PAX else f"  # written as {layer.dialect}")
        for layer in layers
    )


def render_member(member: TarMember) -> str:
    """The call that makes the member."""
    name = repr(member.name)
    match member.kind:
        case Kind.FILE if member.sparse is not None:
            pieces = tuple((start, member.content[start : start + length]) for start, length in member.segments)
            return _call(
                "sparse_file", name, f"{pieces!r}", f"{len(member.content)}", str(member.sparse), member=member
            )
        case Kind.FILE:
            return _call("file", name, *([repr(member.content)] if member.content else []), member=member)
        case Kind.DIRECTORY:
            return _call("directory", repr(member.name.removesuffix("/") or "/"), member=member)
        case Kind.SYMLINK:
            return _call("symlink", name, repr(member.link), member=member)
        case Kind.HARDLINK:
            return _call("hardlink", name, repr(member.link), member=member)
        case Kind.FIFO:
            return _call("fifo", name, member=member)
        case _:
            block = ["block=True"] if member.kind is Kind.BLOCK_DEVICE else []
            return _call("device", name, *map(str, member.device), *block, member=member)


def _call(function: str, *arguments: str, member: TarMember) -> str:
    given = list(arguments)
    if member.mode != MODES.get(member.kind, 0o644):
        given.append(f"mode=0o{member.mode:o}")
    numbers = {"uid": member.uid, "gid": member.gid}
    tables = {"xattrs": member.xattrs, "records": member.records, "fields": member.fields}
    given += [f"{name}={value}" for name, value in numbers.items() if value]
    given += [f"{name}={dict(table)!r}" for name, table in tables.items() if table]
    return f"{function}({', '.join(given)})"
