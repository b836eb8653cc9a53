"""CONF019 model-in-other-cache: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.config.hub_models import HubModel
from layerscope.facts.fact import Evidence
from layerscope.facts.python.named_models import NamedModel
from layerscope.rules.config.model_in_other_cache import ModelInOtherCache
from layerscope.rules.config_edit import SetVariable
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.python_facts import DISTRIBUTION
from support.sample_facts import DAMAGED

CLIENT = replace(DISTRIBUTION, name="huggingface_hub", key="huggingface-hub")
MODEL = HubModel(
    Evidence(1, "opt/hub/models--acme--tiny"),
    "acme/tiny",
    ("main", "abc"),
    "named by `vllm serve` in the image's command",
    is_decided=False,
    is_offline=False,
    cache="/opt/hub",
    place="/home/app/.cache/huggingface/hub",
    is_readable=True,
)


def test_flags_a_model_in_a_cache_that_the_client_does_not_look_in() -> None:
    """One variable leads it there, and another keeps it from asking for what it has."""
    (finding,) = flags(ModelInOtherCache, MODEL, CLIENT)
    assert finding.message == (
        "acme/tiny, named by `vllm serve` in the image's command, lies in /opt/hub, and the client looks in "
        "/home/app/.cache/huggingface/hub, so that every new container fetches it again"
    )
    assert finding.severity is Severity.MEDIUM
    assert finding.fixes[0].edits == (SetVariable("HF_HUB_CACHE", "/opt/hub"), SetVariable("HF_HUB_OFFLINE", "1"))


def test_flags_a_client_that_may_ask_nobody_the_worse() -> None:
    """It does not start."""
    (finding,) = flags(ModelInOtherCache, replace(MODEL, is_offline=True, is_decided=True), CLIENT)
    assert finding.severity is Severity.HIGH
    assert finding.message.endswith("and may ask nobody")
    assert finding.fixes[0].edits == (SetVariable("HF_HUB_CACHE", "/opt/hub"),)


def test_flags_a_cache_that_the_command_names_and_leaves_the_cure_to_a_person() -> None:
    """No variable of the config wins over it."""
    (finding,) = flags(ModelInOtherCache, replace(MODEL, is_led=True), CLIENT)
    assert finding.fixes[0].edits == ()
    assert finding.fixes[0].steps[0].startswith("Set HF_HUB_CACHE=/opt/hub where the command ")


def test_flags_a_model_beside_what_has_to_be_fetched_and_leaves_the_hub_open() -> None:
    """A tokenizer that the cache lacks would not come."""
    (finding,) = flags(ModelInOtherCache, replace(MODEL, needs_more=True), CLIENT)
    assert finding.fixes[0].edits == (SetVariable("HF_HUB_CACHE", "/opt/hub"),)


def test_flags_a_cache_that_the_user_may_not_read() -> None:
    """No variable alone helps: there is a step for a person."""
    (finding,) = flags(ModelInOtherCache, replace(MODEL, is_readable=False), CLIENT)
    assert finding.fixes[0].edits == ()
    assert finding.fixes[0].steps[0].startswith("RUN chmod -R a+rX /opt/hub")


def test_flags_a_model_that_a_script_names_and_asks_nobody_for() -> None:
    """What lies elsewhere it does not find."""
    script = NamedModel(Evidence(2, "app/main.py"), "from_pretrained", "acme/tiny", is_local=True)
    (finding,) = flags(ModelInOtherCache, replace(MODEL, told=""), CLIENT, script)
    assert "named by from_pretrained in /app/main.py" in finding.message


def test_ignores_what_the_client_finds_or_nobody_asks_for() -> None:
    """The same cache, a copy in it, a volume there, another model, no client, or a layer that may hold it."""
    found = replace(MODEL, cache=MODEL.place)
    ignores(ModelInOtherCache, found, CLIENT)
    ignores(ModelInOtherCache, MODEL, found, CLIENT)
    ignores(ModelInOtherCache, replace(MODEL, is_volume=True), CLIENT)
    ignores(ModelInOtherCache, replace(MODEL, told=""), CLIENT)
    ignores(ModelInOtherCache, replace(MODEL, is_known=False), CLIENT)
    ignores(ModelInOtherCache, MODEL)
    ignores(ModelInOtherCache, MODEL, CLIENT, DAMAGED)
