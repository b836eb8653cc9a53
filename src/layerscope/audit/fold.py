"""The fold: what all layers of an image amount to together, found once for as long as neither they nor it change."""

import hashlib
from dataclasses import replace
from typing import Final

import msgspec

from layerscope.audit.code_digest import digest_code
from layerscope.audit.contents import collect_contents
from layerscope.audit.read_image import ReadImage, cache_fingerprint
from layerscope.errors import CacheError
from layerscope.facts.context import FactContext
from layerscope.facts.fact_set import FactSet
from layerscope.facts.image_facts import ImageFacts, decode_image_facts, encode_image_facts
from layerscope.facts.registry import COLLECTORS
from layerscope.facts.run import collect_facts
from layerscope.image.image import Image
from layerscope.layers.cache import LayerCache
from layerscope.layers.scan import LayerScan, Proof
from layerscope.policies.policies import Policies
from layerscope.progress import Progress

BUILT_IN: Final = Policies()

_COLLECTED_ANEW: Final = tuple(collector for collector in COLLECTORS if collector.sees_claims)


def fold_image(
    read: ReadImage,
    *,
    base_layers: int,
    cache: LayerCache,
    progress: Progress,
    jobs: int = 1,
    policies: Policies = BUILT_IN,
) -> ImageFacts:
    """The image's weight, facts and gaps; from the cache where the same layers and config were folded before."""
    name = name_fold(read, base_layers, policies)
    known = cache.find_image(name, decode_image_facts) if name is not None else None
    if known is None:
        context = FactContext(*_hide_claims(read), read.steps, base_layers, policies)
        known = collect_contents(context, progress, jobs=jobs)
        if name is not None and not any(gap.is_own_failure for gap in known.gaps):
            _keep(name, known, cache)
    context = FactContext(read.image, read.scans, read.steps, base_layers, policies)
    facts, gaps = collect_facts(context, collectors=_COLLECTED_ANEW)
    return ImageFacts(known.weight, FactSet([*known.facts, *facts]), (*known.gaps, *gaps))


def name_fold(read: ReadImage, base_layers: int, policies: Policies = BUILT_IN) -> str | None:
    """The name under which the fold is kept: all that it follows from, hashed; None where a layer is not known whole.

    That is what lies in the layers (their DiffIDs) and what is taken out of them, the config, how many layers are the
    base image's, the tables of outside knowledge, and the code.
    """
    if any(scan.damage is not None or scan.diff_id is None for scan in read.scans):
        return None
    layers = [str(scan.diff_id) for scan in read.scans]
    parts = (digest_code(), policies.digest, cache_fingerprint(), layers, base_layers, read.image.config)
    try:
        return hashlib.sha256(msgspec.msgpack.encode(parts)).hexdigest()
    except (ValueError, OverflowError):  # a config with text or numbers that msgpack has no form for
        return None


def _hide_claims(read: ReadImage) -> tuple[Image, tuple[LayerScan, ...]]:
    """The image and its layers without what is not a part of the name of their fold."""
    image = replace(
        read.image, reference="", source="", manifest=None, manifest_digest=None, index_digest=None, notes=()
    )
    return image, tuple(replace(scan, blob=None, proof=Proof.READ) for scan in read.scans)


def _keep(name: str, known: ImageFacts, cache: LayerCache) -> None:
    """Keep the fold, unless something in it has no form in the cache: then it is made anew each time."""
    try:
        body = encode_image_facts(known)
    except CacheError:
        return
    cache.keep_image(name, body)
