"""CONF003 secret-in-history: what it flags and what it lets pass."""

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
    assert "RUN --mount=type=secret,id=token,env=TOKEN" in finding.fixes[0].steps[1]


def test_flags_an_instruction_without_a_layer() -> None:
    """An ENV that was emptied later is still recorded."""
    (finding,) = flags(SecretInHistory, secret(SecretPlace.HISTORY, layer=None))
    assert finding.message.startswith("The history entry number 6, without a layer, records a GitHub token")


def test_ignores_what_the_config_still_sets() -> None:
    """That is CONF002's."""
    ignores(SecretInHistory, secret(SecretPlace.ENVIRONMENT))
