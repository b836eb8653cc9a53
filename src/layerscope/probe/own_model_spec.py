"""What of a probe depends on the image's own model: whether it is asked for, and what is said of it."""

from typing import Final

from msgspec.structs import replace

from layerscope.probe.collect import BATCH, MODEL, VISIBILITY
from layerscope.probe.model_search import Search
from layerscope.probe.observation import Observation
from layerscope.probe.spec import ProbeSpec

MOST_BATCH: Final = 1 << 16
"""Texts at once from which on no more are tried."""


def ask_for_model(spec: ProbeSpec, search: Search) -> ProbeSpec:
    """The same, with the role of the model before the last one."""
    if search.target is None or not {"torch", "transformers"} <= set(spec.modules):
        return spec
    return replace(_insert(spec, MODEL), model=search.target)


def ask_for_batch(spec: ProbeSpec) -> ProbeSpec:
    """The same, with the role of the largest batch if one is asked for; that takes PyTorch."""
    return _insert(spec, BATCH) if spec.max_batch and "torch" in spec.modules else spec


def _insert(spec: ProbeSpec, role: str) -> ProbeSpec:
    """The role behind all others but the last one, which says nothing of a generation."""
    others = tuple(each for each in spec.roles if each != VISIBILITY)
    return replace(spec, roles=(*others, role, *spec.roles[len(others) :]))


def with_model(seen: Observation, search: Search) -> Observation:
    """The observation, with the model and how it was found."""
    target = search.target
    if target is None:
        return replace(seen, model=search.reason)
    return replace(seen, model=f"{target.name or target.folder}, {target.evidence}")
