"""What COPY, ADD and bind mounts take from the build context, and where they put it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from fnmatch import fnmatchcase
from itertools import zip_longest
from posixpath import basename, join, normpath
from typing import Final

from layerscope.errors import FormatError
from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.formats.dockerfile import Dockerfile, Instruction, Stage, parse_dockerfile
from layerscope.formats.dockerfile_words import find_words, strip_quotes

_REMOTE: Final = re.compile(r"\w+://|git@")
_GLOB: Final = re.compile(r"[*?\[\\]")
_SOURCES: Final = frozenset({"source", "src"})
_TARGETS: Final = frozenset({"target", "dst", "destination"})


class Taking(IntEnum):
    """How an instruction takes a path of the context: not, with a folder that it lies in, or by its name."""

    NONE = 0
    ALONG = 1
    BY_NAME = 2


@dataclass(frozen=True)
class ContextCopy:
    """What is taken from the context, and where it lies then; a place below an unknown WORKDIR has no slash in front.

    `is_whole` says that each source lies at `target` itself, as a bind mount does.
    """

    instruction: Instruction
    sources: tuple[str, ...]
    target: str
    is_folder: bool = False
    is_whole: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether its words say all: no variable, no pattern."""
        words = "".join((*self.sources, self.target))
        return "$" not in words and _GLOB.search(words) is None


def list_folders(matched: MatchedDockerfile) -> dict[int, str]:
    """The WORKDIR of every instruction, by its first line; empty where the base image's is not known."""
    folders: dict[int, str] = {}
    current = ""
    for each in matched.instructions:
        folders[each.number] = current
        if each.keyword == "WORKDIR":
            current = normpath(join(current, strip_quotes(each.operands)))
    return folders


def read_copy(instruction: Instruction, folder: str) -> ContextCopy | None:
    """What a COPY or ADD takes from the context, and where to; None for any other.

    That is one out of a stage or a document, and one that keeps the parents of what it takes.
    """
    return None if any(flag.startswith("--parents") for flag in instruction.flags) else _read(instruction, folder)


def _read(instruction: Instruction, folder: str) -> ContextCopy | None:
    is_other = any(flag.startswith("--from=") for flag in instruction.flags)
    if instruction.keyword not in {"COPY", "ADD"} or is_other or instruction.documents:
        return None
    words = instruction.words or tuple(map(strip_quotes, find_words(instruction.operands)))
    *sources, target = words
    local = tuple(_clean(source) for source in sources if not _REMOTE.match(source))
    if not local:
        return None
    is_folder = target.endswith("/") or len(sources) > 1 or basename(target) in {".", ".."}
    return ContextCopy(instruction, local, normpath(join(folder, target)), is_folder)


def read_mounts(instruction: Instruction, folder: str) -> Iterator[ContextCopy]:
    """What a RUN has from the context while it runs."""
    for flag in instruction.flags:
        name, _, value = flag.partition("=")
        if name != "--mount" or instruction.keyword != "RUN":
            continue
        fields = dict(field.partition("=")[::2] for field in strip_quotes(value).split(","))
        target = next((fields[key] for key in _TARGETS if key in fields), "")
        if fields.get("type", "bind") == "bind" and "from" not in fields and target:
            source = next((fields[key] for key in _SOURCES if key in fields), ".")
            yield ContextCopy(instruction, (_clean(source),), normpath(join(folder, target)), is_whole=True)


def find_takers(dockerfile: Dockerfile, path: str) -> Iterator[tuple[Instruction, Taking]]:
    """The instructions of any stage that take a path of the context."""
    for stage in dockerfile.stages:
        for each in stage.instructions:
            done = _read_trigger(each) if each.keyword == "ONBUILD" else each
            copy = _read(done, "")
            for taken in (*((copy,) if copy is not None else ()), *read_mounts(done, "")):
                how = max(compare_source(source, path) for source in taken.sources)
                if how and done is not each and not _has_child(stage, dockerfile):
                    how = Taking.ALONG  # by a build of another Dockerfile, from whatever context
                if how:
                    yield each, how


def _read_trigger(instruction: Instruction) -> Instruction:
    """What an ONBUILD has done where a build starts from its stage; itself where that is not understood."""
    try:
        return parse_dockerfile(f"FROM scratch\n{instruction.operands}\n".encode()).instructions[-1]
    except FormatError:
        return instruction


def _has_child(stage: Stage, dockerfile: Dockerfile) -> bool:
    """Whether a stage starts from this one, as far as is known."""
    places = {stage.name, str(dockerfile.stages.index(stage))} - {""}
    return any(other.base.lower() in places or "$" in other.base for other in dockerfile.stages)


def compare_source(source: str, path: str) -> Taking:
    """How a source, which may be a pattern or hold variables, takes a path of the context."""
    if source == ".":
        return Taking.ALONG
    if "$" in source or "**" in source:
        return Taking.ALONG
    parts, wanted = source.split("/"), path.split("/")
    for part, name in zip_longest(parts, wanted):
        if part is None:
            return Taking.ALONG
        if name is None:
            break
        if not (part == name or "[" in part or "\\" in part or fnmatchcase(name, part)):
            return Taking.NONE
    return Taking.BY_NAME


def find_sources(copy: ContextCopy, path: str) -> Iterator[str]:
    """The paths of the context that may lie at a path of the image since a copy or mount, by its words alone."""
    for source in copy.sources:
        if "$" in source or "$" in copy.target or source.startswith(".."):
            continue
        below = path.removeprefix(f"{copy.target.rstrip('/')}/") if copy.target != "." else path
        is_below = below != path or copy.target == "."
        if _GLOB.search(source):
            folder, _, pattern = source.rpartition("/")
            if is_below and "/" not in below and fnmatchcase(below, pattern) and not _GLOB.search(folder):
                yield join(folder, below)
            continue
        if path == copy.target and not copy.is_folder:
            yield source
        if is_below and below == basename(source) and not copy.is_whole:
            yield source
        if is_below:
            yield normpath(join(source, below))


def _clean(source: str) -> str:
    """A source as a path below the context."""
    return normpath(source.lstrip("/") or ".")
