"""Variables and options that set how much a program tells, and the levels of them that hide what goes wrong."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

DEFAULTS: Final[Mapping[str, str]] = {
    "TRANSFORMERS_VERBOSITY": "warning",
    "HF_HUB_VERBOSITY": "warning",
    "VLLM_LOGGING_LEVEL": "INFO",
    "RUST_LOG": "info",
    "TORCH_CPP_LOG_LEVEL": "warning",
    "UCX_LOG_LEVEL": "warn",
}
"""What programs take without the variable, or what their documentation advises.

https://huggingface.co/docs/transformers/main_classes/logging,
https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables,
https://docs.vllm.ai/en/latest/configuration/env_vars/, https://docs.rs/env_logger/,
`caffe2_log_level` in c10/util/Logging.cpp of PyTorch, which https://docs.pytorch.org/docs/stable/debugging_environment_variables.html
names, and "LOG_LEVEL" in src/ucs/config/global_opts.c of UCX, which `ucx_info -f` prints.
"""

OPTIONS: Final = frozenset({"--log-level", "--log_level", "--loglevel", "--uvicorn-log-level"})
"""Options of uvicorn, hypercorn, gunicorn, SGLang and vLLM."""

USUAL: Final = "info"

_SHORT: Final = "-l"
"""Sets the level for Celery; for other programs it may be anything, so that its value has to be a level."""

_LEVELS: Final = frozenset({"trace", "debug", "info", "notice", "warn", "warning"})

_NAME: Final = re.compile(r"(?:[A-Z0-9]+_)*LOG_?LEVEL")
_FOR_OTHERS: Final = frozenset({
    "ACCESS", "APT", "BUN", "BUNDLE", "CARGO", "COMPOSER", "CONDA", "COREPACK", "CYPRESS", "GRADLE", "MAMBA", "MAVEN",
    "NPM", "PDM", "PIP", "PLAYWRIGHT", "PNPM", "POETRY", "UV", "YARN",
})  # fmt: skip
"""Words in the names of variables that are not of a server's own log: of programs that install or test, and of the
list of requests, in which a failing one is no error."""

_HIDES_ERRORS: Final = frozenset({"critical", "fatal", "off", "none"})
_HIDES_WARNINGS: Final = frozenset({"error"})


class QuietLevel(Struct, frozen=True):
    """A level that hides errors, or warnings alone, and the one to put in its place."""

    value: str
    better: str
    hides_errors: bool


def find_quiet_variable(name: str, value: str) -> QuietLevel | None:
    """What a variable hides; None where it is of no log, or hides nothing that matters."""
    is_level = name in DEFAULTS or (_NAME.fullmatch(name) is not None and _FOR_OTHERS.isdisjoint(name.split("_")))
    return _find_quiet(value, DEFAULTS.get(name, USUAL)) if is_level else None


def find_quiet_option(words: Sequence[str]) -> tuple[str, QuietLevel] | None:
    """The first option of a command that hides something, and what."""
    for word, following in zip(words, (*words[1:], ""), strict=False):
        option, equals, value = word.partition("=")
        level = _find_quiet(value if equals else following, USUAL) if option in OPTIONS else None
        if level is not None:
            return option, level
    return None


def sets_level(words: Sequence[str]) -> bool:
    """Whether a command says itself how much is told, in words that name no variable."""
    for word, following in zip(words, (*words[1:], ""), strict=False):
        option, equals, value = word.partition("=")
        given = value if equals else following
        if option in OPTIONS - {"--uvicorn-log-level"} and given and "$" not in given and not given.startswith("-"):
            return True
        if option == _SHORT and given.lower() in _LEVELS:
            return True
    return False


def is_general(name: str) -> bool:
    """Whether a variable is one that a program's own option wins over, as far as its name tells."""
    return name not in DEFAULTS


def _find_quiet(value: str, usual: str) -> QuietLevel | None:
    """A level that hides something, with the usual one in the letters in which it is written."""
    plain = value.strip().lower()
    if plain not in _HIDES_ERRORS | _HIDES_WARNINGS:
        return None
    return QuietLevel(value, usual.upper() if value.isupper() else usual.lower(), plain in _HIDES_ERRORS)
