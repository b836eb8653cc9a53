"""The key of a server, out of an environment variable: on a command line it would be seen."""

import os
from typing import Final

from layerscope.errors import UsageError
from layerscope.probe.serving_spec import ApiKey

KEY_CHARACTERS: Final = 4096


def read_key(variable: str | None) -> ApiKey:
    """The key that the variable holds, none without a variable; raises UsageError where it cannot be one."""
    if variable is None:
        return ApiKey()
    key = os.environ.get(variable, "").strip()
    if not key:
        raise UsageError(f"reading the key: expected it in the environment variable {variable}, which is not set")
    if len(key) > KEY_CHARACTERS or not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError(f"reading the key: the value of {variable} is none: expected one word of ASCII")
    return ApiKey(key)
