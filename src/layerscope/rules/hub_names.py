"""By what a model of the hub is named for the process of an image that holds it."""

from layerscope.facts.config.hub_models import HubModel
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.distributions import Distribution
from layerscope.facts.python.named_models import NamedModel

CLIENT = "huggingface-hub"


def has_client(facts: FactSet) -> bool:
    """Whether the image has the client that heeds the hub's variables."""
    return any(each.key == CLIENT for each in facts.of(Distribution))


def tell_name(facts: FactSet, model: HubModel) -> str:
    """The words in which the model is named; empty where nothing asks the hub's client for it."""
    if model.told:
        return model.told
    for each in facts.of(NamedModel):
        if each.value == model.name and (each.revision or "main") in model.revisions:
            is_quiet = each.is_local and model.is_found
            return "" if is_quiet else f"named by {each.call} in /{each.evidence.path}"
    return ""
