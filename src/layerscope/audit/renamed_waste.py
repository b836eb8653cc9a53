"""Waste that a rule told of before, and that another one tells of now: of layers that a build left as they were.

A cleanup in a later step hides what a lower layer left in the same folder. That costs what it did before.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Final, NamedTuple

from layerscope.audit.rebuilt_findings import LESSENED, RebuiltFindings, fold_path
from layerscope.diff.findings import leave_out
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.endings import EndedFiles
from layerscope.facts.layers.package_caches import PackageCache
from layerscope.filesystem.endings import Ending
from layerscope.rules.finding import Finding, Location
from layerscope.rules.wording import tell_list, tell_size

_HIDDEN: Final = {Ending.REMOVED: "LAY101", Ending.OVERWRITTEN: "LAY102", Ending.METADATA: "LAY103"}
"""The rules that tell of what a later layer hides, by how it does."""

_LATER: Final = frozenset({"LAY101", "LAY102"})
"""Those of them that a cleanup in a later step may make tell of it."""

_CACHE: Final = "LAY104"

Origins = Callable[[int], Collection[int | None]]
"""From a layer of the new image to those of the old one that it is, or that the same instruction made."""


class Renamed(NamedTuple):
    """A finding of the new image, and the rules that told of the same bytes, and more, in the old one."""

    finding: Finding
    codes: tuple[str, ...]

    @property
    def told(self) -> str:
        """What became of those bytes, in words."""
        return (
            f"{self.finding.code} is not new: {tell_size(self.finding.wasted)} that {tell_list(self.codes)} told of "
            "are hidden now, in layers below that the build left as they were"
        )


class _Waste(NamedTuple):
    """Bytes of a folder in a layer of the old image that were of no use, and the rule that tells of them."""

    code: str
    layer: int
    path: str
    size: int


def find_renamed(found: RebuiltFindings, before: FactSet, origins: Origins) -> tuple[Renamed, ...]:
    """The findings among the new ones that are about less of what was waste before."""
    candidates = leave_out(found.added, [each.finding for each in found.graver])
    waste = list(_iter_waste(before))
    hidden = (each for each in candidates if each.code in _LATER)
    renamed = (Renamed(each, _find_codes(each, waste, origins)) for each in hidden)
    return tuple(each for each in renamed if each.codes)


def _iter_waste(facts: FactSet) -> Iterator[_Waste]:
    for cache in facts.of(PackageCache):
        yield _Waste(_CACHE, cache.layer, cache.path, cache.size)
    for ended in facts.of(EndedFiles):
        code = _HIDDEN[Ending(ended.ending)]
        yield from (_Waste(code, each.layer, each.path, each.size) for each in ended.folders)


def _find_codes(finding: Finding, waste: Collection[_Waste], origins: Origins) -> tuple[str, ...]:
    """The rules that told of all that a new finding is about, where that is less than they told of there; else none."""
    places = [place for place in finding.locations if place.path is not None and place.layer is not None]
    near = {each for each in waste for place in places if _is_nested(place, each)}
    known = [
        {each for each in near if _is_nested(place, each) and each.layer in _list(place, origins)} for place in places
    ]
    sources = set[_Waste]().union(*known)
    is_all = bool(places) and all(known) and finding.wasted * LESSENED <= sum(each.size for each in sources)
    is_less = finding.wasted < LESSENED * sum(each.size for each in near)
    return tuple(sorted({each.code for each in sources})) if is_all and is_less else ()


def _list(place: Location, origins: Origins) -> Collection[int | None]:
    return () if place.layer is None else origins(place.layer)


def _is_nested(place: Location, waste: _Waste) -> bool:
    """Whether one of two folders is or lies in the other."""
    one, other = f"{fold_path(place.path).strip('/')}/", f"{fold_path(waste.path).strip('/')}/"
    return one.startswith(other) or other.startswith(one)
