"""CONF003 secret-in-history: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.config.secrets import ConfigSecret, SecretPlace
from layerscope.facts.fact import Evidence
from layerscope.rules.config.secret_in_history import SecretInHistory
from layerscope.rules.severity import Confidence
from support.cases import flags, ignores


def secret(place: SecretPlace, *, layer: int | None = 2) -> ConfigSecret:
    """A token that step 5 records."""
    return ConfigSecret(Evidence(layer), place, "TOKEN", "GitHub token", 40, is_certain=True, step=5, layer=layer)


def test_flags_a_build_argument() -> None:
    """The message says for which layer it is recorded, and the fix how to give it to the build instead."""
    (finding,) = flags(SecretInHistory, secret(SecretPlace.BUILD_ARGUMENT))
    assert finding.message == (
        "The history entry for layer 2 records a GitHub token in the build argument TOKEN (40 characters)"
    )
    assert finding.confidence is Confidence.HIGH
    assert finding.fixes[0].steps[1].endswith("RUN --mount=type=secret,id=token,env=TOKEN …   in place of ARG TOKEN")


def test_flags_an_instruction_without_a_layer() -> None:
    """An ENV that was emptied later is still recorded."""
    (finding,) = flags(SecretInHistory, secret(SecretPlace.HISTORY, layer=None))
    assert finding.message.startswith("The history entry number 6, without a layer, records a GitHub token")


def test_names_what_an_instruction_calls_the_credential() -> None:
    """There is no ARG where a command has it, and an option's name becomes one that a variable can have."""
    option = replace(secret(SecretPlace.HISTORY), name="api-token", kind="token", length=12)
    (finding,) = flags(SecretInHistory, option)
    assert finding.message == (
        "The history entry for layer 2 records a token as api-token in its instruction (12 characters)"
    )
    assert (
        finding.fixes[0]
        .steps[1]
        .endswith("RUN --mount=type=secret,id=api_token,env=API_TOKEN …   in place of the value in the instruction")
    )
    (finding,) = flags(SecretInHistory, replace(option, name=""))
    assert finding.message == "The history entry for layer 2 records a token in its instruction (12 characters)"


def test_ignores_what_the_config_still_sets() -> None:
    """That is CONF002's."""
    ignores(SecretInHistory, secret(SecretPlace.ENVIRONMENT))
