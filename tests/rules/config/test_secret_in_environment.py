"""CONF002 secret-in-environment: what it flags and what it lets pass."""

import pytest

from layerscope.facts.config.secrets import ConfigSecret, SecretPlace
from layerscope.facts.fact import Evidence
from layerscope.rules.config.secret_in_environment import SecretInEnvironment
from layerscope.rules.severity import Confidence, Severity
from support.cases import flags, ignores


def secret(place: SecretPlace, name: str = "HF_TOKEN", *, is_certain: bool = True) -> ConfigSecret:
    """A token of 37 characters."""
    return ConfigSecret(Evidence(), place, name, "Hugging Face token", 37, is_certain)


def test_flags_a_token_in_the_environment() -> None:
    """The message gives kind, name and length, and no value."""
    (finding,) = flags(SecretInEnvironment, secret(SecretPlace.ENVIRONMENT))
    assert finding.message == "The environment variable HF_TOKEN holds a Hugging Face token (37 characters)"
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.HIGH)


@pytest.mark.parametrize("place", [SecretPlace.LABEL, SecretPlace.COMMAND, SecretPlace.HEALTH_CHECK])
def test_flags_the_other_places_of_the_config(place: SecretPlace) -> None:
    """Labels and commands are as public as variables."""
    (finding,) = flags(SecretInEnvironment, secret(place))
    assert place.value in finding.message


def test_is_less_sure_where_only_the_name_tells() -> None:
    """The value may be a default without worth."""
    (finding,) = flags(SecretInEnvironment, secret(SecretPlace.ENVIRONMENT, is_certain=False))
    assert finding.confidence is Confidence.MEDIUM


def test_is_least_sure_of_a_number() -> None:
    """It may be a setting."""
    number = ConfigSecret(Evidence(), SecretPlace.ENVIRONMENT, "PASSWORD", "password", 6, False, is_number=True)
    (finding,) = flags(SecretInEnvironment, number)
    assert finding.confidence is Confidence.LOW


def test_a_credential_without_a_name_is_it() -> None:
    """The cure invents no name that the config does not have."""
    (finding,) = flags(SecretInEnvironment, secret(SecretPlace.COMMAND, ""))
    assert finding.fixes[0].title == "Revoke the credential and pass it at run time"


def test_ignores_what_the_history_records() -> None:
    """That is CONF003's."""
    ignores(SecretInEnvironment, secret(SecretPlace.HISTORY), secret(SecretPlace.BUILD_ARGUMENT))
