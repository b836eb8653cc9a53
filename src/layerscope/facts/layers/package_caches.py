"""What package managers left behind: downloaded packages, indexes and build caches that the container never reads."""

import re
from collections.abc import Iterator
from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.layers.cache_readers import find_reader
from layerscope.facts.system.cache_script_extractor import CacheScriptExtractor
from layerscope.facts.system.script_extractor import EntryScriptExtractor, ScriptExtractor
from layerscope.layers.entry import EntryType
from layerscope.layers.index import LayerIndex

_BYTE_CODE: Final = ".pyc"

_CACHES: Final = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("apt-lists", r"(var/lib/apt/lists)/(?!lock$|partial$|auxfiles$).+"),
        ("apt-archives", r"(var/cache/apt)/(?:archives/.+\.deb|(?:src)?pkgcache\.bin)"),
        ("apk", r"(var/cache/apk|etc/apk/cache)/.+"),
        ("dnf", r"(var/cache/(?:dnf|yum|libdnf5|zypp))/.+"),
        ("pip", r"((?:.*/)?\.cache/pip)/.+"),
        ("uv", r"((?:.*/)?\.cache/uv)/.+"),
        ("poetry", r"((?:.*/)?\.cache/(?:pypoetry|pdm|pipenv))/(?!virtualenvs/).+"),
        ("conda", r"((?:.*/)?[^/]*(?:conda|mamba|forge)[^/]*/pkgs|root/\.conda/pkgs)/.+"),
        ("npm", r"((?:.*/)?\.npm)/_cacache/.+"),
        ("yarn", r"((?:.*/)?(?:\.cache/yarn|\.yarn/berry/cache|share/\.cache/yarn))/.+"),
        ("pnpm", r"((?:.*/)?(?:\.cache/pnpm|share/pnpm/store))/.+"),
        ("cargo", r"((?:.*/)?\.?cargo/(?:registry|git/db))/.+"),
        ("go", r"((?:.*/)?(?:\.cache/go-build|pkg/mod/cache))/.+"),
        ("gradle", r"((?:.*/)?\.gradle/caches)/.+"),
        ("ccache", r"((?:.*/)?\.cache/(?:ccache|bazel))/.+"),
    )
)

_PATTERNS: Final = dict(_CACHES)

KINDS: Final = tuple(kind for kind, _ in _CACHES)
"""The names of all kinds of cache."""


class PackageCache(Fact, frozen=True):
    """The files of one cache in one layer that the container still sees; `kind` names the package manager.

    `reader` is what may need them, where something is seen to.
    """

    kind: str
    layer: int
    path: str
    files: int
    size: int
    instruction: str
    reader: str = ""


class PackageCacheCollector(Collector):
    """Finds caches by where package managers keep them."""

    name = "layers.package-caches"
    extractors = (ScriptExtractor(), EntryScriptExtractor(), CacheScriptExtractor())

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact a layer, cache and folder, in that order."""
        for layer, scan in enumerate(context.scans):
            for (kind, path), sizes in sorted(
                _find_caches(scan.index, context.covered[layer], context.places[layer].caches).items()
            ):
                yield PackageCache(
                    evidence=Evidence(layer=layer, path=path),
                    kind=kind,
                    layer=layer,
                    path=path,
                    files=len(sizes),
                    size=sum(sizes),
                    instruction=context.instruction(layer),
                    reader=find_reader(context, kind, path),
                )


def is_cached(path: str, kind: str) -> bool:
    """Whether a path is that of something in a cache of that kind."""
    return _PATTERNS[kind].fullmatch(path) is not None


def _find_caches(index: LayerIndex, covered: bytearray, places: list[int]) -> dict[tuple[str, str], list[int]]:
    """Sizes of the visible cache files, by kind and folder."""
    found: dict[tuple[str, str], list[int]] = {}
    linked: frozenset[str] | None = None
    for position in places:
        path = index.paths[position]
        if path[-4:] == _BYTE_CODE or covered[position] or not index.sizes[position]:
            continue
        cache = next(((kind, match[1]) for kind, pattern in _CACHES if (match := pattern.fullmatch(path))), None)
        if cache is None:
            continue
        linked = _linked_from_outside(index) if linked is None else linked
        if path not in linked:
            found.setdefault(cache, []).append(index.sizes[position])
    return found


def _linked_from_outside(index: LayerIndex) -> frozenset[str]:
    """Files that hard links from outside any cache share: deleting their name in the cache frees nothing.

    conda links the files of its environments to those of its package folder.
    """
    return frozenset(
        target
        for position, target in index.links.items()
        if index.types[position] == EntryType.HARDLINK
        and not any(pattern.fullmatch(index.paths[position]) for _, pattern in _CACHES)
    )
