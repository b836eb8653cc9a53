"""What the layer pass keeps of files that shells read variables from: whether they say something of the models' hub."""

import re
from dataclasses import dataclass, field
from typing import Final

import msgspec
from msgspec import Struct

from layerscope.facts.system.launch_words import HUB_VARIABLES, MODELSCOPE_VARIABLES, OFFLINE_VARIABLES
from layerscope.facts.system.outer_settings import UNTOLD, find_sources
from layerscope.formats.shell_script import SCRIPT_LIMIT, parse_shell_script
from layerscope.layers.extractor import Wants

SOURCES_LIMIT: Final = 20
"""Files kept of those that a file reads in turn."""

PATH_LIMIT: Final = 400
"""Characters of their paths."""

_SUFFIXES: Final = frozenset({
    ".bash", ".bash_profile", ".bashrc", ".env", ".envrc", ".environment", ".profile", ".sh", ".vars",
})  # fmt: skip
_NAMES: Final = frozenset({"env", "environment", "profile", "setenv", "vars"})
_COMMENT: Final = re.compile(rb"^[ \t]*#.*$", re.MULTILINE)
_HUB: Final = re.compile(
    rb"\b(?:%s|HOME|\w*MODEL\w*)\b(?<!\$HOME)(?<!\{HOME)|(?<!\w)(?:eval|unset|exec|cd|pushd)(?!\w)"
    % b"|".join(name.encode() for name in sorted({*HUB_VARIABLES, *OFFLINE_VARIABLES, *MODELSCOPE_VARIABLES}))
)
"""What leads the hub's client, names a model, or goes elsewhere, or may; not where HOME's value alone is asked for."""

_READS: Final = re.compile(rb"(?:^|[\s;&|({])(?:source|\.)[ \t]", re.MULTILINE)


class SourcedFile(Struct, frozen=True):
    """Whether a file says something of the hub, and the files that it reads in turn; empty for one without a path."""

    says: bool
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class SourcedFileExtractor:
    """Keeps that of each file which by its name is one that shells read."""

    name: str = "sourced-files"
    version: int = 1
    wants: Wants = field(default=Wants(names=_NAMES, suffixes=_SUFFIXES, limit=SCRIPT_LIMIT))

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """What the text says, comments left out; of a longer file nothing is known."""
        del path, mode
        if size > len(content) or b"\0" in content:
            return None
        text = _COMMENT.sub(b"", content)
        sources: tuple[str, ...] = ()
        if _READS.search(text):
            found = dict.fromkeys(source for each in parse_shell_script(content) for source in find_sources(each.words))
            sources = tuple(source[:PATH_LIMIT] for source in found) or (UNTOLD,)
        return msgspec.to_builtins(SourcedFile(_HUB.search(text) is not None, sources[:SOURCES_LIMIT]))
