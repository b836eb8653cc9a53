"""The words of how an executable or library links otherwise, the same in every format."""

from collections.abc import Iterator, Sequence

from layerscope.diff.change import ValueChange
from layerscope.diff.linking import LinkChange
from layerscope.report.places import root_path


def tell_link_change(change: LinkChange) -> str:
    """All that differs of one file, in one line."""
    return "; ".join(_iter_parts(change))


def list_values(change: LinkChange) -> list[ValueChange]:
    """What has one value before and one after."""
    return [each for each in (change.soname, change.interpreter, *change.search_paths) if each is not None]


def _iter_parts(change: LinkChange) -> Iterator[str]:
    if change.old_path != change.path:
        yield f"was {root_path(change.old_path)}"
    if change.soname is not None:
        yield _tell_value(change.soname)
    if change.needed_added or change.needed_removed:
        signed = [f"+{each}" for each in change.needed_added] + [f"-{each}" for each in change.needed_removed]
        yield f"needs {' '.join(signed)}"
    yield from _tell_versions("symbol versions needed", change.needs)
    yield from _tell_versions("symbol versions provided", change.provides)
    if change.interpreter is not None:
        yield _tell_value(change.interpreter)
    yield from map(_tell_value, change.search_paths)


def _tell_versions(name: str, changes: Sequence[ValueChange]) -> Iterator[str]:
    if changes:
        yield f"{name}: {', '.join(map(_tell_value, changes))}"


def _tell_value(change: ValueChange) -> str:
    return f"{change.name} {change.before or 'none'} to {change.after or 'none'}"
