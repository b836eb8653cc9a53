"""Who installed what: paths that the RECORDs of several distributions claim."""

from layerscope.facts.context import FactContext
from layerscope.facts.python.records import find_records


def find_owners(context: FactContext) -> dict[str, tuple[str, ...]]:
    """The dist-infos, sorted, of every path inside a site directory that more than one of them lists."""
    first: dict[str, str] = {}
    several: dict[str, set[str]] = {}
    for folder, record in sorted(context.shared(find_records).items()):
        inside = f"{record.site}/"
        for path in record.paths:
            if path.endswith(".pyc") or not path.startswith(inside):
                continue
            other = first.setdefault(path, folder)
            if other is not folder:
                several.setdefault(path, {other}).add(folder)
    return {path: tuple(sorted(folders)) for path, folders in several.items()}
