"""The Java archives that the container sees, and which artifact each of them is."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from layerscope.facts.context import FactContext
from layerscope.facts.gap import Gap
from layerscope.facts.system.java_extractors import JarExtractor

ARCHIVES_LIMIT: Final = 50_000
"""Archives that are looked at."""

_FILE_NAME: Final = re.compile(
    r"(?P<artifact>[A-Za-z][\w.-]*?)-(?P<version>\d+(?:\.\d+)*(?:[.-](?:final|release|ga|snapshot|rc-?\d*|m\d+|"
    r"alpha-?\d*|beta-?\d*|jre|android|sp\d*))?)(?:[.-].*)?\.[jwe]ar",
    re.IGNORECASE,
)
"""How Maven names a file: artifact, version, and a classifier that says for which platform."""


class Artifact(Struct, frozen=True):
    """What an archive is; `group` is empty where only its file's name tells."""

    group: str
    name: str
    version: str
    path: str
    layer: int

    @property
    def folder(self) -> str:
        """The folder, of the image or of the archive around it, from which all archives are loaded together."""
        return self.path.rpartition("/")[0]


class Archive(Struct, frozen=True):
    """One archive; `carried` are the artifacts inside nested archives, by paths that begin with the archive's."""

    path: str
    layer: int
    artifact: Artifact | None
    main_class: str
    class_major: int
    carried: tuple[Artifact, ...]


def find_archives(context: FactContext) -> tuple[tuple[Archive, ...], tuple[Gap, ...]]:
    """Archives by layer and path, and those that could not be read; ask through `context.shared`."""
    archives: list[Archive] = []
    gaps: list[Gap] = []
    for layer, path, kept in context.extracts(JarExtractor.name):
        node = context.tree.get(path)
        if node is None or node.content_layer != layer or not isinstance(kept, dict):
            continue
        if "problem" in kept:
            gaps.append(Gap("Java archive", f"/{path}", str(kept["problem"])))
        if len(archives) < ARCHIVES_LIMIT:
            archives.append(_read(path, node.layer, kept))
    return tuple(archives), tuple(gaps)


def _read(path: str, layer: int, kept: dict[str, object]) -> Archive:
    """An archive from what the layer pass kept."""
    coordinates = kept.get("coordinates")
    rows = [[str(each) for each in row] for row in coordinates] if isinstance(coordinates, list) else []
    nested = kept.get("nested")
    inner = [str(each) for each in nested] if isinstance(nested, list) else []
    by_origin: dict[str, list[list[str]]] = {}
    for row in rows:
        by_origin.setdefault(row[3], []).append(row)
    carried = (name_artifact(f"{path}!/{origin}", layer, by_origin.get(origin, ())) for origin in inner)
    major = kept.get("major")
    return Archive(
        path=path,
        layer=layer,
        artifact=name_artifact(path, layer, by_origin.get("", ())),
        main_class=str(kept.get("main", "")),
        class_major=major if isinstance(major, int) else 0,
        carried=tuple(filter(None, carried)),
    )


def name_artifact(path: str, layer: int, rows: Iterable[list[str]]) -> Artifact | None:
    """Which artifact an archive is: its own coordinates among those of what was shaded into it, else its name."""
    name = path.rpartition("/")[2]
    own = max((row for row in rows if _is_named(name, row[1])), key=lambda row: len(row[1]), default=None)
    listed = list(rows)
    if own is None and len(listed) == 1:
        own = listed[0]
    if own is not None:
        return Artifact(own[0], own[1], own[2], path, layer)
    match = _FILE_NAME.fullmatch(name)
    return Artifact("", match["artifact"], match["version"], path, layer) if match is not None else None


def _is_named(name: str, artifact: str) -> bool:
    """Whether a file is named after an artifact."""
    return name.startswith(artifact) and name[len(artifact) : len(artifact) + 1] in {"-", "."}


def iter_artifacts(archives: Iterable[Archive]) -> Iterator[Artifact]:
    """The artifacts of all archives, those inside others after them."""
    for archive in archives:
        if archive.artifact is not None:
            yield archive.artifact
        yield from archive.carried
