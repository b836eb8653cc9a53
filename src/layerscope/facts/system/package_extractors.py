"""What the layer pass keeps of package databases: dpkg's, apk's and rpm's."""

from dataclasses import dataclass, field
from typing import Final

from layerscope.errors import FormatError
from layerscope.formats.apk_installed import parse_apk_installed
from layerscope.formats.deb_status import parse_deb_list, parse_deb_status, parse_diversions, parse_md5sums
from layerscope.formats.rpm_database import parse_rpm_database
from layerscope.formats.rpm_header import RpmPackage
from layerscope.layers.extractor import Wants

DPKG_STATUS: Final = "var/lib/dpkg/status"
DPKG_DIVERSIONS: Final = "var/lib/dpkg/diversions"
DPKG_INFO: Final = "var/lib/dpkg/info/"
DPKG_FOLDER: Final = "var/lib/dpkg/status.d/"
"""Where images without dpkg keep one paragraph a package:
https://github.com/GoogleContainerTools/distroless/blob/main/PACKAGE_METADATA.md."""

APK_INSTALLED: Final = ("lib/apk/db/installed", "usr/lib/apk/db/installed")
RPM_DATABASES: Final = tuple(
    f"{folder}/{name}"
    for folder in ("var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm")
    for name in ("rpmdb.sqlite", "Packages.db", "Packages")
)

TEXT_LIMIT: Final = 64 << 20
"""Bytes of a text database; that of 4,000 Debian packages has 6 MB."""

LIST_LIMIT: Final = 16 << 20
"""Bytes of one package's file list; the largest of Debian have 6 MB."""

RPM_LIMIT: Final = 256 << 20
"""Bytes of an rpm database; it is held whole while it is read, and those of 1,500 packages have 40 MB."""

PARAGRAPH_LIMIT: Final = 65_536
"""Bytes of one package's paragraph in `status.d`."""

SHA256_SIZE: Final = 32


def tell_too_large(size: int, limit: int) -> dict[str, object]:
    """What is kept of a file that is not read."""
    return {"problem": f"{size:,} bytes, limit {limit:,}"}


@dataclass(frozen=True)
class DpkgStatusExtractor:
    """Keeps name, version, architecture, status and source of each package."""

    name: str = "dpkg-status"
    version: int = 1
    wants: Wants = field(default=Wants(paths=frozenset({DPKG_STATUS}), limit=TEXT_LIMIT))

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """The packages' rows."""
        del path, mode
        return tell_too_large(size, TEXT_LIMIT) if size > len(content) else {"packages": _list_debian(content)}


@dataclass(frozen=True)
class DpkgFolderExtractor:
    """Keeps the same of one package's paragraph in `status.d`, and the paths of its list of checksums."""

    name: str = "dpkg-folder"
    version: int = 1
    wants: Wants = field(
        default=Wants(magics=frozenset({b"Package: "}), suffixes=frozenset({".md5sums"}), limit=PARAGRAPH_LIMIT)
    )

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """Rows, or a text of paths."""
        del size, mode
        if not path.startswith(DPKG_FOLDER):
            return None
        if path.endswith(".md5sums"):
            return "\n".join(parse_md5sums(content))
        return {"packages": _list_debian(content)}


@dataclass(frozen=True)
class DpkgListExtractor:
    """Keeps the paths that a package owns, directories left out, as one text."""

    name: str = "dpkg-lists"
    version: int = 1
    wants: Wants = field(default=Wants(suffixes=frozenset({".list"}), limit=LIST_LIMIT))

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """The paths, one a line."""
        del size, mode
        return "\n".join(parse_deb_list(content)) if path.startswith(DPKG_INFO) else None


@dataclass(frozen=True)
class DpkgDiversionExtractor:
    """Keeps path, new path and package of each diversion."""

    name: str = "dpkg-diversions"
    version: int = 1
    wants: Wants = field(default=Wants(paths=frozenset({DPKG_DIVERSIONS}), limit=LIST_LIMIT))

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """Rows of three texts."""
        del path, size, mode
        return [[each.path, each.to, each.package] for each in parse_diversions(content)]


@dataclass(frozen=True)
class ApkExtractor:
    """Keeps name, version, architecture, origin and files of each package."""

    name: str = "apk-installed"
    version: int = 1
    wants: Wants = field(default=Wants(paths=frozenset(APK_INSTALLED), limit=TEXT_LIMIT))

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """The packages' rows."""
        del path, mode
        if size > len(content):
            return tell_too_large(size, TEXT_LIMIT)
        rows = [
            [each.name, each.version, each.architecture, "", each.origin, "\n".join(each.files)]
            for each in parse_apk_installed(content)
        ]
        return {"packages": rows}


@dataclass(frozen=True)
class RpmExtractor:
    """Keeps name, version, architecture, source, files and their digests of each package."""

    name: str = "rpm-database"
    version: int = 1
    wants: Wants = field(default=Wants(paths=frozenset(RPM_DATABASES), limit=RPM_LIMIT))

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """The packages' rows, or the problem."""
        del path, mode
        if size > len(content):
            return tell_too_large(size, RPM_LIMIT)
        if not content:
            return None
        try:
            database = parse_rpm_database(content)
        except FormatError as error:
            return {"problem": str(error)}
        kept: dict[str, object] = {"packages": [_list_rpm(package) for package in database.packages]}
        if database.unread:
            kept["problem"] = f"{database.unread:,} packages could not be read: {database.problem}"
        return kept


def _list_debian(content: bytes) -> list[list[str]]:
    """Rows of what dpkg says."""
    return [
        [each.name, each.version, each.architecture, each.status, each.source] for each in parse_deb_status(content)
    ]


def _list_rpm(package: RpmPackage) -> list[object]:
    """A row of what rpm says; files are those that should be there, each with 32 bytes of digest, zeros if unknown."""
    files = [each for each in package.files if each.is_installed and not each.is_ghost and not each.is_directory]
    digests = b"".join(_pack("" if each.is_config else each.sha256) for each in files)
    paths = "\n".join(each.path for each in files)
    return [package.name, package.full_version, package.architecture, "", package.source, paths, digests]


def _pack(digest: str) -> bytes:
    """A hexadecimal digest as bytes."""
    try:
        return bytes.fromhex(digest).ljust(SHA256_SIZE, b"\0")[:SHA256_SIZE]
    except ValueError:
        return bytes(SHA256_SIZE)
