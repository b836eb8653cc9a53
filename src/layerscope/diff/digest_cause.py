"""Why the digest of an image is another one: the causes that together explain all of it, the weightiest first."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from layerscope.diff.change import ValueChange
from layerscope.diff.noise import is_written_anew
from layerscope.diff.trees import Aspect, FileChange
from layerscope.image.config import HistoryEntry, ImageConfig
from layerscope.image.image import Image
from layerscope.layers.entry import EntryType
from layerscope.layers.index import LayerIndex


class DigestCause(StrEnum):
    """What makes the digest another one."""

    NAMES = "the index alone"
    PACKING = "how the layers are packed"
    MANIFEST = "the manifest's own fields"
    CREATED = "the times at which the image and its steps were made"
    CONFIG_FORM = "how the config is written"
    HISTORY = "the history"
    CONFIG = "the config"
    ORDER = "the order of the files in their layers"
    TAR_FORM = "how the layers' tars are written"
    LAYERING = "how the files are spread over the layers"
    TIMES = "the times of files"
    ATTRIBUTES = "owners and modes of files"
    FILES = "the content of files"


@dataclass(frozen=True)
class DigestAnswer:
    """A cause, and what it comes to: keys, layers or paths, a few of many; `count` is how many there are."""

    cause: DigestCause
    details: tuple[str, ...] = ()
    count: int = 0


SHOWN: Final = 5
"""Details that are kept."""

_CREATED: Final = "created"
_ON_FILES: Final = frozenset({Aspect.MODE, Aspect.OWNER, Aspect.XATTRS, Aspect.HARD_LINKS, Aspect.TIME})


def find_digest_causes(
    before: Image,
    after: Image,
    *,
    indexes: tuple[Sequence[LayerIndex], Sequence[LayerIndex]],
    config: Sequence[ValueChange],
    files: Sequence[FileChange],
) -> tuple[DigestAnswer, ...]:
    """The causes, none where the digest is the same; `config` and `files` are all changes, noise included."""
    if before.manifest_digest is not None and before.manifest_digest == after.manifest_digest:
        return () if before.index_digest == after.index_digest else (DigestAnswer(DigestCause.NAMES),)
    if before.config_digest == after.config_digest:
        return tuple(_iter_manifest_causes(before, after))
    layers = [] if before.config.rootfs == after.config.rootfs else [_compare_layers(indexes, files)]
    return (*layers, *_iter_config_causes(before.config, after.config, config, is_alone=not layers))


def _iter_manifest_causes(before: Image, after: Image) -> Iterator[DigestAnswer]:
    """Of images that have one config: their blobs, or what else their manifests say."""
    if before.manifest is None or after.manifest is None:
        return
    pairs = zip(before.manifest.layers, after.manifest.layers, strict=True)
    packed = [number for number, (one, other) in enumerate(pairs) if one.digest != other.digest]
    if packed:
        yield _answer(DigestCause.PACKING, [f"layer {number}" for number in packed])
    elif before.manifest_digest is not None and after.manifest_digest is not None:
        yield DigestAnswer(DigestCause.MANIFEST)


def _iter_config_causes(
    before: ImageConfig, after: ImageConfig, changes: Sequence[ValueChange], *, is_alone: bool
) -> Iterator[DigestAnswer]:
    """What differs between two configs but for their layers; how they are written, where nothing else does."""
    names = [change.name for change in changes if change.name != _CREATED]
    has_other_steps = _drop_times(before) != _drop_times(after)
    has_other_times = len(names) < len(changes) or (not has_other_steps and before.history != after.history)
    if names:
        yield _answer(DigestCause.CONFIG, sorted(names, key=is_written_anew))
    if has_other_steps:
        yield DigestAnswer(DigestCause.HISTORY)
    if has_other_times:
        yield DigestAnswer(DigestCause.CREATED)
    if is_alone and not (names or has_other_steps or has_other_times):
        yield DigestAnswer(DigestCause.CONFIG_FORM)


def _drop_times(config: ImageConfig) -> list[HistoryEntry]:
    return [HistoryEntry(None, each.created_by, each.author, each.comment, each.empty_layer) for each in config.history]


def _compare_layers(
    indexes: tuple[Sequence[LayerIndex], Sequence[LayerIndex]], files: Sequence[FileChange]
) -> DigestAnswer:
    """Of images whose layers differ."""
    if not files:
        return DigestAnswer(_compare_tars(*indexes))
    content = [change for change in files if not change.aspects or not _ON_FILES.issuperset(change.aspects)]
    if content:
        return _answer(DigestCause.FILES, [f"/{change.path}" for change in sorted(content, key=_is_directory)])
    attributes = [change for change in files if change.aspects != (Aspect.TIME,)]
    if attributes:
        return _answer(DigestCause.ATTRIBUTES, [f"/{change.path}" for change in attributes])
    return _answer(DigestCause.TIMES, [f"/{change.path}" for change in files])


def _is_directory(change: FileChange) -> bool:
    """Directories say less than what lies in them."""
    node = change.after or change.before
    return node is not None and node.type is EntryType.DIRECTORY


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
    return replace(DigestAnswer(cause), details=tuple(details[:SHOWN]), count=len(details))
