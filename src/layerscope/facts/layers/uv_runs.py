"""Whether `uv run` starts what an environment holds already, and so reads nothing of uv's cache.

Tried with uv 0.13: with `--no-sync` it asks for nothing, unless an option names more packages, or a script does.
https://docs.astral.sh/uv/reference/cli/#uv-run, https://peps.python.org/pep-0723/
"""

import re
from collections.abc import Sequence
from typing import Final

_NO_SYNC: Final = "--no-sync"
_VARIABLE: Final = "UV_NO_SYNC"
_YES: Final = frozenset({"1", "true", "t", "yes", "y", "on"})
_FLAGS: Final = frozenset({
    _NO_SYNC, "--active", "--all-extras", "--all-groups", "--frozen", "--locked", "--module", "--no-cache",
    "--no-config", "--no-default-groups", "--no-dev", "--no-editable", "--no-env-file", "--no-progress", "--offline",
    "--quiet", "--verbose", "-m", "-n", "-q", "-v",
})  # fmt: skip
_VALUED: Final = frozenset({
    "--color", "--config-file", "--directory", "--env-file", "--extra", "--group", "--no-group", "--only-group",
    "--package", "--project",
})  # fmt: skip
_SCRIPT: Final = re.compile(r"(?i)-|.*://.*|.*\.pyw?")
"""What may name packages of its own in its first lines."""


def keeps_environment(words: Sequence[str], environment: Sequence[str]) -> bool:
    """Whether the words behind `uv run` start a program of the environment as it is; unknown options do not."""
    is_held, rest = any(map(_is_set, environment)), list(words)
    while rest and rest[0].startswith("-") and rest[0] not in {"-", "--"}:
        option, sign, _ = rest.pop(0).partition("=")
        is_held |= option == _NO_SYNC
        if option in _VALUED:
            del rest[: 0 if sign else 1]
        elif option not in _FLAGS:
            return False
    target = next((word for word in rest if word != "--"), "")
    return is_held and bool(target) and _SCRIPT.fullmatch(target) is None


def _is_set(entry: str) -> bool:
    """Whether an entry of the environment has uv leave its environments as they are."""
    name, _, value = entry.partition("=")
    return name == _VARIABLE and value.lower() in _YES
