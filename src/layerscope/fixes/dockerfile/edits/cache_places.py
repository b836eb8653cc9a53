"""Where a package manager's cache lies: in the stages of the step that fills it, and where others copy a folder above.

https://docs.docker.com/reference/dockerfile/#copy---from
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from posixpath import basename, dirname, join, normpath, relpath
from typing import Final

from layerscope.fixes.dockerfile.heirs import list_heirs
from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.fixes.dockerfile.moving import find_source_places
from layerscope.formats.dockerfile import Instruction, Stage
from layerscope.formats.dockerfile_words import find_words, strip_quotes

PLACES_LIMIT: Final = 100
"""Places that are followed; a Dockerfile copies a folder from stage to stage two or three times."""

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
    numbers = {id(stage.instructions[0]): number for number, stage in enumerate(stages)}
    places = [CachePlace(stage, maker.number, folder, is_own=True) for stage in list_heirs(matched, maker)]
    seen = set[tuple[int, int, str]]()
    for place in places:
        number = numbers[id(place.stage.instructions[0])]
        names = {str(number), place.stage.name} - {""}
        for stage in stages[number:] if place.mount is None else ():
            for each in stage.instructions[1:]:
                for found in _follow(each, stage, place, matched) if is_taken_from(each, names) else ():
                    key = (numbers[id(found.stage.instructions[0])], found.since, found.folder)
                    if key not in seen and len(places) < PLACES_LIMIT:
                        seen.add(key)
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


def _follow(
    instruction: Instruction, stage: Stage, place: CachePlace, matched: MatchedDockerfile
) -> Iterator[CachePlace]:
    """The places that the cache gets by an instruction which takes a folder above it."""
    if len(_list_operands(instruction)) > 1 and instruction.keyword == "COPY":
        keeps_parents = any(flag.startswith("--parents") for flag in instruction.flags)
        start = normpath(join(_find_folder(stage, instruction), _list_operands(instruction)[-1])).strip("/")
        for source in list_sources(instruction):
            if (rest := _find_rest(source, place.folder)) is not None:
                kept = relpath(f"/{place.folder}", f"/{source.partition('/./')[0] if '/./' in source else ''}")
                folder = normpath(join(start, kept if keeps_parents else rest))
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
    above = [part for part in normpath(f"/{source}").split("/") if part]
    names = folder.split("/")
    if len(above) >= len(names) or not all(map(fnmatchcase, names, above)):
        return None
    return "/".join(names[len(above) :])


def list_sources(instruction: Instruction) -> list[str]:
    """What a COPY takes, as it names it."""
    return list(_list_operands(instruction)[:-1]) if instruction.keyword == "COPY" else []


def _list_operands(instruction: Instruction) -> tuple[str, ...]:
    return instruction.words or tuple(map(strip_quotes, find_words(instruction.operands)))


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
