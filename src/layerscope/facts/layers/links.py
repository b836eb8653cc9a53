"""Symlinks whose target is nowhere in the merged tree."""

import re
from collections.abc import Iterator
from posixpath import normpath
from typing import Final

from msgspec import Struct

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.filesystem.links import LinkFailure
from layerscope.layers.entry import EntryType

_SYMLINK: Final = EntryType.SYMLINK.value

SHORT_CHAIN: Final = 4
"""Links that are followed by their text alone, which suffices for nearly all; the others are resolved in full."""

EXAMPLES: Final = 20
"""Links that one fact names."""

_RUNTIME: Final = re.compile(r"(?:proc|sys|dev|run|var/run|var/lock|tmp|mnt|media|host|rootfs)(?:/|$)")
"""Where a runtime or the host puts things when the container starts."""

_INJECTED: Final = re.compile(
    r"(?:^|/)lib(?:cuda|cudadebugger|nvidia-|nvcuvid|nvoptix|GLX_nvidia|EGL_nvidia|vdpau_nvidia)[^/]*\.so"
)
"""Driver libraries that the NVIDIA container toolkit puts in when the container starts."""

_KINDS: Final = (
    (
        "documentation",
        re.compile(r"usr/(?:local/)?share/(?:man|doc|info|locale|help|gtk-doc|bug|lintian)/|.*\.[1-9]\.gz$"),
    ),
    (
        "boot",
        re.compile(r"(?:boot/|(?:vmlinuz|initrd\.img)|(?:usr/)?lib/modules/|(?:etc|usr/lib|lib)/systemd/|usr/src/)"),
    ),
    ("alternative", re.compile(r"etc/alternatives/|etc/(?:rc\w\.d|ssl/certs|fonts/conf\.d|apparmor)/|usr/lib/debug/")),
    ("model", re.compile(r".*/snapshots/[0-9a-f]{6,64}/")),
    ("library", re.compile(r".*\.so(?:\.[\d.]+)?$")),
    ("program", re.compile(r"(?:.*/)?s?bin/[^/]+$")),
)
"""What a link is for, by its path; the first that fits."""


class DanglingLink(Struct, frozen=True):
    """One link, its target as written, and the layer that removed the target, if one did."""

    path: str
    target: str
    removed_by: int | None
    is_loop: bool = False
    """Whether following it never ends."""


class DanglingLinks(Fact, frozen=True):
    """The links of one layer and kind that lead nowhere.

    `kind` is `program`, `library`, `model` (a snapshot without its blobs), `documentation`, `boot`, `alternative` (the
    last three are what distributions leave behind when they strip images) or `other`.
    """

    layer: int
    instruction: str
    kind: str
    count: int
    links: tuple[DanglingLink, ...]


class DanglingLinkCollector(Collector):
    """Follows every visible symlink inside the tree."""

    name = "layers.links"

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact a layer and kind, in that order."""
        groups: dict[tuple[int, str], list[tuple[str, str]]] = {}
        for layer, scan in enumerate(context.scans):
            index, covered = scan.index, context.covered[layer]
            for position, target in index.links.items():
                if index.types[position] != _SYMLINK or covered[position]:
                    continue
                path = index.paths[position]
                if _is_dangling(context, path, target):
                    groups.setdefault((layer, classify_link(path)), []).append((path, target))
        for (layer, kind), links in sorted(groups.items()):
            named = sorted(links)[:EXAMPLES]
            yield DanglingLinks(
                evidence=Evidence(layer=layer, path=named[0][0]),
                layer=layer,
                instruction=context.instruction(layer),
                kind=kind,
                count=len(links),
                links=tuple(
                    DanglingLink(path, target, context.find_removal(_expect(path, target)), _is_loop(context, path))
                    for path, target in named
                ),
            )


def classify_link(path: str) -> str:
    """What a link at that path is for."""
    return next((kind for kind, pattern in _KINDS if pattern.match(path)), "other")


def _is_dangling(context: FactContext, path: str, target: str) -> bool:
    """Whether a link leads to nothing that the image, a runtime, or the driver's installation provides."""
    tree = context.tree
    expected = _expect(path, target)
    for _ in range(SHORT_CHAIN):
        ordinal = tree.ordinal(expected)
        if ordinal is None:
            break
        if ordinal < 0 or tree.stack.types[ordinal] != _SYMLINK:
            return False
        layer, position = tree.stack.locate(ordinal)
        expected = _expect(expected, tree.stack.indexes[layer].links.get(position, ""))
    if _RUNTIME.match(expected) or _INJECTED.search(expected):
        return False
    end = tree.resolve_steps(path)
    return end.node is None and not _RUNTIME.match(end.stopped_at) and not _INJECTED.search(end.stopped_at)


def _is_loop(context: FactContext, path: str) -> bool:
    """Whether a link leads back to itself, or through more links than the kernel follows."""
    return context.tree.resolve_steps(path).failure is LinkFailure.TOO_MANY_LINKS


def _expect(path: str, target: str) -> str:
    """Where a target lies if no directory on the way is a link."""
    place = target if target.startswith("/") else f"/{path.rpartition('/')[0]}/{target}"
    return normpath(place).lstrip("/")
