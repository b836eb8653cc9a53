"""Risks of how files link: other SONAMEs, newer symbol versions, other libraries, loaders and search paths."""

from collections.abc import Iterator, Sequence
from typing import Final

from layerscope.diff.change import ValueChange
from layerscope.diff.linking import LinkChange
from layerscope.diff.risk import Risk, RiskLevel
from layerscope.diff.risk_kinds import RiskKind
from layerscope.rules.wording import tell_count

NAMED: Final = 2
"""Files that a risk names; the list below has all."""


def iter_link_risks(changes: Sequence[LinkChange]) -> Iterator[Risk]:
    """One risk for each way in which files link otherwise, with the first files of it."""
    told: dict[str, tuple[RiskKind, list[tuple[str, str]]]] = {}
    for change in changes:
        for text, kind in _iter_ways(change):
            told.setdefault(text, (kind, []))[1].append((change.path, tell_way(change, text)))
    for text, (kind, files) in sorted(told.items(), key=lambda item: _WAYS.index(item[0])):
        named = "; ".join(f"/{path}: {way}" for path, way in files[:NAMED])
        left = f"; and {len(files) - NAMED:,} more" if len(files) > NAMED else ""
        which = f"{tell_count(len(files), 'file')} {text}"
        yield Risk(RiskLevel.RISKY, kind, which, f"{named}{left}", count=len(files))


def cite_links(changes: Sequence[LinkChange]) -> str:
    """What a risk of the ABI rests on, of how files link; empty where none links otherwise."""
    if not changes:
        return ""
    first = next((each for each in changes if each.raised or each.soname), changes[0])
    way = next((tell_way(first, text) for text, _ in _iter_ways(first)), "")
    return f"{tell_count(len(changes), 'file')} linked otherwise, /{first.path}{': ' if way else ''}{way}"


_SONAME, _RAISED, _LOWERED = "of another SONAME", "in need of newer symbol versions", "without symbol versions it had"
_NEEDED, _PATHS, _LOADER = "in need of other libraries", "with another search path", "with another ELF interpreter"
_WAYS: Final = (_SONAME, _LOWERED, _RAISED, _NEEDED, _LOADER, _PATHS)


def _iter_ways(change: LinkChange) -> Iterator[tuple[str, RiskKind]]:
    if change.soname is not None:
        yield _SONAME, RiskKind.SONAME_CHANGED
    if change.lowered:
        yield _LOWERED, RiskKind.LINKING_CHANGED
    if change.raised:
        yield _RAISED, RiskKind.LINKING_CHANGED
    if change.needed_added:
        yield _NEEDED, RiskKind.LINKING_CHANGED
    if change.interpreter is not None:
        yield _LOADER, RiskKind.LINKING_CHANGED
    if change.search_paths:
        yield _PATHS, RiskKind.LINKING_CHANGED


def tell_way(change: LinkChange, way: str) -> str:
    """What differs of a file in one way."""
    values: dict[str, Sequence[ValueChange | None]] = {
        _SONAME: (change.soname,),
        _RAISED: change.raised,
        _LOWERED: change.lowered,
        _LOADER: (change.interpreter,),
        _PATHS: change.search_paths,
    }
    if way == _NEEDED:
        return " ".join(f"+{each}" for each in change.needed_added)
    return ", ".join(
        f"{each.name} {each.before or 'none'} to {each.after or 'none'}" for each in values[way] if each is not None
    )
