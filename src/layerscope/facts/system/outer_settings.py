"""What a process takes variables from beside its own words: files that a shell reads, texts that it evaluates."""

import re
from collections.abc import Sequence
from typing import Final

from layerscope.facts.system.commands import base_name, strip_shell, strip_wrappers
from layerscope.facts.system.launch_words import HUB_VARIABLES, OFFLINE_VARIABLES, SERVER_PROGRAMS
from layerscope.formats.shell_words import UNKNOWN

UNTOLD: Final = ""
"""Stands for what has no plain path: a text that is evaluated, what a command prints, a file of settings."""

_READING: Final = frozenset({".", "source"})
_DECLARING: Final = frozenset({"export", "declare", "typeset"})
_FILLING: Final = frozenset({"chamber", "direnv", "doppler", "dotenv", "infisical"})
"""Programs that put variables into the environment of the command that follows."""

_TOOLS: Final = frozenset({"activate", "conda.sh", "mamba.sh", "nvm.sh", "setup.bash", "setup.sh", "setvars.sh"})
"""Files that lead to programs alone: of environments of Python, of conda, nvm, ROS and oneAPI."""

_ENVIRONMENT_OPTION: Final = "--env-file"
_SETTINGS_OPTION: Final = "--config"
"""A file with further options of a server, among them that of the cache: of vLLM and SGLang."""

_HUB: Final = re.compile(
    rf"{'|'.join((*sorted(HUB_VARIABLES), *OFFLINE_VARIABLES))}"
    r"|(?<!\w)(?:HOME=|(?:eval|source|unset)(?!\w))|^[ \t]*\.[ \t]".encode(),
    re.MULTILINE,
)


def find_sources(words: Sequence[str]) -> tuple[str, ...]:
    """The files from which a command takes variables or options, as it names them."""
    inner = strip_shell(words)
    rest = strip_wrappers(inner)
    options = {word.partition("=")[0] for word in inner}
    has_server = any(base_name(word) in SERVER_PROGRAMS for word in rest[:12])
    if _ENVIRONMENT_OPTION in options or (has_server and _SETTINGS_OPTION in options):
        return (UNTOLD,)
    if rest[:1] == ["eval"] or (rest and (rest[0].startswith(UNKNOWN) or base_name(rest[0]) in _FILLING)):
        return (UNTOLD,)
    if rest and rest[0] in _DECLARING and any(word.startswith(UNKNOWN) for word in rest[1:]):
        return (UNTOLD,)
    if len(rest) > 1 and rest[0] in _READING and base_name(rest[1]) not in _TOOLS:
        return (UNTOLD if "$" in rest[1] or rest[1].startswith("~") else rest[1],)
    return ()


def find_folder(words: Sequence[str]) -> str | None:
    """The folder that a command goes to, empty for one that is not told; None where it goes nowhere."""
    rest = strip_wrappers(strip_shell(words))
    if rest[:1] == ["popd"]:
        return UNTOLD
    if not rest or rest[0] not in {"cd", "pushd"}:
        return None
    named = [word for word in rest[1:] if not word.startswith("-")]
    return named[0] if named else UNTOLD


def names_hub(content: bytes) -> bool:
    """Whether a script may say where the hub's cache is, or whether it may be asked, by itself or by what it reads."""
    return _HUB.search(content) is not None
