"""What rules say alike of a credential in the config."""

import re
from typing import Final

from layerscope.facts.config.secrets import ConfigSecret, SecretPlace
from layerscope.rules.config_edit import HideCredentials, SetVariable
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.layer_fixes import COMMAND
from layerscope.rules.severity import Confidence

REVOKE: Final = "Revoke it where it was issued: whoever has the image has it."
"""The first step of every cure."""

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""A name that every shell takes for a variable's: POSIX, Base Definitions, "Name"."""


def take_out(secret: ConfigSecret) -> tuple[Fix, ...]:
    """The fix in the config as it is, for a place that no container needs or a variable that it can get otherwise."""
    if secret.place in {SecretPlace.COMMAND, SecretPlace.HEALTH_CHECK}:
        return ()
    variable = (SetVariable(secret.name),) if secret.place is SecretPlace.ENVIRONMENT and secret.name else ()
    if secret.place is SecretPlace.ENVIRONMENT and not variable:
        return ()
    return (
        Fix(
            "Take credentials out of the config itself, without a build",
            (f"{COMMAND} --reviewed   (no layer changes)", "Revoke them all the same."),
            kind=FixKind.CONFIG_EDIT,
            edits=(*variable, HideCredentials()),
        ),
    )


def judge_confidence(secret: ConfigSecret) -> Confidence:
    """High for a known form, medium where only the name tells, low for a number."""
    if secret.is_certain:
        return Confidence.HIGH
    return Confidence.LOW if secret.is_number else Confidence.MEDIUM


def name_credential(secret: ConfigSecret) -> str:
    """The credential's name as a variable, or one that an example can use."""
    if _VARIABLE.fullmatch(secret.name):
        return secret.name
    name = re.sub(r"[^A-Za-z0-9_]", "_", secret.name).upper()
    if not name.strip("_"):
        return "TOKEN"
    return f"_{name}" if name[0].isdigit() else name


def tell_mount(secret: ConfigSecret) -> str:
    """The step that gets the credential as a build secret."""
    name = name_credential(secret)
    return f"RUN --mount=type=secret,id={name.lower()},env={name} …"
