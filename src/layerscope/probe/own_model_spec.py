"""What of a probe depends on the image's own model: whether it is asked for, and what is said of it."""

from typing import Final

from msgspec.structs import replace

from layerscope.probe.collect import BATCH, MODEL, VISIBILITY
from layerscope.probe.model_search import Search
from layerscope.probe.spec import ProbeSpec

MOST_BATCH: Final = 1 << 16
"""Texts at once from which on no more are tried."""


def ask_for_model(spec: ProbeSpec, search: Search) -> ProbeSpec:
    """The same, with the role of the model before the last one, if there is one and something to load it with.

    One that is nowhere, and that nobody may be asked for, is looked up all the same: then it is what broke.
    """
    target, spec = search.target, replace(spec, hub=search.hub)
    if target is None:
        spec = replace(spec, model_note=search.reason)
        is_tried = search.absent is not None and {"torch", "transformers"} <= set(spec.modules)
        return replace(_insert(spec, MODEL), model=search.absent) if is_tried else spec
    note = f"{target.name or target.folder}, {target.evidence}"
    if not {"torch", "transformers"} <= set(spec.modules):
        return replace(spec, model_note=f"{note}; not tried: the image has no torch with transformers")
    return replace(_insert(spec, MODEL), model=target, model_note=note)


def ask_for_batch(spec: ProbeSpec) -> ProbeSpec:
    """The same, with the role of the largest batch if one is asked for; that takes PyTorch."""
    return _insert(spec, BATCH) if spec.max_batch and "torch" in spec.modules else spec


def _insert(spec: ProbeSpec, role: str) -> ProbeSpec:
    """The role before the one that looks at logs, so that all that generate come first."""
    place = spec.roles.index(VISIBILITY) if VISIBILITY in spec.roles else len(spec.roles)
    return replace(spec, roles=(*spec.roles[:place], role, *spec.roles[place:]))
