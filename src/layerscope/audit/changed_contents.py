"""The contents of files that two images both have and that differ: read from their layers, and compared."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from layerscope.audit.result import AuditResult
from layerscope.diff.contents.compare import compare_contents
from layerscope.diff.contents.content_diff import ContentDiff
from layerscope.diff.contents.shadow import SHADOW_FILES, compare_shadow
from layerscope.diff.contents.work import Work
from layerscope.diff.trees import Aspect, FileChange
from layerscope.errors import DigestMismatchError, SourceError
from layerscope.facts.system.secret_extractor import SecretExtractor
from layerscope.filesystem.node import Node
from layerscope.layers.content import iter_contents
from layerscope.layers.entry import EntryType
from layerscope.layers.limits import MIB
from layerscope.progress import Progress

FILE_LIMIT: Final = 2 * MIB
"""Bytes of a file that is looked into."""

TOTAL_LIMIT: Final = 128 * MIB
"""Bytes of all files of one image that are held at a time."""

_TOO_LARGE: Final = ContentDiff("bytes", remark=f"larger than {FILE_LIMIT // MIB} MiB, which is not looked into")
_TOO_MANY: Final = ContentDiff("bytes", remark="not looked into: the files before it fill the limit")
_CREDENTIALS: Final = ContentDiff("credentials", remark="holds credentials, which are not shown")

_EXTRACTOR: Final = SecretExtractor()


def compare_changed_contents(
    before: AuditResult, after: AuditResult, changes: Sequence[FileChange], progress: Progress
) -> dict[str, ContentDiff]:
    """What differs inside each file whose content does; raises SourceError, LayerDamageError, DigestMismatchError."""
    found: dict[str, ContentDiff] = {}
    chosen: list[FileChange] = []
    left = TOTAL_LIMIT
    for change in changes:
        size = _find_size(change)
        if size is None:
            continue
        if size > FILE_LIMIT or size > left:
            found[change.path] = _TOO_LARGE if size > FILE_LIMIT else _TOO_MANY
            continue
        left -= size
        chosen.append(change)
    progress.note(f"comparing the contents of {len(chosen):,} files")
    one = _read_contents(before, [change.before for change in chosen if change.before is not None])
    other = _read_contents(after, [change.after for change in chosen if change.after is not None])
    work = Work()
    return found | {change.path: _compare(change.path, one, other, work) for change in chosen}


def compare_shadow_files(
    before: AuditResult, after: AuditResult, changes: Sequence[FileChange], progress: Progress
) -> dict[str, ContentDiff]:
    """The same for the files of passwords alone; none where the layers can be read only once."""
    chosen = [change for change in changes if change.path in SHADOW_FILES]
    try:
        return compare_changed_contents(before, after, chosen, progress) if chosen else {}
    except SourceError:
        return {}


def _find_size(change: FileChange) -> int | None:
    """Bytes of the larger of two files whose contents differ; None for anything else."""
    if Aspect.CONTENT not in change.aspects or change.before is None or change.after is None:
        return None
    if change.before.type is not EntryType.FILE or change.after.type is not EntryType.FILE:
        return None
    return max(change.before.size, change.after.size)


def _compare(path: str, before: Mapping[str, bytes], after: Mapping[str, bytes], work: Work) -> ContentDiff:
    one, other = before[path], after[path]
    if path in SHADOW_FILES:
        return compare_shadow(one, other)
    if any(_EXTRACTOR.extract(path, content, size=len(content), mode=0) for content in (one, other)):
        return _CREDENTIALS
    return compare_contents(path, one, other, work)


def _read_contents(result: AuditResult, nodes: Sequence[Node]) -> dict[str, bytes]:
    """The content of each of these nodes by its path, each layer read once."""
    wanted: dict[int, dict[int, list[Node]]] = {}
    for node in nodes:
        wanted.setdefault(node.content_layer, {}).setdefault(node.content_position, []).append(node)
    return {
        node.path: content
        for layer, places in sorted(wanted.items())
        for position, content in _iter_layer(result, layer, places)
        for node in places[position]
    }


def _iter_layer(result: AuditResult, layer: int, places: Mapping[int, Sequence[Node]]) -> Iterator[tuple[int, bytes]]:
    scan = result.layers[layer].scan
    assert scan is not None, "a node lies in a layer that was read"
    for position, pieces in iter_contents(result.image.layers[layer], scan.index, places):
        content = b"".join(pieces)
        if hashlib.sha256(content).digest() != places[position][0].digest:
            raise DigestMismatchError(
                f"reading /{places[position][0].path} from layer {layer}: its content is not what was read before"
            )
        yield position, content
