"""A credential in an example has a name that a shell takes for a variable."""

import pytest

from layerscope.facts.config.secrets import ConfigSecret, SecretPlace
from layerscope.facts.fact import Evidence
from layerscope.rules.credentials import name_credential, tell_mount


def _make_secret(name: str) -> ConfigSecret:
    return ConfigSecret(Evidence(), SecretPlace.LABEL, name, "token", 40, is_certain=True)


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("HF_TOKEN", "HF_TOKEN"),
        ("_token1", "_token1"),
        ("api-key", "API_KEY"),
        ("com.example/token", "COM_EXAMPLE_TOKEN"),
        ("1token", "_1TOKEN"),
        ("clé", "CL_"),
        ("ключ", "TOKEN"),
        ("token²", "TOKEN_"),
        ("---", "TOKEN"),
        ("", "TOKEN"),
    ],
)
def test_a_credential_is_named_as_a_variable(name: str, variable: str) -> None:
    """What is one stays; letters are ASCII ones, and no digit is first."""
    assert name_credential(_make_secret(name)) == variable


def test_a_mount_names_the_variable() -> None:
    """And the secret by its name in small letters."""
    assert tell_mount(_make_secret("1token")) == "RUN --mount=type=secret,id=_1token,env=_1TOKEN …"
