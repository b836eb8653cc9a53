"""JarFile: the Maven coordinates, the manifest and the class version of a Java archive.

https://docs.oracle.com/en/java/javase/21/docs/specs/jar/jar.html; class files: JVM specification, 4.1.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from layerscope.errors import FormatError
from layerscope.formats.zip_directory import ZipMember, iter_zip_members, read_zip_member

SMALL_FILE_LIMIT: Final = 65_536
"""Bytes of pom.properties (about 100) or of a manifest (long class paths make some thousands) that are read."""

COORDINATES_LIMIT: Final = 2000
"""Artifacts of one archive; the largest shaded jars carry some hundreds."""

CLASSES_LIMIT: Final = 100
"""Class files whose version is read where no main class is named; one archive is compiled for one release."""

NESTED_LIMIT: Final = 1000
"""Archives inside an archive that are looked into."""

NESTED_SIZE_LIMIT: Final = 64 << 20
"""Bytes of one nested archive; it is held while it is read."""

NESTED_TOTAL_LIMIT: Final = 512 << 20
"""Bytes that all nested archives of one archive may have together, so that a deflated bomb costs two seconds."""

MAJOR_OF_JAVA_1: Final = 44
"""Class files of Java N have the major version N + 44."""

_CLASS_MAGIC: Final = b"\xca\xfe\xba\xbe"
_CLASS_HEAD: Final = 8
_MANIFEST: Final = "META-INF/MANIFEST.MF"
_POM: Final = re.compile(r"META-INF/maven/[^/]+/[^/]+/pom\.properties")
_NESTED: Final = re.compile(r"(?:BOOT-INF|WEB-INF)/lib/[^/]+\.jar|lib/[^/]+\.jar")


@dataclass(frozen=True, slots=True)
class Coordinate:
    """A Maven artifact: group, artifact, version; `origin` is the nested archive that carries it, if one does."""

    group: str
    artifact: str
    version: str
    origin: str = ""


@dataclass(frozen=True, slots=True)
class JarFile:
    """One archive; `class_major` is that of its main class, or the highest found, 0 where it has no class."""

    coordinates: tuple[Coordinate, ...] = ()
    main_class: str = ""
    implementation_version: str = ""
    class_major: int = 0
    is_multi_release: bool = False
    nested: tuple[str, ...] = ()
    """Archives inside it, by path."""


def parse_jar(content: bytes) -> JarFile:
    """The archive, and the coordinates of those directly inside it; raises FormatError."""
    jar = _parse(content)
    members = {member.name: member for member in iter_zip_members(content) if _NESTED.fullmatch(member.name)}
    coordinates, left = list(jar.coordinates), NESTED_TOTAL_LIMIT
    for name, member in list(members.items())[:NESTED_LIMIT]:
        try:
            inner = read_zip_member(content, member, min(NESTED_SIZE_LIMIT, left))
            left -= len(inner)
            found = _read_coordinates(inner, list(iter_zip_members(inner)))
        except FormatError:
            continue
        coordinates += (Coordinate(each.group, each.artifact, each.version, name) for each in found)
        if left <= 0:
            break
    return JarFile(
        coordinates=tuple(coordinates[:COORDINATES_LIMIT]),
        main_class=jar.main_class,
        implementation_version=jar.implementation_version,
        class_major=jar.class_major,
        is_multi_release=jar.is_multi_release,
        nested=tuple(members)[:NESTED_LIMIT],
    )


def parse_manifest(content: bytes) -> dict[str, str]:
    """The main attributes of a manifest by their lower-case names; a line that begins with a blank goes on."""
    values: dict[str, str] = {}
    name = ""
    for line in content.decode("utf-8", "replace").splitlines():
        if not line:
            if values:
                break
            continue
        if line[0] == " ":
            if name:
                values[name] += line[1:]
            continue
        key, colon, value = line.partition(":")
        name = key.strip().lower() if colon else ""
        if name:
            values[name] = value.strip()
    return values


def parse_class_major(content: bytes) -> int:
    """The major version of a class file, 0 for what is none."""
    is_class = len(content) >= _CLASS_HEAD and content.startswith(_CLASS_MAGIC)
    return int.from_bytes(content[6:8], "big") if is_class else 0


def _parse(content: bytes) -> JarFile:
    """The archive without what is inside its archives."""
    members = list(iter_zip_members(content))
    manifest: dict[str, str] = {}
    for member in members:
        if member.name == _MANIFEST:
            manifest = parse_manifest(_read(content, member, SMALL_FILE_LIMIT))
            break
    start, main = manifest.get("start-class", ""), manifest.get("main-class", "")
    return JarFile(
        coordinates=_read_coordinates(content, members),
        main_class=main,
        implementation_version=manifest.get("implementation-version", ""),
        class_major=_find_major(content, members, (main, start)),
        is_multi_release=manifest.get("multi-release", "").lower() == "true",
    )


def _read_coordinates(content: bytes, members: Iterable[ZipMember]) -> tuple[Coordinate, ...]:
    """What pom.properties files say, in the archive's order."""
    found: list[Coordinate] = []
    for member in members:
        if _POM.fullmatch(member.name) and len(found) < COORDINATES_LIMIT:
            values = _parse_properties(_read(content, member, SMALL_FILE_LIMIT))
            group, artifact, version = (values.get(key, "") for key in ("groupId", "artifactId", "version"))
            if artifact and version:
                found.append(Coordinate(group, artifact, version))
    return tuple(found)


def _parse_properties(content: bytes) -> dict[str, str]:
    """The assignments of a properties file as Maven writes it."""
    lines = (line.strip() for line in content.decode("latin-1").splitlines())
    pairs = (line.partition("=") for line in lines if line and line[0] not in "#!")
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}


def _find_major(content: bytes, members: list[ZipMember], main: tuple[str, ...]) -> int:
    """The highest class version of the main classes, or of the first classes where none is named or there.

    Versions for newer releases (META-INF/versions) and module descriptors are loaded by those who know them only.
    """
    wanted = {f"{name.replace('.', '/')}.class" for name in main if name}
    wanted |= {f"BOOT-INF/classes/{path}" for path in wanted}
    named = [member for member in members if member.name in wanted]
    return max(
        (parse_class_major(_read(content, each, _CLASS_HEAD)) for each in named or _iter_classes(members)), default=0
    )


def _iter_classes(members: list[ZipMember]) -> Iterator[ZipMember]:
    """The first class files."""
    count = 0
    for member in members:
        name = member.name
        if name.endswith(".class") and not name.startswith("META-INF/") and not name.endswith("module-info.class"):
            yield member
            count += 1
            if count == CLASSES_LIMIT:
                return


def _read(content: bytes, member: ZipMember, limit: int) -> bytes:
    """The start of a member, nothing where it cannot be read."""
    try:
        return read_zip_member(content, member, limit)
    except FormatError:
        return b""
