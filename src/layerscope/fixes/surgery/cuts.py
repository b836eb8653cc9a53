"""LayerCuts: what is to change in one layer, entry by entry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from layerscope.fixes.surgery.spared_layers import SparedLayer


@dataclass(frozen=True)
class Attributes:
    """Owner, mode (its permission bits), time in nanoseconds since 1970 and extended attributes of an entry."""

    mode: int
    uid: int
    gid: int
    mtime_ns: int
    xattrs: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class NewFile:
    """A file with the content of one of the host: where that lies, its size and SHA-256, and what its entry says."""

    source: Path
    size: int
    digest: bytes
    attributes: Attributes


@dataclass(frozen=True)
class LayerCuts:
    """The positions of entries that go, and the attributes that others get, by position in the layer's index.

    `named` are directories that get an entry of their own, with their times: those that went named them on their way.
    `replaced` are files that get another content, `names` the paths that entries get, `targets` those that hard links
    lead to. No entry is later than `latest`, seconds since 1970, if that is set.
    """

    dropped: frozenset[int] = frozenset()
    given: Mapping[int, Attributes] = field(default_factory=dict)
    named: Mapping[str, int] = field(default_factory=dict)
    replaced: Mapping[int, NewFile] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)
    targets: Mapping[int, str] = field(default_factory=dict)
    latest: int | None = None

    @property
    def positions(self) -> frozenset[int]:
        """The entries that do not stay as they are."""
        return self.dropped.union(self.given, self.replaced, self.names, self.targets)

    def __bool__(self) -> bool:
        return bool(self.positions or self.named) or self.latest is not None


NO_CUTS = LayerCuts()


@dataclass(frozen=True)
class Range:
    """Layers that follow each other, by their numbers: from the first to the last."""

    first: int
    last: int

    @property
    def layers(self) -> range:
        """Their numbers."""
        return range(self.first, self.last + 1)

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


@dataclass(frozen=True)
class LayerMerge:
    """Layers that become one: with these directories first, what the cuts leave of each, and whiteouts of paths."""

    merged: Range
    directories: Mapping[str, Attributes]
    whiteouts: tuple[str, ...]


@dataclass(frozen=True)
class ImageCuts:
    """The cuts of every layer, lowest first, and what had to be left although it was asked for.

    `paths` are those that the container no longer sees, `saved` the bytes of content that no layer ships any more.
    `files` are those with new content, by path; `top` is what a new layer above all others brings: new files, and the
    attributes of the directories on the way to them. Later times than `latest`, seconds since 1970, are set to it.
    `spared` are the layers that stay although something in them is hidden.
    """

    layers: tuple[LayerCuts, ...]
    paths: frozenset[str] = frozenset()
    saved: int = 0
    left: tuple[str, ...] = ()
    files: Mapping[str, NewFile] = field(default_factory=dict)
    merge: LayerMerge | None = None
    top: Mapping[str, NewFile | Attributes] = field(default_factory=dict)
    latest: int | None = None
    spared: tuple[SparedLayer, ...] = ()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is changed."""
        return not (any(self.layers) or self.files or self.merge or self.top) and self.latest is None
