"""What of a probe depends on the image's own model: whether it is asked for, and what is said of it."""

from msgspec.structs import replace

from layerscope.probe.collect import MODEL, VISIBILITY
from layerscope.probe.model_search import Search
from layerscope.probe.observation import Observation
from layerscope.probe.spec import ProbeSpec


def ask_for_model(spec: ProbeSpec, search: Search) -> ProbeSpec:
    """The same, with the role of the model before the last one."""
    if search.target is None:
        return spec
    if not {"torch", "transformers"} <= set(spec.modules):
        return spec
    others = tuple(role for role in spec.roles if role != VISIBILITY)
    last = tuple(role for role in spec.roles if role == VISIBILITY)
    return replace(spec, roles=(*others, MODEL, *last), model=search.target)


def with_model(seen: Observation, search: Search) -> Observation:
    """The observation, with the model and how it was found."""
    target = search.target
    if target is None:
        return replace(seen, model=search.reason)
    return replace(seen, model=f"{target.name or target.folder}, {target.evidence}")
