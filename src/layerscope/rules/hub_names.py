"""By what a model of the hub is named for the process of an image that holds it."""

from layerscope.facts.config.hub_models import HubModel
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.distributions import Distribution
from layerscope.facts.python.named_models import NamedModel

CLIENT = "huggingface-hub"


def has_client(facts: FactSet) -> bool:
    """Whether the image has the client that heeds the hub's variables."""
    return any(each.key == CLIENT for each in facts.of(Distribution))


def needs_more(facts: FactSet, model: HubModel) -> bool:
    """Whether the process asks for something of the hub that is not in the model's cache: it has to stay open."""
    asked = (each.value for each in facts.of(NamedModel) if not each.is_local and not each.value.startswith(("/", ".")))
    return model.needs_more or not all(_is_cached(name, model) for name in asked)


def _is_cached(name: str, model: HubModel) -> bool:
    """Whether a cache has a repository; clients of some libraries put an owner before a plain name."""
    return name == model.name or any(name in {each, each.rpartition("/")[2]} for each in model.cached)


def tell_name(facts: FactSet, model: HubModel) -> str:
    """The words in which the model is named; empty where nothing asks the hub's client for it."""
    if not model.is_known:
        return ""
    if model.told:
        return model.told
    for each in facts.of(NamedModel):
        if each.value == model.name and (each.revision or "main") in model.revisions:
            is_quiet = each.is_local and model.is_found
            return "" if is_quiet else f"named by {each.call} in /{each.evidence.path}"
    return ""
