"""JarFile: the Maven coordinates, the manifest and the class version of a Java archive.

https://docs.oracle.com/en/java/javase/21/docs/specs/jar/jar.html; class files: JVM specification, 4.1.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from msgspec import Struct

from layerscope.errors import FormatError
from layerscope.formats.zip_directory import ZipMember, iter_zip_members, read_zip_member

MANIFEST_LIMIT: Final = 65_536
"""Bytes of a manifest that are read; long class paths make some thousands."""

POM_LIMIT: Final = 1024
"""Bytes of a pom.properties that are read; it has about 100."""

TEXT_LIMIT: Final = 4096
"""Characters of an attribute that goes on over several lines, beyond which no more is added to it."""

NAME_LIMIT: Final = 4096
"""Characters of a nested archive's path: PATH_MAX of Linux."""

COORDINATES_LIMIT: Final = 2000
"""Artifacts of one archive; the largest shaded jars carry some hundreds."""

CLASSES_LIMIT: Final = 100
"""Class files whose version is read where no main class is named; one archive is compiled for one release."""

NESTED_LIMIT: Final = 1000
"""Archives inside an archive that are looked into."""

NESTED_SIZE_LIMIT: Final = 64 << 20
"""Bytes of one nested archive; it is held while it is read."""

NESTED_TOTAL_LIMIT: Final = 256 << 20
"""Bytes that all nested archives of one archive may have together, so that a deflated bomb costs a second."""

READS_LIMIT: Final = 4000
"""Members that are inflated of one archive and those inside it: many names can point to the same bytes."""

TOTAL_MEMBERS_LIMIT: Final = 500_000
"""Members of one archive and those inside it together; the largest have 150,000."""

MAJOR_OF_JAVA_1: Final = 44
"""Class files of Java N have the major version N + 44."""

_CLASS_MAGIC: Final = b"\xca\xfe\xba\xbe"
_CLASS_HEAD: Final = 8
_MANIFEST: Final = "META-INF/MANIFEST.MF"
_POM: Final = re.compile(r"META-INF/maven/[^/]+/[^/]+/pom\.properties")
_NESTED: Final = re.compile(r"(?:BOOT-INF|WEB-INF)/lib/[^/]+\.jar|lib/[^/]+\.jar")


class Coordinate(Struct, frozen=True):
    """A Maven artifact: group, artifact, version; `origin` is the nested archive that carries it, if one does."""

    group: str
    artifact: str
    version: str
    origin: str = ""


class JarFile(Struct, frozen=True):
    """One archive; `class_major` is that of its main class, or the highest found, 0 where it has no class."""

    coordinates: tuple[Coordinate, ...] = ()
    main_class: str = ""
    implementation_version: str = ""
    class_major: int = 0
    is_multi_release: bool = False
    nested: tuple[str, ...] = ()
    """Archives inside it, by path."""


class _Archive:
    """An archive while it is read, within a budget that it shares with those inside it."""

    def __init__(self, content: bytes, budget: dict[str, int]) -> None:
        """List the members."""
        self.content, self.budget = content, budget
        self.members = list(islice(iter_zip_members(content), budget["members"]))
        budget["members"] -= len(self.members)

    def read(self, member: ZipMember, limit: int) -> bytes:
        """The start of a member, nothing where it cannot be read or the budget is used up."""
        if self.budget["reads"] <= 0:
            return b""
        self.budget["reads"] -= 1
        try:
            return read_zip_member(self.content, member, limit)
        except FormatError:
            return b""


def parse_jar(content: bytes) -> JarFile:
    """The archive, and the coordinates of those directly inside it; raises FormatError."""
    budget = {"members": TOTAL_MEMBERS_LIMIT, "reads": READS_LIMIT}
    archive = _Archive(content, budget)
    manifest = _read_manifest(archive)
    main = manifest.get("main-class", "")
    nested = list(islice(filter(_is_nested, archive.members), NESTED_LIMIT))
    coordinates = list(islice(_iter_coordinates(archive), COORDINATES_LIMIT))
    major = _find_major(archive, (main, manifest.get("start-class", "")))
    left = NESTED_TOTAL_LIMIT
    for member in nested:
        inner = archive.read(member, min(NESTED_SIZE_LIMIT, left))
        left -= len(inner)
        try:
            found = islice(_iter_coordinates(_Archive(inner, budget)), COORDINATES_LIMIT - len(coordinates))
            coordinates += [Coordinate(each.group, each.artifact, each.version, member.name) for each in found]
        except FormatError:
            continue
    return JarFile(
        coordinates=tuple(coordinates),
        main_class=main,
        implementation_version=manifest.get("implementation-version", ""),
        class_major=major,
        is_multi_release=manifest.get("multi-release", "").lower() == "true",
        nested=tuple(member.name for member in nested),
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
            if name and len(values[name]) < TEXT_LIMIT:
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


def _read_manifest(archive: _Archive) -> dict[str, str]:
    """The main attributes of an archive's manifest."""
    found = next((member for member in archive.members if member.name == _MANIFEST), None)
    return parse_manifest(archive.read(found, MANIFEST_LIMIT)) if found is not None else {}


def _iter_coordinates(archive: _Archive) -> Iterator[Coordinate]:
    """What pom.properties files say, in the archive's order."""
    for member in archive.members:
        if _POM.fullmatch(member.name):
            values = _parse_properties(archive.read(member, POM_LIMIT))
            group, artifact, version = (values.get(key, "") for key in ("groupId", "artifactId", "version"))
            if artifact and version:
                yield Coordinate(group, artifact, version)


def _parse_properties(content: bytes) -> dict[str, str]:
    """The assignments of a properties file as Maven writes it."""
    lines = (line.strip() for line in content.decode("latin-1").splitlines())
    pairs = (line.partition("=") for line in lines if line and line[0] not in "#!")
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}


def _find_major(archive: _Archive, main: tuple[str, ...]) -> int:
    """The highest class version of the main classes, or of the first classes where none is named or there.

    Versions for newer releases (META-INF/versions) and module descriptors are loaded by those who know them only.
    """
    wanted = {f"{name.replace('.', '/')}.class" for name in main if name}
    wanted |= {f"BOOT-INF/classes/{path}" for path in wanted}
    named = [member for member in archive.members if member.name in wanted]
    classes = named or list(islice(filter(_is_class, archive.members), CLASSES_LIMIT))
    return max((parse_class_major(archive.read(each, _CLASS_HEAD)) for each in classes), default=0)


def _is_nested(member: ZipMember) -> bool:
    """Whether a member is an archive that is loaded with the one around it."""
    return len(member.name) <= NAME_LIMIT and _NESTED.fullmatch(member.name) is not None


def _is_class(member: ZipMember) -> bool:
    """Whether a member is a class that every Java loads."""
    name = member.name
    return name.endswith(".class") and not name.startswith("META-INF/") and not name.endswith("module-info.class")
