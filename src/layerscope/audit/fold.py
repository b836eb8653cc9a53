"""The fold: what all layers of an image amount to together, found once for as long as neither they nor it change."""

import hashlib
from typing import Final

import msgspec

from layerscope import __version__
from layerscope.audit.read_image import ReadImage, cache_fingerprint
from layerscope.errors import CacheError
from layerscope.facts.context import FactContext
from layerscope.facts.fact_set import FactSet
from layerscope.facts.image_facts import ImageFacts, decode_image_facts, encode_image_facts
from layerscope.facts.registry import COLLECTORS
from layerscope.facts.run import collect_facts
from layerscope.layers.cache import LayerCache
from layerscope.progress import Progress

FOLD_VERSION: Final = 1
"""Raised whenever the same layers would be merged, weighed or recorded differently."""

_KEPT: Final = tuple(collector for collector in COLLECTORS if collector.is_kept)
_NEVER_KEPT: Final = tuple(collector for collector in COLLECTORS if not collector.is_kept)


def fold_image(read: ReadImage, *, base_layers: int, cache: LayerCache, progress: Progress) -> ImageFacts:
    """The image's weight, facts and gaps; from the cache where the same layers and config were folded before."""
    context = FactContext(read.image, read.scans, read.steps, base_layers)
    name = name_fold(read, base_layers)
    known = cache.find_image(name, decode_image_facts) if name is not None else None
    if known is None:
        known = _fold(context, progress)
        if name is not None and not any(gap.is_own_failure for gap in known.gaps):
            _keep(name, known, cache)
    facts, gaps = collect_facts(context, collectors=_NEVER_KEPT)
    return ImageFacts(known.weight, FactSet([*known.facts, *facts]), (*known.gaps, *gaps))


def name_fold(read: ReadImage, base_layers: int) -> str | None:
    """The name under which the fold is kept: all that it follows from, hashed; None where a layer is not known whole.

    That is what lies in the layers (their DiffIDs), what is taken out of them, the config, how many layers are the
    base image's, and the versions of all that has a say in it.
    """
    if any(scan.damage is not None or scan.diff_id is None for scan in read.scans):
        return None
    versions = [f"{collector.name}={collector.version}" for collector in _KEPT]
    layers = [str(scan.diff_id) for scan in read.scans]
    parts = (FOLD_VERSION, __version__, versions, cache_fingerprint(), layers, base_layers, read.image.config)
    try:
        return hashlib.sha256(msgspec.msgpack.encode(parts)).hexdigest()
    except (ValueError, OverflowError):  # a config with text or numbers that msgpack has no form for
        return None


def _fold(context: FactContext, progress: Progress) -> ImageFacts:
    progress.note("merging and weighing layers")
    weight = context.weight
    progress.note("collecting facts")
    facts, gaps = collect_facts(context, collectors=_KEPT)
    return ImageFacts(weight, facts, gaps)


def _keep(name: str, known: ImageFacts, cache: LayerCache) -> None:
    """Keep the fold, unless something in it has no form in the cache: then it is made anew each time."""
    try:
        body = encode_image_facts(known)
    except CacheError:
        return
    cache.keep_image(name, body)
