"""Fixes that `layerscope fix --apply --layers` makes itself, in the layers as they are."""

from collections.abc import Iterable
from typing import Final

from layerscope.facts.layers.endings import EndedFiles
from layerscope.facts.layers.package_caches import PackageCache
from layerscope.rules.fix import Fix, FixKind, Safety
from layerscope.rules.layer_edit import DropCache, DropHidden, DropPath
from layerscope.rules.wording import tell_list, tell_path, tell_size

COMMAND: Final = "layerscope fix IMAGE --apply --layers --to DESTINATION"
_STEPS: Final = (f"{COMMAND}   (writes a new image from the layers of this one; every other file stays as it is)",)


def drop_hidden(step: EndedFiles) -> Fix:
    """Leave out what a step ends; a container sees the same files as before."""
    title = f"Leave the {tell_size(step.size)} out of the layers themselves, without a build"
    return Fix(title, _STEPS, Safety.SAFE, FixKind.LAYER_EDIT, (DropHidden(step.ending, step.layer),))


def drop_caches(caches: Iterable[PackageCache], safety: Safety) -> Fix:
    """Leave caches out, wherever they lie."""
    caches = tuple(caches)
    title = f"Leave the {tell_size(sum(cache.size for cache in caches))} out of the layers themselves, without a build"
    edits = tuple(dict.fromkeys(DropCache(cache.kind, cache.path) for cache in caches))
    return Fix(title, _STEPS, safety, FixKind.LAYER_EDIT, edits)


def drop_paths(paths: Iterable[str], remark: str = "") -> Fix:
    """Leave paths (without leading slash) out of every layer; somebody has to know that nothing needs them."""
    paths = tuple(dict.fromkeys(paths))
    title = f"Leave {tell_list(map(tell_path, paths))} out of every layer, without a build"
    steps = (f"{COMMAND} --reviewed   (writes a new image; every other file stays as it is)", *filter(None, (remark,)))
    return Fix(title, steps, Safety.REVIEW, FixKind.LAYER_EDIT, tuple(map(DropPath, paths)))
