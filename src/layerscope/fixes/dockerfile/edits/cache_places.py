"""Where a package manager's cache lies: in the stages of the step that fills it, and where others copy a folder above.

https://docs.docker.com/reference/dockerfile/#copy---from
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from posixpath import basename, dirname, join, normpath, relpath
from typing import Final

from layerscope.fixes.dockerfile.heirs import list_heirs
from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.fixes.dockerfile.moving import find_source_places
from layerscope.formats.dockerfile import Instruction, Stage
from layerscope.formats.dockerfile_words import find_words, strip_quotes

PLACES_LIMIT: Final = 100
"""Places that are followed; a Dockerfile copies a folder from stage to stage two or three times."""

_END: Final = r"""(?=[/\s"',;&|)\]]|$)"""
_START: Final = r"(?<![\w./$~{}-])"
_HOME: Final = r"(?:~\w*|\$\{?\w+\}?)"
"""What stands in a command for a folder whose name is not spelled out."""

_SOURCE_KEYS: Final = frozenset({"source", "src"})
_TARGET_KEYS: Final = frozenset({"target", "dst", "destination"})


@dataclass(frozen=True)
class CachePlace:
    """Where the cache lies in a stage, behind the line `since`; `folder` has no slash in front.

    `is_own` tells of stages that stand on the one of the step; others have the cache by a copy, or while one line runs,
    which is `mount`.
    """

    stage: Stage
    since: int
    folder: str
    is_own: bool = False
    mount: Instruction | None = None

    def iter_steps(self) -> Iterator[Instruction]:
        """The instructions that have the cache there."""
        if self.mount is not None:
            yield self.mount
            return
        yield from (each for each in self.stage.instructions[1:] if each.number > self.since)


def list_cache_places(maker: Instruction, matched: MatchedDockerfile, folder: str) -> list[CachePlace]:
    """All places, those of the step's own stages first; no more than PLACES_LIMIT."""
    stages = matched.dockerfile.stages
    places = [CachePlace(stage, maker.number, folder, is_own=True) for stage in list_heirs(matched, maker)]
    seen = set(places)
    for place in places:
        for stage in stages[stages.index(place.stage) :]:
            for each in stage.instructions[1:]:
                for found in _follow(each, stage, place, matched):
                    if found not in seen and len(places) < PLACES_LIMIT:
                        seen.add(found)
                        places.append(found)
    return places


def list_names(stages: Collection[Stage], matched: MatchedDockerfile) -> set[str]:
    """How COPY and mounts may name these stages."""
    numbered = enumerate(matched.dockerfile.stages)
    return {name for number, stage in numbered if stage in stages for name in (stage.name, str(number)) if name}


def is_taken_from(instruction: Instruction, names: Collection[str]) -> bool:
    """Whether an instruction copies from one of these stages, or mounts it; a variable may be any."""
    sources = find_source_places(instruction)
    return any("$" in source or source in names for source in sources)


def name_folder(folder: str) -> re.Pattern[str]:
    """What names a folder, or something in it: its path, or the end of it behind a variable or a home."""
    parts = folder.split("/")
    ends = ["/".join(parts[number:]) for number in range(1, len(parts))]
    told = "|".join(re.escape(end) for end in ends if "/" in end or end.startswith(".") or end == "pkgs")
    behind = rf"|{_HOME}/(?:{told}){_END}" if told else ""
    return re.compile(rf"(?<![\w.-])/?{re.escape(folder)}{_END}{behind}")


def name_alone(folder: str) -> re.Pattern[str]:
    """What names a folder itself, or all that is in it, and nothing in it by its name."""
    end = folder.partition("/")[2]
    behind = rf"|{_HOME}/{re.escape(end)}" if end else ""
    return re.compile(rf"""{_START}(?:/?{re.escape(folder)}{behind})(?:/[.*]?)?(?=[\s"',;&|)\]]|$)""")


def _follow(
    instruction: Instruction, stage: Stage, place: CachePlace, matched: MatchedDockerfile
) -> Iterator[CachePlace]:
    """The places that the cache gets by an instruction which takes a folder above it."""
    if place.mount is not None or not is_taken_from(instruction, list_names([place.stage], matched)):
        return
    if instruction.keyword == "COPY":
        keeps_parents = any(flag.startswith("--parents") for flag in instruction.flags)
        *sources, target = instruction.words or tuple(map(strip_quotes, find_words(instruction.operands)))
        start = normpath(join(_find_folder(stage, instruction), target)).strip("/")
        for source in sources:
            if (rest := _find_rest(source, place.folder)) is not None:
                folder = normpath(join(start, place.folder if keeps_parents else rest))
                for heir in list_heirs(matched, instruction):
                    yield CachePlace(heir, instruction.number, folder)
    for fields in _read_mounts(instruction):
        source = next((fields[key] for key in _SOURCE_KEYS if key in fields), "/")
        target = next((fields[key] for key in _TARGET_KEYS if key in fields), "")
        rest = _find_rest(source, place.folder)
        if rest is not None and target:
            folder = normpath(join(_find_folder(stage, instruction), target, rest)).strip("/")
            yield CachePlace(stage, instruction.number, folder, mount=instruction)


def _find_rest(source: str, folder: str) -> str | None:
    """The way from a source to a folder below it; None where it is not above. A variable may be any folder above."""
    if "$" in source:
        return f"{basename(dirname(folder))}/{basename(folder)}"
    above = normpath(f"/{source.strip('/')}")
    if above == f"/{folder}" or not f"/{folder}".startswith(f"{above.rstrip('/')}/"):
        return None
    return relpath(f"/{folder}", above)


def _find_folder(stage: Stage, instruction: Instruction) -> str:
    """The WORKDIR of a line, as far as its stage tells."""
    folder = "/"
    for each in stage.instructions:
        if each.number < instruction.number and each.keyword == "WORKDIR":
            folder = normpath(join(folder, strip_quotes(each.operands)))
    return folder


def _read_mounts(instruction: Instruction) -> Iterator[Mapping[str, str]]:
    """The fields of the folders that a RUN has while it runs."""
    for flag in instruction.flags:
        name, _, value = flag.partition("=")
        if name == "--mount" and instruction.keyword == "RUN":
            yield dict(field.partition("=")[::2] for field in strip_quotes(value).split(","))


def is_covered(instruction: Instruction, folder: str) -> bool:
    """Whether a RUN has a cache mount in the place of the folder, and so sees nothing of it."""
    return any(
        fields.get("type") == "cache"
        and any(key in _TARGET_KEYS and _is_at(strip_quotes(target), folder) for key, target in fields.items())
        for fields in _read_mounts(instruction)
    )


def _is_at(target: str, folder: str) -> bool:
    """Whether a mount lies over a folder, or over one that it is in."""
    place = normpath(f"/{target.strip('/')}")
    return f"/{folder}/".startswith(f"{place.rstrip('/')}/")
