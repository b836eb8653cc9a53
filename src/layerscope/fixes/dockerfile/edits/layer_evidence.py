"""What the layer of a later step shows: whether it changed the packages of the system, whatever its words say."""

import re
from typing import Final

from layerscope.facts.system.commands import base_name, find_shell_script, is_python, split_commands, strip_wrappers
from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.formats.dockerfile import Instruction
from layerscope.formats.shell_words import LEADING
from layerscope.layers.index import LayerIndex

_DATABASES: Final = {
    "var/lib/dpkg": re.compile(r"status"),
    "lib/apk/db": re.compile(r"installed"),
    "usr/lib/apk/db": re.compile(r"installed"),
    "var/lib/rpm": re.compile(r".+"),
    "usr/lib/sysimage/rpm": re.compile(r".+"),
    "var/cache/apt/archives": re.compile(r".+\.deb"),
}
"""By folder: what a package manager writes there when it installs or removes."""

_WITHOUT_INDEX: Final = re.compile(
    r"\b(?:dpkg|rpm)\s|\bapt(?:-get|itude)?\s(?:[^&;|]*\s)?(?:remove|purge|auto-?remove|mark|hold)\b"
    r"|\bapk\s(?:[^&;|]*\s)?del\b"
)
"""What changes packages without an index."""

_INTERPRETERS: Final = frozenset({"node", "nodejs", "perl", "php", "ruby"})
_TELLING: Final = (["--version"], ["-version"], ["-V"], ["-v"], ["--help"])
_MODULES: Final = tuple(["-m", name] for name in ("pip", "venv", "ensurepip", "compileall"))
_SHELLS_DEEP: Final = 3
"""Shells in one another whose texts are read."""


def changes_packages(instruction: Instruction, matched: MatchedDockerfile) -> bool | None:
    """Whether the layer that an instruction made has other packages; None where no layer of it is known."""
    layers = (each.step.layer for each in matched.matches if each.instruction.number == instruction.number)
    layer = next(layers, None)
    if layer is None or matched.tree is None:
        return None
    return _has_changes(matched.tree.stack.indexes[layer])


def tells_change(text: str) -> bool:
    """Whether a text changes packages by what needs no index, and by nothing that could hide more."""
    return _WITHOUT_INDEX.search(text) is not None and not runs_program(text)


def runs_program(text: str, depth: int = _SHELLS_DEEP) -> bool:
    """Whether a text runs a program of Python or another language, which may call a package manager."""
    for words in split_commands(text):
        while words and (words[0] in LEADING or words[0] == "sudo" or words[0].startswith("-")):
            del words[0]
        stripped = strip_wrappers(words)
        inner = find_shell_script(stripped)
        if _is_program(stripped) if inner is None else depth and runs_program(inner, depth - 1):
            return True
    return False


def _is_program(words: list[str]) -> bool:
    name, rest = base_name("".join(words[:1])), words[1:]
    if rest in _TELLING or rest[:2] in _MODULES:
        return False
    return is_python(name) or name in _INTERPRETERS


def _has_changes(index: LayerIndex) -> bool:
    for directory, start, stop in index.iter_runs():
        name = _DATABASES.get(directory)
        paths = () if name is None else (index.paths[place] for place in range(start, stop))
        if name is not None and any(name.fullmatch(base_name(path)) for path in paths):
            return True
    return False
