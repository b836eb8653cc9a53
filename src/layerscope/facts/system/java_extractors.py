"""What the layer pass keeps of Java archives, Java runtimes and Gradle's lock files."""

from dataclasses import dataclass, field
from typing import Final

from layerscope.errors import FormatError
from layerscope.formats.gradle_lock import parse_gradle_lock
from layerscope.formats.jar_file import JarFile, parse_jar
from layerscope.formats.java_release import parse_java_release
from layerscope.layers.extractor import FileReading, Wants

JAR_LIMIT: Final = 128 << 20
"""Bytes of an archive; its directory stands at its end, so that it is held whole for a moment. Larger ones are gaps."""

RELEASE_FILE: Final = "release"
GRADLE_LOCK: Final = "gradle.lockfile"
_SUFFIXES: Final = frozenset({".jar", ".war", ".ear"})


@dataclass
class _JarReading:
    """Holds an archive until it is there as a whole."""

    size: int
    pieces: list[bytes] = field(default_factory=list)

    def feed(self, piece: memoryview) -> None:
        """Keep the piece, unless the archive is too large."""
        if self.size <= JAR_LIMIT:
            self.pieces.append(bytes(piece))

    def finish(self) -> object:
        """What is kept of the archive, or why nothing is."""
        if self.size > JAR_LIMIT:
            return {"problem": f"{self.size:,} bytes, limit {JAR_LIMIT:,}"}
        content = b"".join(self.pieces)
        self.pieces = []
        if not content:
            return None
        try:
            return _reduce(parse_jar(content))
        except FormatError as error:
            return {"problem": str(error)}


@dataclass(frozen=True)
class JarExtractor:
    """Keeps coordinates, main class and class version of each archive."""

    name: str = "java-archives"
    version: int = 1
    wants: Wants = field(default=Wants(suffixes=_SUFFIXES))

    def open_file(self, path: str, *, size: int, mode: int) -> FileReading:
        """What holds one archive."""
        del path, mode
        return _JarReading(size)


@dataclass(frozen=True)
class JavaReleaseExtractor:
    """Keeps version, feature release and maker of a Java runtime."""

    name: str = "java-releases"
    version: int = 1
    wants: Wants = field(default=Wants(names=frozenset({RELEASE_FILE}), limit=65536))

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """The fields, or None."""
        del path, size, mode
        release = parse_java_release(content) if b"JAVA_VERSION=" in content else None
        return [release.version, release.feature, release.implementor] if release is not None else None


@dataclass(frozen=True)
class GradleLockExtractor:
    """Keeps group, name and version of what a Gradle build runs with."""

    name: str = "gradle-locks"
    version: int = 1
    wants: Wants = field(default=Wants(names=frozenset({GRADLE_LOCK}), limit=4 << 20))

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """Rows of three texts."""
        del path, size, mode
        return [[each.group, each.name, each.version] for each in parse_gradle_lock(content)]


def _reduce(jar: JarFile) -> dict[str, object]:
    """An archive as plain data, without what is empty."""
    kept: dict[str, object] = {
        "coordinates": [[each.group, each.artifact, each.version, each.origin] for each in jar.coordinates],
        "main": jar.main_class,
        "implementation": jar.implementation_version,
        "major": jar.class_major,
        "multi": jar.is_multi_release,
        "nested": list(jar.nested),
    }
    return {name: value for name, value in kept.items() if value}
