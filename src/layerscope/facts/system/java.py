"""Java runtimes, archives, and what does not fit among them."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cmp_to_key
from typing import Final

from msgspec import Struct

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.system.commands import base_name, find_final_command
from layerscope.facts.system.java_archives import Archive, Artifact, find_archives, iter_artifacts
from layerscope.facts.system.java_extractors import (
    GRADLE_LOCK,
    RELEASE_FILE,
    GradleLockExtractor,
    JarExtractor,
    JavaReleaseExtractor,
)
from layerscope.facts.system.programs import ProgramFinder, join_path
from layerscope.formats.jar_file import MAJOR_OF_JAVA_1
from layerscope.formats.maven_version import MavenVersion

_BUILD_FILES: Final = (
    ("maven", "pom.xml"), ("gradle", "build.gradle"), ("gradle", "build.gradle.kts"), ("gradle", GRADLE_LOCK),
)  # fmt: skip
_JAVA_PROGRAM: Final = "/bin/java"


class JavaRuntime(Fact, frozen=True):
    """A Java runtime at `path`; `feature` is 8, 17, 21; `is_default` is the one that the PATH leads to."""

    version: str
    feature: int
    implementor: str
    path: str
    layer: int
    is_default: bool


class JavaArchive(Struct, frozen=True):
    """One archive: coordinates where known (`group` may be empty), and the Java its classes are for (0: no class)."""

    path: str
    layer: int
    group: str
    artifact: str
    version: str
    java: int


class JavaArchives(Fact, frozen=True):
    """All archives of the image; those inside others follow them, with `!/` in their paths."""

    archives: tuple[JavaArchive, ...]


class ArtifactPlace(Struct, frozen=True):
    """Where one version of an artifact lies."""

    version: str
    path: str
    layer: int


class DuplicateArtifact(Fact, frozen=True):
    """An artifact in several versions in one folder, from which all archives are loaded together; oldest first.

    `locked` is the version that a Gradle lock file names, `build_tools` those whose build files are in the image.
    """

    name: str
    folder: str
    places: tuple[ArtifactPlace, ...]
    locked: str
    build_tools: tuple[str, ...]


class ClassVersionMismatch(Fact, frozen=True):
    """Archives whose classes are for a newer Java than the runtime; `is_main` is the archive that the config starts."""

    java: int
    runtime_feature: int
    runtime_version: str
    runtime_path: str
    is_main: bool
    count: int
    paths: tuple[str, ...]


class JavaCollector(Collector):
    """Reads runtimes and archives and holds them against each other."""

    name = "system.java"
    extractors = (JarExtractor(), JavaReleaseExtractor(), GradleLockExtractor())

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield runtimes, archives, duplicates, and archives that are too new."""
        runtimes = context.shared(find_java_runtimes)
        yield from runtimes
        archives, gaps = context.shared(find_archives)
        yield from gaps
        if not archives:
            return
        first = archives[0]
        yield JavaArchives(Evidence(layer=first.layer, path=first.path), tuple(_iter_rows(archives)))
        yield from _iter_duplicates(context, archives)
        yield from _iter_mismatches(context, archives, runtimes)


def find_java_runtimes(context: FactContext) -> tuple[JavaRuntime, ...]:
    """The runtimes, by path; ask through `context.shared`."""
    program = ProgramFinder(context).find("java").path or ""
    found = []
    for layer, path, kept in context.extracts(JavaReleaseExtractor.name):
        node = context.tree.get(path)
        if node is None or node.content_layer != layer or not isinstance(kept, list):
            continue
        folder = path.removesuffix(RELEASE_FILE).rstrip("/")
        found.append(
            JavaRuntime(
                evidence=Evidence(layer=node.layer, path=path),
                version=str(kept[0]),
                feature=int(kept[1]),
                implementor=str(kept[2]),
                path=folder,
                layer=node.layer,
                is_default=_is_home(folder, program),
            )
        )
    return tuple(sorted(found, key=lambda runtime: runtime.path))


def _iter_rows(archives: Iterable[Archive]) -> Iterator[JavaArchive]:
    """The archives as facts hold them."""
    for archive in archives:
        java = max(archive.class_major - MAJOR_OF_JAVA_1, 0)
        own = archive.artifact
        names = (own.group, own.name, own.version) if own is not None else ("", "", "")
        yield JavaArchive(archive.path, archive.layer, *names, java)
        for each in archive.carried:
            yield JavaArchive(each.path, each.layer, each.group, each.name, each.version, 0)


