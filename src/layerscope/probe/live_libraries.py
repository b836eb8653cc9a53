"""Live against static: the libraries that a process held, compared with what the loader finds in the image's files."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Final, Protocol

from msgspec import Struct

from layerscope.facts.elf.loaded_objects import LoadedLibrary, LoadedObjects
from layerscope.facts.elf.search_step import SearchStep
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.probe.live_libraries import (
    DeletedLibrary,
    LiveLibraries,
    TwiceLoadedLibrary,
    UnexpectedLibrary,
)
from layerscope.probe.observation import Observation

MOMENTS: Final = {
    "imports": "after the imports",
    "device": "once the model was on its device",
    "detokenize": "after a generation",
    "transformers": "after a generation by transformers",
}
"""The stages that tell what has come by them, in their order."""

MOST: Final = 100
"""Findings of one kind; beyond them the process is another than the one that was replayed."""

SHOWN_FOREIGN: Final = 50


class Mapped(Struct, frozen=True):
    """A library in memory: its real path without a leading slash, its SONAME, and when it was seen first."""

    path: str
    soname: str
    moment: str
    is_deleted: bool = False

    @property
    def name(self) -> str:
        """What others know it by."""
        return self.soname or self.path.rpartition("/")[2]


class File(Protocol):
    """A file of the image."""

    @property
    def layer(self) -> int:
        """Where it was put."""

    @property
    def digest(self) -> bytes | None:
        """Of its content."""


FindFile = Callable[[str], File | None]
IsInjected = Callable[[str], bool]


def read_mapped(seen: Observation) -> tuple[Mapped, ...]:
    """What the stages told, in the order in which it came; whatever is not as it should be is left out."""
    found: dict[str, Mapped] = {}
    for stage, moment in MOMENTS.items():
        result = seen.find(stage)
        mapped = result.values.get("mapped") if result is not None else None
        if isinstance(mapped, dict):
            for each in _iter_mapped(mapped, moment):
                found.setdefault(each.path, each)
    return tuple(found.values())


def _iter_mapped(mapped: Mapping[str, Any], moment: str) -> Iterator[Mapped]:
    folders, deleted = mapped.get("folders"), mapped.get("deleted")
    for folder, names in folders.items() if isinstance(folders, dict) else ():
        for name, soname in names.items() if isinstance(names, dict) else ():
            yield Mapped(f"{folder}/{name}".strip("/"), str(soname or ""), moment)
    for path in deleted if isinstance(deleted, list) else ():
        yield Mapped(str(path).strip("/"), "", moment, is_deleted=True)


def compare_libraries(
    mapped: Iterable[Mapped], facts: FactSet, find_file: FindFile, is_injected: IsInjected
) -> tuple[Fact, ...]:
    """Where memory and files differ; `find_file` gives a file of the image by its real path."""
    live = [each for each in mapped if not each.is_deleted]
    if not live:
        return ()
    unexpected, compared = _find_unexpected(live, facts, find_file, is_injected)
    outside = [each for each in live if find_file(each.path) is None]
    injected = [each.path for each in outside if is_injected(each.path.rpartition("/")[2])]
    foreign = [each.path for each in outside if each.path not in injected]
    return (
        LiveLibraries(Evidence(), len(live), tuple(injected), tuple(foreign[:SHOWN_FOREIGN]), compared),
        *unexpected[:MOST],
        *list(_find_twice(live, find_file))[:MOST],
        *[DeletedLibrary(Evidence(), each.path, each.moment) for each in mapped if each.is_deleted][:MOST],
    )


def _find_unexpected(
    live: list[Mapped], facts: FactSet, find_file: FindFile, is_injected: IsInjected
) -> tuple[list[UnexpectedLibrary], int]:
    """Of each module that is in memory, the needs that came from another file; and how many were compared."""
    by_path, by_name = {each.path: each for each in live}, _group_names(live)
    folders = {each.path.rpartition("/")[0] for each in live if not each.soname}
    found: dict[tuple[str, str, str], UnexpectedLibrary] = {}
    compared = 0
    for root in facts.of(LoadedObjects):
        who = _find_asking(root, by_path, folders)
        if not who:
            continue
        for load in root.loads:
            if load.step is SearchStep.INJECTED or is_injected(load.needed):
                continue
            compared += 1
            if load.path in by_path:
                continue
            came = next(iter(by_name.get(load.needed.rpartition("/")[2], ())), None)
            if came is None or _is_same(came.path, load.path, find_file):
                continue
            found.setdefault((load.needed, came.path, who), _tell_unexpected(load, who, came, find_file))
    return list(found.values()), compared


def _find_asking(root: LoadedObjects, by_path: Collection[str], folders: Collection[str]) -> str:
    """The module that was replayed, or the folder of several that load the same; empty where none is in memory."""
    if root.path in by_path:
        return root.path
    folder = root.path.rpartition("/")[0]
    return folder if root.alike and folder in folders else ""


def _tell_unexpected(load: LoadedLibrary, root: str, came: Mapped, find_file: FindFile) -> UnexpectedLibrary:
    file = find_file(came.path)
    return UnexpectedLibrary(
        evidence=Evidence() if file is None else Evidence(file.layer, came.path),
        soname=load.needed,
        found=came.path,
        expected=load.path or "",
        step=load.step,
        root=root,
        moment=came.moment,
        is_in_image=file is not None,
    )


def _group_names(live: list[Mapped]) -> dict[str, list[Mapped]]:
    """Libraries by SONAME, and by file name where that is another."""
    found: dict[str, list[Mapped]] = {}
    for each in live:
        for name in dict.fromkeys((each.name, each.path.rpartition("/")[2])):
            found.setdefault(name, []).append(each)
    return found


def _is_same(one: str, other: str | None, find_file: FindFile) -> bool:
    """Whether two files of the image are equal byte for byte."""
    first, second = find_file(one), find_file(other) if other else None
    return first is not None and second is not None and first.digest is not None and first.digest == second.digest


def _find_twice(live: list[Mapped], find_file: FindFile) -> Iterator[TwiceLoadedLibrary]:
    """SONAMEs of several different files."""
    groups: dict[str, list[Mapped]] = {}
    for each in live:
        if each.soname.startswith("lib"):
            groups.setdefault(each.soname, []).append(each)
    for soname, group in groups.items():
        first, *others = group
        differing = [each for each in others if not _is_same(each.path, first.path, find_file)]
        if differing:
            last, file = differing[-1], find_file(differing[-1].path)
            place = Evidence() if file is None else Evidence(file.layer, last.path)
            yield TwiceLoadedLibrary(place, soname, tuple(each.path for each in (first, *differing)), last.moment)
