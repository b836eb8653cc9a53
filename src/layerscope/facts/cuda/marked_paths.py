"""The paths that collectors of this family care about, found in one pass over all of them."""

import re
from dataclasses import dataclass, field
from typing import Final

from layerscope.facts.context import FactContext

_MARK: Final = re.compile(r"(\.so)(?:\.[^/]*)?$|(\.a)$|(/Python\.h)$|(\.(?:dist|egg)-info)$|(/conda-meta/)[^/]+\.json$")


@dataclass(frozen=True, slots=True)
class MarkedPaths:
    """Shared objects, static libraries, Python's headers, folders of metadata, and conda's records; each sorted."""

    objects: list[str] = field(default_factory=list)
    archives: list[str] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    metadata: list[str] = field(default_factory=list)
    conda: list[str] = field(default_factory=list)


def find_marked_paths(context: FactContext) -> MarkedPaths:
    """The paths by what their ends say."""
    found = MarkedPaths()
    kinds = (found.objects, found.archives, found.headers, found.metadata, found.conda)
    for path in context.tree:
        match = _MARK.search(path)
        if match is not None:
            kinds[(match.lastindex or 1) - 1].append(path)
    for kind in kinds:
        kind.sort()
    return found
