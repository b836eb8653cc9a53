"""LayerEdit: what can be changed in an image's layers themselves, without a rebuild."""

from msgspec import Struct


class DropHidden(Struct, frozen=True, tag=True):
    """Leave out of lower layers what one layer ends, so that it is shipped once, or not at all.

    `ending` is how it ends: `removed`, `overwritten`, or `metadata` (the same content again: the first copy gets the
    owner, mode and time of the last, which goes).
    """

    ending: str
    layer: int


class DropCache(Struct, frozen=True, tag=True):
    """Leave a package manager's cache out of every layer; `kind` names it, `folder` says where it is."""

    kind: str
    folder: str


class DropPath(Struct, frozen=True, tag=True):
    """Leave a path, and all below it, out of every layer; without leading slash."""

    path: str


LayerEdit = DropHidden | DropCache | DropPath
