"""The loader's search as it was traced, beside what replaying it over the image's files gives."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from layerscope.facts.elf.loaded_objects import LoadedObjects
from layerscope.facts.fact_set import FactSet
from layerscope.probe.observation import Observation

STAGE = "loader"


class TracedLibrary(Struct, frozen=True):
    """One search: `path` is what won, empty where nothing did, `step` by which step and `owner` by whose folders.

    `tried` are the last paths that were not there and `count` how many; `module` is what was being imported.
    """

    module: str
    name: str
    path: str
    step: str
    owner: str
    tried: tuple[str, ...]
    count: int
    expected: tuple[str, ...] = ()
    """What the replay gives, where that is another file: each a path."""


def read_trace(seen: Observation, facts: FactSet | None = None) -> tuple[TracedLibrary, ...]:
    """The searches in their order, compared with the replay where the image's facts are at hand."""
    stage = seen.find(STAGE)
    modules = stage.values.get("modules") if stage is not None else None
    expected = _list_expected(facts) if facts is not None else {}
    return tuple(
        _compare(each, expected)
        for module, told in (modules.items() if isinstance(modules, dict) else ())
        for each in _iter_libraries(str(module), told)
    )


def _iter_libraries(module: str, told: Any) -> Iterator[TracedLibrary]:
    """What one import told; whatever is not as it should be is left out."""
    libraries = told.get("libraries") if isinstance(told, dict) else None
    for each in libraries if isinstance(libraries, list) else ():
        if isinstance(each, dict):
            tried, count = each.get("tried"), each.get("count")
            yield TracedLibrary(
                module=module,
                name=str(each.get("name", "")),
                path=str(each.get("path", "")),
                step=str(each.get("step", "")),
                owner=str(each.get("for", "")),
                tried=tuple(map(str, tried)) if isinstance(tried, list) else (),
                count=count if isinstance(count, int) else 0,
            )


def _list_expected(facts: FactSet) -> dict[str, set[str]]:
    """What each name leads to, for any of the modules that were replayed."""
    found: dict[str, set[str]] = {}
    for root in facts.of(LoadedObjects):
        for load in root.loads:
            found.setdefault(load.needed, set()).update([f"/{load.path}"] if load.path else [])
    return found


def _compare(traced: TracedLibrary, expected: dict[str, set[str]]) -> TracedLibrary:
    paths = expected.get(traced.name)
    if not paths or traced.path in paths:
        return traced
    return TracedLibrary(
        traced.module, traced.name, traced.path, traced.step, traced.owner, traced.tried, traced.count,
        tuple(sorted(paths)),
    )  # fmt: skip
