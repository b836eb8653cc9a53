"""What the layer pass keeps of scripts that images start: which package managers' caches they read."""

import re
from dataclasses import dataclass, field
from typing import Final

import msgspec
from msgspec import Struct

from layerscope.facts.system.cache_calls import (
    CacheCall,
    find_cache_calls,
    flatten_quotes,
    tell_python_calls,
    tell_script_calls,
)
from layerscope.facts.system.cache_paths import find_cache_paths
from layerscope.facts.system.entry_names import PYTHON_NAMES
from layerscope.facts.system.script_extractor import is_of_the_system, is_shell_script, may_be_entry
from layerscope.formats.shebang import MAGIC
from layerscope.formats.shell_script import SCRIPT_LIMIT, parse_shell_script
from layerscope.layers.extractor import Wants

STARTED_LIMIT: Final = 40
"""Scripts and modules that one script names."""

_PACKAGES: Final = "-packages/"
_PYTHON: Final = ".py"
_COMMENT: Final = re.compile(r"(?m)(?:^|\s)#.*$")
_LINE_ENDS: Final = re.compile(r"\\\r?\n")
_SCRIPT: Final = re.compile(
    r"(?<![\w.+/-])/?(?:[\w.+-]+/)*[\w+-][\w.+-]*\.(?:sh|py)(?![\w/.-])"
    r"|(?:^|; |\s(?:sh|bash|dash|ash|source|exec|\.)\s)\s*(/(?:[\w.+-]+/)*[\w.+-]+)(?![\w/.-])"
)
"""What is called as scripts are, or stands where a command begins or a shell's script; other words may be secret."""

_MODULE: Final = re.compile(r"(?<![\w-])-m\s+([A-Za-z_]\w*(?:\.\w+)*)|(?<![\w./:-])([A-Za-z_]\w*(?:\.\w+)*):\w+")


class CacheScript(Struct, frozen=True):
    """The calls of a script that need a package manager's cache, paths that may lead into one, and scripts it names."""

    calls: tuple[CacheCall, ...] = ()
    paths: tuple[str, ...] = ()
    started: tuple[str, ...] = ()


@dataclass(frozen=True)
class CacheScriptExtractor:
    """Keeps what a shell script or a program of Python that an image may start does with package managers' caches."""

    name: str = "cache-scripts"
    version: int = 1
    wants: Wants = field(
        default=Wants(
            names=PYTHON_NAMES,
            magics=frozenset({MAGIC.encode()}),
            suffixes=frozenset({".sh"}),
            limit=SCRIPT_LIMIT,
        ),
    )

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """Calls, paths and names, nothing where there are none."""
        del size, mode
        if _PACKAGES in path:
            return None
        is_program = path.rpartition("/")[2] in PYTHON_NAMES
        if not is_program and (
            not may_be_entry(path) or not is_shell_script(content) or is_of_the_system(path, content)
        ):
            return None
        script = read_cache_script(content, is_python=is_program)
        return msgspec.to_builtins(script) if script != CacheScript() else None


def read_cache_script(content: bytes, *, is_python: bool) -> CacheScript:
    """What is kept of a script."""
    text = _LINE_ENDS.sub(" ", content[:SCRIPT_LIMIT].decode("utf-8", "replace"))
    calls = tell_python_calls(text) if is_python else tell_script_calls(parse_shell_script(content))
    paths = flatten_quotes(text) if is_python else text
    return CacheScript(find_cache_calls(calls), find_cache_paths(_COMMENT.sub("", paths)), list_started(calls))


def list_started(text: str) -> tuple[str, ...]:
    """The scripts and modules that a text of commands names, as paths."""
    plain = flatten_quotes(text)
    found = dict.fromkeys(match[1] or match[0] for match in _SCRIPT.finditer(plain))
    for match in _MODULE.finditer(plain):
        path = (match[1] or match[2]).replace(".", "/")
        found.update(dict.fromkeys((f"{path}{_PYTHON}", f"{path}/__main__{_PYTHON}")))
    return tuple(found)[:STARTED_LIMIT]
