"""Why the digest of an image is another one: the smallest cause that explains all of it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from layerscope.diff.change import ValueChange
from layerscope.diff.trees import Aspect, FileChange
from layerscope.image.image import Image
from layerscope.layers.index import LayerIndex


class DigestCause(StrEnum):
    """What makes the digest another one, the smallest first."""

    SAME = "nothing: the digest is the same"
    NAMES = "the index alone"
    PACKING = "how the layers are packed"
    MANIFEST = "the manifest's own fields"
    CREATED = "the time at which the image was made"
    HISTORY = "the history"
    CONFIG = "the config"
    ORDER = "the order of the files in their layers"
    TAR_FORM = "how the layers' tars are written"
    TIMES = "the times of files"
    LAYERING = "how the files are spread over the layers"
    ATTRIBUTES = "owners and modes of files"
    FILES = "the content of files"


@dataclass(frozen=True)
class DigestAnswer:
    """The cause, and what it comes to: keys, layers or paths, a few of many; `count` is how many there are."""

    cause: DigestCause
    details: tuple[str, ...] = ()
    count: int = 0


SHOWN: Final = 5
"""Details that are kept."""

_CREATED: Final = "created"
_ON_FILES: Final = frozenset({Aspect.MODE, Aspect.OWNER, Aspect.XATTRS, Aspect.HARD_LINKS, Aspect.TIME})


def find_digest_cause(
    before: Image,
    after: Image,
    *,
    indexes: tuple[Sequence[LayerIndex], Sequence[LayerIndex]],
    config: Sequence[ValueChange],
    files: Sequence[FileChange],
) -> DigestAnswer:
    """The smallest cause; `config` and `files` are all changes, noise included."""
    if before.manifest_digest is not None and before.manifest_digest == after.manifest_digest:
        is_same = before.index_digest == after.index_digest
        return DigestAnswer(DigestCause.SAME if is_same else DigestCause.NAMES)
    if before.config_digest == after.config_digest:
        return _compare_manifests(before, after)
    if before.config.rootfs == after.config.rootfs:
        return _compare_configs(config)
    return _compare_layers(indexes, files)


def _compare_manifests(before: Image, after: Image) -> DigestAnswer:
    """Of images that have one config: their blobs, or what else their manifests say."""
    if before.manifest is None or after.manifest is None:
        return DigestAnswer(DigestCause.SAME)
    pairs = zip(before.manifest.layers, after.manifest.layers, strict=True)
    packed = [number for number, (one, other) in enumerate(pairs) if one.digest != other.digest]
    if packed:
        return _answer(DigestCause.PACKING, [f"layer {number}" for number in packed])
    return DigestAnswer(DigestCause.MANIFEST)


def _compare_configs(changes: Sequence[ValueChange]) -> DigestAnswer:
    """Of images that have the same layers."""
    names = [change.name for change in changes]
    if not names:
        return DigestAnswer(DigestCause.HISTORY)
    if names == [_CREATED]:
        return DigestAnswer(DigestCause.CREATED)
    return _answer(DigestCause.CONFIG, [name for name in names if name != _CREATED])


def _compare_layers(
    indexes: tuple[Sequence[LayerIndex], Sequence[LayerIndex]], files: Sequence[FileChange]
) -> DigestAnswer:
    """Of images whose layers differ."""
    if not files:
        return DigestAnswer(_compare_tars(*indexes))
    content = [change for change in files if not change.aspects or not _ON_FILES.issuperset(change.aspects)]
    if content:
        return _answer(DigestCause.FILES, [f"/{change.path}" for change in content])
    attributes = [change for change in files if change.aspects != (Aspect.TIME,)]
    if attributes:
        return _answer(DigestCause.ATTRIBUTES, [f"/{change.path}" for change in attributes])
    return _answer(DigestCause.TIMES, [f"/{change.path}" for change in files])


def _compare_tars(before: Sequence[LayerIndex], after: Sequence[LayerIndex]) -> DigestCause:
    """Of images in which a container sees the same."""
    if len(before) != len(after):
        return DigestCause.LAYERING
    pairs = list(zip(before, after, strict=True))
    if all(list(_iter_entries(one)) == list(_iter_entries(other)) for one, other in pairs):
        return DigestCause.TAR_FORM
    if all(Counter(_iter_entries(one)) == Counter(_iter_entries(other)) for one, other in pairs):
        return DigestCause.ORDER
    return DigestCause.LAYERING


def _iter_entries(index: LayerIndex) -> Iterator[tuple[object, ...]]:
    """The entries as the tar has them, but for where they lie in it."""
    for position, path in enumerate(index.paths):
        yield (
            path, index.types[position], index.attribute(position), index.sizes[position], index.mtimes_ns[position],
            index.digest(position), index.links.get(position), index.devices.get(position),
            tuple(sorted(index.xattrs.get(position, {}).items())),
        )  # fmt: skip


def _answer(cause: DigestCause, details: Sequence[str]) -> DigestAnswer:
    return DigestAnswer(cause, tuple(details[:SHOWN]), len(details))