def _iter_duplicates(context: FactContext, archives: Iterable[Archive]) -> Iterator[DuplicateArtifact]:
    """Artifacts that one folder has in several versions, by folder and name."""
    groups: dict[tuple[str, str], list[Artifact]] = {}
    for artifact in iter_artifacts(archives):
        groups.setdefault((artifact.folder, artifact.name), []).append(artifact)
    tools = tuple(sorted({tool for tool, name in _BUILD_FILES if _has_file(context, name)}))
    locked = {
        (group, name): version
        for _, _, rows in context.extracts(GradleLockExtractor.name)
        if isinstance(rows, list)
        for group, name, version in rows
    }
    for (folder, name), members in sorted(groups.items()):
        families = {artifact.group for artifact in members if artifact.group} or {""}
        for group in sorted(families):
            fitting = {each.version: each for each in reversed(members) if each.group in (group, "")}
            if len(fitting) < 2:  # noqa: PLR2004 - one version is as it should be
                continue
            ordered = sorted(fitting.values(), key=cmp_to_key(_compare))
            yield DuplicateArtifact(
                evidence=Evidence(layer=ordered[0].layer, path=ordered[0].path),
                name=f"{group}:{name}" if group else name,
                folder=folder,
                places=tuple(ArtifactPlace(each.version, each.path, each.layer) for each in ordered),
                locked=locked.get((group, name), ""),
                build_tools=tools,
            )


def _compare(left: Artifact, right: Artifact) -> int:
    """Maven's order, then the text's."""
    mine, theirs = MavenVersion(left.version), MavenVersion(right.version)
    if mine == theirs:
        return (left.version > right.version) - (left.version < right.version)
    return -1 if mine < theirs else 1


def _has_file(context: FactContext, name: str) -> bool:
    """Whether a build file lies in the working directory, or at the top of a usual source folder."""
    working = context.image.config.runtime.working_dir.strip("/")
    return any(
        f"{folder}/{name}".strip("/") in context.tree for folder in (working, "app", "src", "build", "workspace")
    )


def _iter_mismatches(
    context: FactContext, archives: Iterable[Archive], runtimes: Sequence[JavaRuntime]
) -> Iterator[ClassVersionMismatch]:
    """The main archive, too new for the Java that the config starts, then all others, for the one on the PATH."""
    main, program = _find_main(context)
    default = [runtime for runtime in runtimes if runtime.is_default] or list(runtimes)
    usual = default[0] if len(default) == 1 else None
    started = next((runtime for runtime in runtimes if _is_home(runtime.path, program)), usual)
    for is_main, runtime in ((True, started), (False, usual)):
        chosen = [
            each
            for each in archives
            if runtime is not None
            and (each.path == main) is is_main
            and each.class_major - MAJOR_OF_JAVA_1 > runtime.feature
            and not any(each.path.startswith(f"{other.path}/") for other in runtimes)
        ]
        if runtime is None or not chosen:
            continue
        yield ClassVersionMismatch(
            evidence=Evidence(layer=chosen[0].layer, path=chosen[0].path),
            java=max(each.class_major for each in chosen) - MAJOR_OF_JAVA_1,
            runtime_feature=runtime.feature,
            runtime_version=runtime.version,
            runtime_path=runtime.path,
            is_main=is_main,
            count=len(chosen),
            paths=tuple(each.path for each in chosen[:20]),
        )


def _is_home(folder: str, program: str) -> bool:
    """Whether a `java` program belongs to a runtime."""
    return bool(program) and program.removesuffix(_JAVA_PROGRAM) in (folder, f"{folder}/jre")


def _find_main(context: FactContext) -> tuple[str, str]:
    """The archive that the config starts with `java -jar`, and the path of that `java`; empty where it does not."""
    runtime = context.image.config.runtime
    words = find_final_command((*runtime.entrypoint, *runtime.cmd))
    if not words or base_name(words[0]) != "java" or "-jar" not in words[:-1]:
        return "", ""
    node = context.tree.resolve(join_path(runtime.working_dir, words[words.index("-jar") + 1]))
    return node.path if node is not None else "", ProgramFinder(context).find(words[0]).path or ""
