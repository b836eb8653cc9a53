"""CONF016 needless-hub-request: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.config.hub_models import HubModel
from layerscope.facts.fact import Evidence
from layerscope.facts.python.named_models import NamedModel
from layerscope.rules.config.needless_hub_request import NeedlessHubRequest
from layerscope.rules.config_edit import SetVariable
from support.cases import flags, ignores
from support.python_facts import DISTRIBUTION
from support.sample_facts import DAMAGED

CLIENT = replace(DISTRIBUTION, name="huggingface_hub", key="huggingface-hub")
MODEL = HubModel(
    Evidence(1, "root/.cache/huggingface/hub/models--acme--tiny"),
    "acme/tiny",
    ("main", "abc"),
    "named by `vllm serve` in the image's command",
    is_decided=False,
    is_offline=False,
    cache="/root/.cache/huggingface/hub",
    place="/root/.cache/huggingface/hub",
    is_readable=True,
)
LOADED = NamedModel(Evidence(2, "app/main.py"), "from_pretrained", "acme/tiny")


def test_flags_a_model_that_lies_there() -> None:
    """One variable keeps the client from asking."""
    (finding,) = flags(NeedlessHubRequest, MODEL, CLIENT)
    assert finding.message == (
        "acme/tiny, named by `vllm serve` in the image's command, is whole in the image's cache, and HF_HUB_OFFLINE "
        "is not set: every start asks the hub for it"
    )
    assert finding.fixes[0].edits == (SetVariable("HF_HUB_OFFLINE", "1"),)


def test_flags_a_model_that_the_script_loads() -> None:
    """By the call that names it."""
    (finding,) = flags(NeedlessHubRequest, replace(MODEL, told=""), CLIENT, LOADED)
    assert "named by from_pretrained in /app/main.py" in finding.message


def test_flags_what_is_loaded_beside_other_things_that_are_there() -> None:
    """In the cache, or on the disk."""
    words = replace(LOADED, value="words")
    for beside in (words, replace(LOADED, value="/srv/words"), replace(LOADED, value="acme/other", is_local=True)):
        flags(NeedlessHubRequest, replace(MODEL, cached=("acme/tiny", "acme/words")), CLIENT, LOADED, beside)


def test_ignores_what_is_decided() -> None:
    """By a variable, whatever it says, or by the call itself."""
    ignores(NeedlessHubRequest, replace(MODEL, is_decided=True), CLIENT)
    ignores(NeedlessHubRequest, replace(MODEL, told=""), CLIENT, replace(LOADED, is_local=True))


def test_ignores_what_nothing_asks_for() -> None:
    """Another model, another revision, no client, or a layer that may hold more."""
    ignores(NeedlessHubRequest, replace(MODEL, told=""), CLIENT)
    ignores(NeedlessHubRequest, replace(MODEL, told=""), CLIENT, replace(LOADED, revision="v2"))
    ignores(NeedlessHubRequest, replace(MODEL, is_known=False), CLIENT)
    ignores(NeedlessHubRequest, replace(MODEL, needs_more=True), CLIENT)
    ignores(NeedlessHubRequest, MODEL, CLIENT, replace(LOADED, value="acme/other"))
    ignores(NeedlessHubRequest, replace(MODEL, told="", is_known=False), CLIENT, LOADED)
    ignores(NeedlessHubRequest, MODEL)
    ignores(NeedlessHubRequest, MODEL, CLIENT, DAMAGED)
    ignores(NeedlessHubRequest, replace(MODEL, place="/home/app/.cache/huggingface/hub"), CLIENT)
