"""What rules say alike of a credential in the config."""

from typing import Final

from layerscope.facts.config.secrets import ConfigSecret
from layerscope.rules.severity import Confidence

REVOKE: Final = "Revoke it where it was issued: whoever has the image has it."
"""The first step of every cure."""


def judge_confidence(secret: ConfigSecret) -> Confidence:
    """High for a known form, medium where only the name tells, low for a number."""
    if secret.is_certain:
        return Confidence.HIGH
    return Confidence.LOW if secret.is_number else Confidence.MEDIUM


def name_credential(secret: ConfigSecret) -> str:
    """The credential's name, or one that an example can use."""
    return secret.name or "TOKEN"


def tell_mount(secret: ConfigSecret) -> str:
    """The step that gets the credential as a build secret."""
    name = name_credential(secret)
    return f"RUN --mount=type=secret,id={name.lower()},env={name} …"
